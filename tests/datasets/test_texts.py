"""Images grouped by what is written in them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.settings import DatasetSettings
from customlabels.core.text_groups import groups_in, text_pattern
from customlabels.core.watching import UNWATCHED
from customlabels.datasets.model import Dataset, ImageInfo, ImageRecord, Side
from customlabels.datasets.split import split
from customlabels.datasets.texts import read_texts
from customlabels.pipelines.training.sources import group_of


def line(name: str, *seen: tuple[str, float], refusal: str | None = None) -> str:
    things = [{"label": text, "confidence": confidence, "box": None} for text, confidence in seen]
    text = {"version": "3.0", "seen": things, "figures": {}, "refusal": refusal}
    return json.dumps({"name": name, "labels": [], "error": None, "beside": {"text": text}}) + "\n"


def dataset(*names: str) -> Dataset:
    info = ImageInfo(100, 100, "JPEG", 1)
    return Dataset(Path("photos"), tuple(ImageRecord(name, Path(name), (name[0],), info) for name in names))


@pytest.mark.parametrize(
    ("pattern", "lines", "groups"),
    [
        (r"LOT (\d+)", ["OK", "LOT 17", "LOT 17", "LOT 4"], ["17", "4"]),
        (r"[A-Z]\d+", ["x A1 B2"], ["A1"]),
        (r"LOT(?: (\d+))?", ["LOT"], [""]),
        ("nothing", ["LOT 17"], []),
        ("LOT", [], []),
    ],
)
def test_a_group_is_what_the_pattern_finds_in_the_lines(pattern: str, lines: list[str], groups: list[str]) -> None:
    compiled = text_pattern(f"text:{pattern}")
    assert compiled is not None
    assert groups_in(lines, compiled) == groups


@pytest.mark.parametrize("given", ["text:", "text:(", "text:[a"])
def test_a_pattern_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="has no regular expression after text:"):
        text_pattern(given)


def test_another_group_by_is_none_of_texts() -> None:
    assert text_pattern(None) is text_pattern("near-duplicates") is text_pattern("a text:b") is None


LOTS = st.lists(st.integers(0, 6), min_size=12, max_size=40)


@given(LOTS, st.integers(0, 5))
def test_no_split_ever_divides_a_lot(tmp_path_factory: pytest.TempPathFactory, lots: list[int], seed: int) -> None:
    path = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    names = [f"{'ab'[number % 2]}/{number}.jpg" for number in range(len(lots))]
    path.write_text("".join(line(name, (f"LOT {lot}", 99.0)) for name, lot in zip(names, lots, strict=True)))
    records = dataset(*names)
    group = group_of(DatasetSettings(group_by=r"text:LOT (\d+)", texts=str(path)), records, UNWATCHED)
    try:
        divided = split(records, fraction=0.3, seed=seed, group=group)
    except LayoutError:
        return
    sides = {side: {lots[names.index(record.name)] for record in divided.side(side)} for side in Side}
    assert not sides[Side.TRAIN] & sides[Side.TEST]


def test_of_several_lots_the_surest_counts_and_an_image_without_is_a_group_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(line("a.jpg", ("LOT 4", 60.0), ("LOT 17", 99.0)) + line("b.jpg", ("OK", 99.0)))
    told: list[str] = []

    class Told(type(UNWATCHED)):  # type: ignore[misc] # its class has no name of its own outside
        def note(self, sentence: str) -> None:
            told.append(sentence)

    records = dataset("a.jpg", "b.jpg")
    group = group_of(DatasetSettings(group_by=r"text:LOT (\d+)", texts=str(path)), records, Told())
    assert [group(record) for record in records.records] == ["group 17", "b.jpg"]
    assert told == [
        "1 of 2 images: shows no such text, and is a group by itself: b.jpg …",
        "1 of 2 images: shows several such texts, of which the surest counts: a.jpg …",
    ]


def test_images_without_a_text_are_named_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(line("a.jpg") + line("b.jpg", refusal="ImageTooLargeException: too large"))
    with pytest.raises(LayoutError) as error:
        group_of(DatasetSettings(group_by="text:x", texts=str(path)), dataset("a.jpg", "b.jpg", "c.jpg"), UNWATCHED)
    assert error.value.message == f"{path}: lacks 2 of 3 images"
    assert list(error.value.details) == [
        "b.jpg: its text could not be read: ImageTooLargeException: too large",
        f"c.jpg: {path} does not tell its text",
    ]


@pytest.mark.parametrize("body", ["hello\n", "{}\n", '{"name": "a.jpg", "beside": null}\n', "[]\n", '{"name": 1}\n'])
def test_what_tells_no_texts_is_named_with_its_line(tmp_path: Path, body: str) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(line("a.jpg") + body)
    with pytest.raises(LayoutError, match="line 2: tells no text of an image"):
        read_texts(path)
    with pytest.raises(LayoutError, match="cannot be read"):
        read_texts(tmp_path / "gone.jsonl")


@pytest.mark.parametrize("given", [{"group_by": "text:x"}, {"texts": "t.jsonl"}, {"group_by": "x", "texts": "t.jsonl"}])
def test_texts_and_their_pattern_go_together(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="each with the other"):
        group_of(DatasetSettings(**given), dataset("a.jpg"), UNWATCHED)

"""What holds for labels and boxes of every format once they are read."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.drawing import drawn

from customlabels.datasets.layout import Annotated, Layout, Options
from customlabels.datasets.model import Box, Dataset
from customlabels.datasets.reading import ELSEWHERE, UNTURNED, Policy, labelled, make_dataset

BLANKS = st.text(" \t\u00a0\u3000", max_size=2)
WORDS = st.text("ab é", min_size=1).map(str.strip).filter(bool)
PARTS = st.tuples(BLANKS, WORDS, BLANKS)
BOX = Box("crack", 5.0, 5.0, 20.0, 20.0)


@given(
    st.lists(PARTS, max_size=3, unique_by=lambda part: part[1]), st.dictionaries(WORDS, WORDS | st.just(""), max_size=3)
)
def test_blanks_around_labels_make_no_others(parts: list[tuple[str, str, str]], label_map: dict[str, str]) -> None:
    written = tuple("".join(part) for part in parts)
    bare = tuple(word for _, word, _ in parts)

    def both(labels: tuple[str, ...]) -> Annotated:
        return Annotated("a", "a", labels, tuple(Box(label, 0, 0, 9, 9) for label in labels))

    assert labelled(both(written), label_map) == labelled(both(bare), label_map)
    assert labelled(labelled(both(written), None), None) == labelled(both(written), None)


def test_an_empty_label_is_no_label_that_a_map_leaves_out() -> None:
    image = labelled(Annotated("a", "a", ("", "ok")), {"ok": "good"})
    assert image.labels == ("", "good")


def dataset_of(root: Path, *images: Annotated) -> Dataset:
    return make_dataset(Layout(root.resolve(), images), Options(), Policy())


def messages(dataset: Dataset) -> list[str]:
    return [finding.message for finding in dataset.findings]


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("crack", "Crack ", "case or blanks"),
        ("deep scratch", "deep_scratch", "case, blanks or dashes"),
        ("deep-scratch", "Deep scratch", "case, blanks or dashes"),
        (unicodedata.normalize("NFC", "rayé"), unicodedata.normalize("NFD", "rayé"), "characters"),
        ("crack", "crack\u200b", "characters"),
        ("crack", "\ufeffcrack", "characters"),
        ("NG", "ＮＧ", "characters"),
    ],
)
def test_labels_that_look_alike_are_named(tmp_path: Path, first: str, second: str, why: str) -> None:
    for name in ("a.jpg", "b.jpg"):
        drawn(0, 0, 64).save(tmp_path / name)
    both = dataset_of(tmp_path, Annotated("a.jpg", "1", (first,)), Annotated("b.jpg", "2", (second,)))
    if first == second.strip().casefold():
        assert not messages(both) or "differ in" in messages(both)[0]
    else:
        assert any(f"differ in {why}" in message for message in messages(both))


@pytest.mark.parametrize(("first", "second"), [("-1", "1"), ("a", "b"), ("1-2", "12")])
def test_labels_that_do_not_look_alike_are_not(tmp_path: Path, first: str, second: str) -> None:
    for name in ("a.jpg", "b.jpg"):
        drawn(0, 0, 64).save(tmp_path / name)
    both = dataset_of(tmp_path, Annotated("a.jpg", "1", (first,)), Annotated("b.jpg", "2", (second,)))
    assert messages(both) == []


@pytest.mark.parametrize("label", ["['crack', 'pit']", '["crack"]', '("crack", "pit")', '{"crack"}'])
def test_a_label_that_looks_like_a_list_is_named(tmp_path: Path, label: str) -> None:
    drawn(0, 0, 64).save(tmp_path / "a.jpg")
    assert messages(dataset_of(tmp_path, Annotated("a.jpg", "1", (label,)))) == [
        f"{label!r} looks like a list and is taken for one label"
    ]


def turned_image(path: Path, orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    drawn(0, 0, max(size)).crop((0, 0, *size)).save(path, exif=exif)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(120, 80), (100, 100)])
@pytest.mark.parametrize("stated", ["stored", "shown", None])
def test_where_nothing_tells_whether_boxes_were_turned_that_is_said(
    tmp_path: Path, orientation: int, size: tuple[int, int], stated: str | None
) -> None:
    turned_image(tmp_path / "a.jpg", orientation, size)
    across = orientation >= 5
    shown = size[::-1] if across else size
    given_size = {"stored": size, "shown": shown, None: None}[stated]
    dataset = dataset_of(tmp_path, Annotated("a.jpg", "1", (), (BOX,), size=given_size))
    tells = orientation == 1 or (across and size[0] != size[1] and stated is not None)
    assert (UNTURNED in messages(dataset)) is not tells
    assert any("turned along" in message for message in messages(dataset)) is (tells and across and stated == "stored")


def test_boxes_in_one_place_are_told_and_used(tmp_path: Path) -> None:
    drawn(0, 0, 64).save(tmp_path / "a.jpg")
    other = Box("dent", *BOX.corners[:2], 20.0, 20.0)
    dataset = dataset_of(tmp_path, Annotated("a.jpg", "1", (), (BOX, BOX, other)))
    assert len(dataset.records[0].boxes or ()) == 3
    assert [message.partition(":")[0] for message in messages(dataset)] == [
        "has the same box twice, of the same label",
        "has boxes of several labels in the same place",
    ]


def test_images_that_are_found_by_their_names_alone_are_counted(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / "hall2").mkdir(exist_ok=True)
        drawn(0, number, 64).save(tmp_path / f"hall2/{number}.jpg")
    images = [Annotated(f"batch1/{number}.jpg", f"row {number}", ("ok",)) for number in range(12)]
    (finding,) = dataset_of(tmp_path, *images).findings
    assert (finding.message, finding.count, finding.fatal) == (ELSEWHERE, 12, False)

"""A run goes on where it was, whatever the names of images are, as CSV, safe CSV and JSON lines."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import LayoutError
from customlabels.pipelines.service.detection import DetectedLabel, Detection
from customlabels.pipelines.service.detection_files import Run, detection_file, read_detections, read_kept

RUN = Run("photos", "v1", None)
NAMES = st.lists(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("\n\r\"'=,\udcff\x85\u2028"), min_size=1
    ),
    min_size=2,
    unique=True,
)


def write(path: Path, names: Sequence[str], *, safe: bool) -> None:
    kept = read_kept(path, RUN, safe=safe)
    with detection_file(path, kept, RUN, safe=safe) as file:
        for name in names:
            if name not in kept.done:
                file.write(Detection(name, (DetectedLabel("-crack", 90.5, None),), None))


@given(NAMES, st.sampled_from(["found.csv", "found.jsonl"]), st.booleans())
def test_images_that_are_in_the_file_are_not_looked_at_again(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], file: str, safe: bool
) -> None:
    path = tmp_path_factory.mktemp("detections") / file
    write(path, names[:-1], safe=safe)
    # The last image of a CSV may lack rows.
    least = set(names[:-2]) if path.suffix == ".csv" else set(names[:-1])
    assert read_kept(path, RUN, safe=safe).done == least
    write(path, names, safe=safe)
    assert read_kept(path, RUN, safe=safe).done >= set(names[:-1])


@given(NAMES, st.data(), st.sampled_from(["found.csv", "found.jsonl"]), st.booleans())
def test_an_image_whose_content_is_another_by_now_is_looked_at_anew(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], data: st.DataObject, file: str, safe: bool
) -> None:
    path = tmp_path_factory.mktemp("contents") / file
    before = {name: f"{number}:5" for number, name in enumerate(names)}
    with detection_file(path, read_kept(path, RUN, safe=safe), RUN, safe=safe, contents=before) as grown:
        for name in [*names, "the last, whose rows may lack some"]:
            grown.write(Detection(name, (DetectedLabel("crack", 90.5, None), DetectedLabel("dent", 80, None))))
    changed = data.draw(st.sets(st.sampled_from(names)))
    now = {name: f"{content} anew" if name in changed else content for name, content in before.items()}
    kept = read_kept(path, RUN, safe=safe, contents=now)
    assert (kept.changed, kept.done & set(names)) == (changed, set(names) - changed)
    # Nothing is left of what was seen in those that lay there before.
    with detection_file(path, kept, RUN, safe=safe, contents=now) as grown:
        for name in changed:
            grown.write(Detection(name, ()))
    by_name = {detection.name: detection.labels for detection in read_detections(path, RUN, safe=safe)}
    assert {name for name in names if not by_name[name]} == changed


def test_an_image_of_which_nobody_noted_what_it_was_is_looked_at_anew(tmp_path: Path) -> None:
    path = tmp_path / "found.jsonl"
    write(path, ["a.jpg", "frame"], safe=False)
    kept = read_kept(path, RUN, contents={"a.jpg": "0f:5"})
    assert (kept.done, kept.changed) == ({"frame"}, {"a.jpg"})


@given(st.text(st.sampled_from("=+-@\t'a\n"), min_size=1))
def test_a_spreadsheet_runs_no_cell_of_a_safe_csv(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    path = tmp_path_factory.mktemp("safe") / "found.csv"
    write(path, [name], safe=True)
    with path.open(newline="") as file:
        _, row = csv.reader(file)
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert row[0].removeprefix("'") == name.removeprefix("'") or row[0] == f"'{name}"


def test_a_row_that_was_cut_off_within_a_name_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    write(path, ["a\nb", "c\nd", "e"], safe=False)
    path.write_bytes(path.read_bytes().partition(b'"c\n')[0] + b'"c\nd,')
    assert read_kept(path, RUN).done == set()
    write(path, ["a\nb", "c\nd", "e"], safe=False)
    assert read_kept(path, RUN).done == {"a\nb", "c\nd"}


@pytest.mark.parametrize("safe", [True, False])
def test_a_file_is_safe_as_a_whole_or_not_at_all(tmp_path: Path, safe: bool) -> None:
    write(tmp_path / "found.csv", ["a"], safe=safe)
    with pytest.raises(LayoutError, match="--safe-csv"):
        read_kept(tmp_path / "found.csv", RUN, safe=not safe)


@pytest.mark.parametrize("name", ["found.xlsx", "found.parquet", "folder", "/dev/full"])
def test_what_is_no_file_of_lines_is_neither_read_nor_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(LayoutError, match=r"is no file|written as JSON lines, or as CSV"):
        read_kept(tmp_path / name, RUN)


DETECTIONS = st.lists(
    st.builds(
        Detection,
        st.text("ab\n,'=", min_size=1),
        st.lists(
            st.builds(
                DetectedLabel,
                st.text("xy=,'", min_size=1),
                st.integers(0, 1_000_000).map(lambda number: number / 10_000),
                st.none() | st.just((0.25, 0.5, 0.125, 0.0625)),
            ),
            max_size=3,
        ).map(tuple),
    ),
    min_size=1,
    unique_by=lambda detection: detection.name,
)


@given(DETECTIONS, st.sampled_from(["found.csv", "found.jsonl"]), st.booleans())
def test_what_was_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, detections: list[Detection], file: str, safe: bool
) -> None:
    path = tmp_path_factory.mktemp("kept") / file
    other = Run("elsewhere", "v1", None)
    for run, seen in ((other, Detection("from elsewhere", ())), *((RUN, detection) for detection in detections)):
        kept = read_kept(path, run, safe=safe)
        with detection_file(path, kept, run, safe=safe) as grown:
            grown.write(seen)
    kept = read_kept(path, RUN, safe=safe)
    with detection_file(path, kept, RUN, safe=safe):
        again = [*read_detections(path, RUN, safe=safe)]
    assert {detection.name for detection in again} == kept.done
    assert again == [detection for detection in detections if detection.name in kept.done]


def test_what_analyzers_saw_is_kept_and_done_again_where_one_could_not_look(tmp_path: Path) -> None:
    path = tmp_path / "found.jsonl"
    seen = {"text": {"version": "3.0", "seen": [], "figures": {}, "refusal": None}}
    refused = {"text": {"version": "", "seen": [], "figures": {}, "refusal": "somebody else is looking at it"}}
    with detection_file(path, read_kept(path, RUN, beside=["text"]), RUN) as file:
        file.write(Detection("a", (), beside=seen))
        file.write(Detection("b", (), beside=refused))
    assert read_kept(path, RUN, beside=["text"]).done == {"a"}
    for other in ([], ["labels"], ["text", "labels"]):
        with pytest.raises(LayoutError, match="holds what text saw beside the version"):
            read_kept(path, RUN, beside=other)
    write(tmp_path / "plain.jsonl", ["a", "b"], safe=False)
    with pytest.raises(LayoutError, match="holds what no analyzer saw beside the version"):
        read_kept(tmp_path / "plain.jsonl", RUN, beside=["text"])

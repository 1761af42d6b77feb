"""What is written in a format and read again is the dataset that it was."""

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.drawing import drawn

from customlabels.datasets.conversion import convert
from customlabels.datasets.files import SYSTEM_FOLDERS
from customlabels.datasets.headers import header
from customlabels.datasets.layout import SUBSETS, Options
from customlabels.datasets.model import Box, Dataset, ImageRecord, Side
from customlabels.datasets.reading import Policy
from customlabels.datasets.structure import is_structure
from customlabels.manifests.formats import FORMATS, load_dataset

WIDTH, HEIGHT = 120, 90
KEEP = Policy(allow_unlabelled=True)

# Printable, no blanks at the ends, nothing that separates labels: what every format has a place for.
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="|;/\\=,"), min_size=1, max_size=12
).filter(lambda text: text.strip() == text and text[0] not in ".@")


@st.composite
def boxes(draw: st.DrawFn, labels: list[str], whole: bool = False) -> Box:
    number = st.integers if whole else st.floats
    left, top = draw(number(0, WIDTH - 12)), draw(number(0, HEIGHT - 12))
    width, height = draw(number(2, 10)), draw(number(2, 10))
    return Box(draw(st.sampled_from(labels)), float(left), float(top), float(width), float(height))


@st.composite
def marked(draw: st.DrawFn, *, whole: bool = False, image_level: bool = True) -> list[dict[str, object]]:
    """Labels, boxes and side of a few images."""
    labels = draw(st.lists(names, min_size=1, max_size=3, unique_by=str.casefold))
    sides = draw(st.sampled_from([[None], list(Side)]))
    found = []
    for _ in range(draw(st.integers(1, 4))):
        on_it = draw(st.lists(st.sampled_from(labels), max_size=2, unique=True)) if image_level else []
        located = draw(st.lists(boxes(labels, whole), max_size=3))
        found.append({"labels": tuple(on_it), "boxes": tuple(located), "side": draw(st.sampled_from(sides))})
    if not any(one["labels"] or one["boxes"] for one in found):
        found[0]["boxes"] = (Box(labels[0], 10, 10, 5, 5),)
    return found


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for number, name in enumerate(["a.jpg", "deep/er/b.png", "c d%20+é.jpg", "Ü'x.jpeg"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        drawn(0, number, WIDTH).crop((0, 0, WIDTH, HEIGHT)).save(folder / name)
    return folder


def dataset(folder: Path, described: list[dict[str, object]]) -> Dataset:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    records = [
        ImageRecord(path.relative_to(folder).as_posix(), path, info=header(path), **one)  # type: ignore[arg-type]
        for path, one in zip(paths, described, strict=False)
    ]
    return Dataset(folder, tuple(records))


def content(record: ImageRecord) -> tuple[object, ...]:
    located = sorted((box.label, *box.corners) for box in record.boxes or ())
    return record.labels, [label for label, *_ in located], record.side, record.path.read_bytes()


def corners(record: ImageRecord) -> list[float]:
    """In the order of the boxes, which every format keeps."""
    return [number for box in record.boxes or () for number in box.corners]


TAKEN: dict[str, set[str]] = {"supervisely": set(SUBSETS), "kitti": {"dontcare"}}
"""Words that a format has for something else; it refuses labels that are called so."""


def check(format: str, given_one: Dataset) -> None:
    labels = {label.lower() for record in given_one.records for label in record.all_labels}
    assume(labels.isdisjoint(TAKEN.get(format, ())))
    with tempfile.TemporaryDirectory() as folder:
        written, changes = convert(given_one, FORMATS[format], Path(folder) / "out")
        assert not changes
        assert written.findings == given_one.findings
        read = load_dataset(Path(folder) / "out", format, Options(), KEEP)
        assert [one.name for one in read.records] == [one.name for one in written.records]
        faults = [finding for finding in read.findings if finding.fatal]
        assert not faults
        for before, after in zip(written.records, read.records, strict=True):
            assert content(after) == content(before)
            assert corners(after) == pytest.approx(corners(before), abs=1e-5)
        assert find_again(Path(folder) / "out") == format


def find_again(folder: Path) -> str:
    from customlabels.manifests.formats import AUTO, find_format

    return find_format(AUTO, folder, Options()).name


slow = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    "format", ["csv", "coco", "cvat", "label-studio", "via", "createml", "vertex", "hugging-face", "supervisely"]
)
@given(described=marked())
@slow
def test_labels_boxes_and_sides(images: Path, format: str, described: list[dict[str, object]]) -> None:
    check(format, dataset(images, described))


@given(described=marked())
@slow
def test_labelme_whose_flags_are_labels(images: Path, described: list[dict[str, object]]) -> None:
    check("labelme", dataset(images, described))


@given(described=marked(whole=True))
@slow
def test_manifests_whose_boxes_are_whole_pixels(images: Path, described: list[dict[str, object]]) -> None:
    check("manifest", dataset(images, described))


@pytest.mark.parametrize("format", ["voc", "yolo", "kitti"])
@given(described=marked(image_level=False))
@slow
def test_boxes_alone(images: Path, format: str, described: list[dict[str, object]]) -> None:
    check(format, dataset(images, described))


@given(described=marked(whole=True, image_level=False))
@slow
def test_masks_of_boxes_that_do_not_touch(images: Path, described: list[dict[str, object]]) -> None:
    apart = [one | {"boxes": tuple(one["boxes"])[:1]} for one in described]  # type: ignore[arg-type]
    large = [
        one
        | {
            "boxes": tuple(
                msgspec.structs.replace(box, width=box.width + 2, height=box.height + 2) for box in one["boxes"]
            )
        }
        for one in apart
    ]  # type: ignore[attr-defined]
    check("masks", dataset(images, large))


folders = names.filter(lambda text: text.lower() not in SYSTEM_FOLDERS | SUBSETS.keys() and not is_structure(text))


@given(labels=st.lists(folders, min_size=4, max_size=4), sided=st.booleans())
@slow
def test_a_folder_a_label(images: Path, labels: list[str], sided: bool) -> None:
    described = [
        {"labels": (label,), "side": (Side.TEST if place % 2 else Side.TRAIN) if sided else None}
        for place, label in enumerate(labels)
    ]
    check("folder", dataset(images, described))

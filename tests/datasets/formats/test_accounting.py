"""Nothing of a source goes lost: files and annotations in are read, or left out and named, or faults.

A format joins with one entry in FORMATS: how marks on images are written in it, and which kinds of marks it has.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from support import annotated_files, tool_files
from support.drawing import drawn

from customlabels.core.errors import LayoutError
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Finding, ImageRecord
from customlabels.datasets.reading import Policy
from customlabels.manifests.formats import FORMATS as READERS
from customlabels.manifests.formats import load_dataset

SIDE = 96
VALID, FAULTY, FOREIGN = "valid", "faulty", "foreign"
Marks = dict[str, list[str]]
"""The image's name, without folders and ending, to what marks it: kinds of annotations, in the order of the file."""


@dataclass(frozen=True)
class Written:
    """How a format is written for these tests.

    Parameters
    ----------
    write : writes the images and their annotations to an empty folder; the source that is then to be read
    kinds : what it can say: FAULTY is an annotation that cannot be used, FOREIGN one that is left out on purpose
    """

    write: Callable[[Path, Marks], Path]
    kinds: tuple[str, ...] = (VALID, FAULTY, FOREIGN)


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(0, sum(path.stem.encode()), SIDE).save(path)


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def write_yolo(folder: Path, marks: Marks) -> Path:
    rows = {VALID: "0 0.5 0.5 0.25 0.25", FAULTY: "7 0.5 0.5 0.25 0.25"}
    for name, kinds in marks.items():
        image(folder / f"images/{name}.png")
        text(folder / f"labels/{name}.txt", "".join(f"{rows[kind]}\n" for kind in kinds))
    text(folder / "data.yaml", "train: images\nnames: [crack]\n")
    return folder


def write_voc(folder: Path, marks: Marks) -> Path:
    box = "<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>30</xmax><ymax>50</ymax></bndbox>"
    objects = {VALID: f"<name>crack</name>{box}", FAULTY: "<name>crack</name>"}
    for name, kinds in marks.items():
        image(folder / f"JPEGImages/{name}.png")
        marked = "".join(f"<object>{objects[kind]}</object>" for kind in kinds)
        text(folder / f"Annotations/{name}.xml", f"<annotation><filename>{name}.png</filename>{marked}</annotation>")
    return folder


def write_masks(folder: Path, marks: Marks) -> Path:
    """A folder of masks an image: with a spot, with one too small, or damaged; and one that is empty, of an image."""
    for name, kinds in {**marks, "zero": []}.items():
        image(folder / f"{name}.png")
        for number, kind in enumerate(kinds):
            side = {VALID: 12, FAULTY: 12, FOREIGN: 2}[kind]
            path = folder / f"ground_truth/{name}/{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.pad(np.full((side, side), 255, np.uint8), ((10, SIDE - 10 - side),) * 2)).save(path)
            if kind == FAULTY:
                path.write_bytes(path.read_bytes()[:40])
    empty = folder / "ground_truth/zero/0.png"
    empty.parent.mkdir(parents=True)
    Image.fromarray(np.zeros((SIDE, SIDE), np.uint8)).save(empty)
    return folder


FORMATS = {
    "coco": Written(annotated_files.write_coco),
    "cvat": Written(annotated_files.write_cvat),
    "label-studio": Written(annotated_files.write_label_studio),
    "labelme": Written(annotated_files.write_labelme),
    "manifest": Written(annotated_files.write_manifest),
    "masks": Written(write_masks),
    "yolo": Written(write_yolo, (VALID, FAULTY)),
    "voc": Written(write_voc, (VALID, FAULTY)),
    "csv": Written(tool_files.write_csv, (VALID, FAULTY)),
    "via": Written(tool_files.write_via),
    "createml": Written(tool_files.write_createml, (VALID, FAULTY)),
    "vertex": Written(tool_files.write_vertex),
    "labelbox": Written(tool_files.write_labelbox),
    "custom-vision": Written(tool_files.write_custom_vision, (VALID, FAULTY)),
    "hugging-face": Written(tool_files.write_hugging_face, (VALID, FAULTY)),
    "supervisely": Written(tool_files.write_supervisely),
    "kitti": Written(tool_files.write_kitti),
}

names = st.text("abcdefgh", min_size=1, max_size=3)
OF_FILES = ("no file of this format", "a hidden or system file", "an image that no annotation names")
STRAYS = ["notes.md", "deep/er/readme.rst", "Thumbs.db", "docs/report.pdf"]
law = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def mixtures(kinds: tuple[str, ...]) -> st.SearchStrategy[Marks]:
    return st.dictionaries(names, st.lists(st.sampled_from(kinds), max_size=4), min_size=1, max_size=5)


def in_folder(format: str, marks: Marks, strays: list[str], check: Callable[[Path, Path], None]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        source = FORMATS[format].write(folder, marks)
        for stray in strays:
            text(folder / stray, "x")
        check(folder, source)


@pytest.mark.parametrize("format", FORMATS)
@given(data=st.data())
@law
def test_every_annotation_is_read_or_left_out_or_a_fault(format: str, data: st.DataObject) -> None:
    marks = data.draw(mixtures(FORMATS[format].kinds))

    def check(_: Path, source: Path) -> None:
        layout = READERS[format].read(source, Options())
        images = list(layout.images)
        read = sum(len(image.labels) + len(image.boxes or ()) for image in images)
        left_out = sum(len(image.left_out) for image in images)
        faults = sum(len(image.faults) for image in images)
        counts = {kind: sum(kinds.count(kind) for kinds in marks.values()) for kind in (VALID, FOREIGN, FAULTY)}
        assert {VALID: read, FOREIGN: left_out, FAULTY: faults} == counts
        assert not [finding for finding in layout.findings if finding.fatal]

    in_folder(format, marks, [], check)


@pytest.mark.parametrize("format", FORMATS)
@given(data=st.data())
@law
def test_an_image_is_used_whole_or_not_at_all(format: str, data: st.DataObject) -> None:
    marks = data.draw(mixtures(FORMATS[format].kinds))

    def check(_: Path, source: Path) -> None:
        records, findings = loaded(source, format, Policy())
        used = {name for name, kinds in marks.items() if VALID in kinds and FAULTY not in kinds}
        assert {Path(record.name).stem for record in records} == used
        for record in records:
            kinds = marks[Path(record.name).stem]
            assert len(record.labels) + len(record.boxes or ()) == kinds.count(VALID)
        for name in marks.keys() - used:
            # The sentences on an image begin with its name or that of its file, or hold it.
            said = [finding for finding in findings if mentions(finding, name)]
            assert said, (name, findings)
            assert any(finding.fatal for finding in said) or FAULTY not in marks[name]
            assert not marks[name] or not any("nothing is on it" in finding.message for finding in said)

    in_folder(format, marks, [], check)


@pytest.mark.parametrize("format", FORMATS)
@given(data=st.data(), strays=st.lists(st.sampled_from(STRAYS), unique=True))
@law
def test_every_file_is_an_image_or_annotations_or_named(format: str, data: st.DataObject, strays: list[str]) -> None:
    marks = {"whole": [VALID], **data.draw(mixtures(FORMATS[format].kinds))}
    marks["whole"] = [VALID]

    def check(folder: Path, source: Path) -> None:
        _, findings = loaded(source, format, Policy(allow_unlabelled=True))
        named = {finding.name for finding in findings if finding.message.startswith(OF_FILES)}
        if source.is_dir():
            assert {name for name in strays if name not in named} == set()
            files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix != ".png"}
            assert named & files == set(strays)

    in_folder(format, marks, strays, check)


def mentions(finding: Finding, name: str) -> bool:
    said = f"{finding.name} {finding.message}"
    return any(f"{before}{name}." in f" {said}" for before in (" ", "/", "'"))


def loaded(source: Path, format: str, policy: Policy) -> tuple[tuple[ImageRecord, ...], tuple[Finding, ...]]:
    """Images and findings; where no image can be used, the findings out of the refusal."""
    try:
        dataset = load_dataset(source, format, Options(), policy)
    except LayoutError as error:
        parts = [detail.partition(": ") for detail in error.details]
        return (), tuple(Finding(name, message, fatal=True) for name, _, message in parts)
    return dataset.records, dataset.findings


@pytest.mark.parametrize("strays", [1000])
def test_many_files_of_a_kind_are_one_line_with_a_count(tmp_path: Path, strays: int) -> None:
    source = write_yolo(tmp_path, {"a": [VALID], "b": [VALID]})
    for number in range(strays):
        text(source / f"notes/{number:04}.md", "x")
    _, findings = loaded(source, "yolo", Policy())
    (finding,) = findings
    assert finding.name == "notes/0000.md, notes/0001.md, notes/0002.md and 997 more"
    assert (finding.count, finding.fatal) == (strays, False)


def test_an_image_that_is_described_twice_is_used_by_none_of_both(tmp_path: Path) -> None:
    write_voc(tmp_path, {"a": [VALID], "b": [VALID]})
    text(tmp_path / "Annotations/c.xml", (tmp_path / "Annotations/a.xml").read_text())
    records, findings = loaded(tmp_path, "voc", Policy())
    assert [record.name for record in records] == ["JPEGImages/b.png"]
    assert any("is the same file as that of" in finding.message for finding in findings)

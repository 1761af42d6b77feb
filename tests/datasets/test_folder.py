import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.drawing import draw, drawn

from customlabels.core.errors import LayoutError
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset, Side, label_counts
from customlabels.datasets.samples import make_samples
from customlabels.manifests.formats import load_dataset


def findings(dataset: Dataset) -> dict[str, tuple[str, bool]]:
    return {finding.name: (finding.message, finding.fatal) for finding in dataset.findings}


def test_the_first_folder_is_the_label_however_deep_the_image_lies(tmp_path: Path) -> None:
    draw(tmp_path, {"crack": 2, "ok": 1})
    (tmp_path / "crack" / "Imgs" / "deep").mkdir(parents=True)
    drawn(0, 9).save(tmp_path / "crack" / "Imgs" / "deep" / "x.JPG", "JPEG")
    dataset = load_dataset(tmp_path, "folder")
    assert label_counts(dataset.records) == {"crack": 3, "ok": 1}
    assert not dataset.findings
    assert [record.name for record in dataset.records] == sorted(record.name for record in dataset.records)


def test_train_and_test_at_the_root_are_the_split(tmp_path: Path) -> None:
    draw(tmp_path / "Train", {"crack": 2, "ok": 2})
    draw(tmp_path / "test", {"crack": 1, "ok": 1})
    dataset = load_dataset(tmp_path, "folder")
    assert label_counts(dataset.side(Side.TRAIN)) == {"crack": 2, "ok": 2}
    assert label_counts(dataset.side(Side.TEST)) == {"crack": 1, "ok": 1}


def test_a_label_may_be_called_test_among_other_labels(tmp_path: Path) -> None:
    draw(tmp_path, {"test": 1, "crack": 1})
    assert label_counts(load_dataset(tmp_path, "folder").records) == {"crack": 1, "test": 1}


@pytest.mark.parametrize("name", ["a b.jpg", "a+b#c%20.jpg", "плитка.jpg", "タイル & 1.jpeg", "'quote\".PNG"])
def test_names_are_taken_as_they_are(tmp_path: Path, name: str) -> None:
    draw(tmp_path, {"crack": 1})
    drawn(1, 5).save(tmp_path / "crack" / name, "PNG" if name.endswith("PNG") else "JPEG")
    assert f"crack/{name}" in {record.name for record in load_dataset(tmp_path, "folder").records}


def test_patterns_choose_by_path_and_by_name(tmp_path: Path) -> None:
    draw(tmp_path, {"crack": 2, "ok": 2})
    draw(tmp_path, {"crack": 2}, ending=".png")
    by_name = load_dataset(tmp_path, "folder", Options(include=("*.jpg",), exclude=("ok/*",)))
    assert label_counts(by_name.records) == {"crack": 2}
    assert {record.info.format for record in by_name.records} == {"JPEG"}


def test_annotations_beside_the_labels_are_no_stray_files(tmp_path: Path) -> None:
    root = tmp_path / "samples"
    make_samples(root, images=4, size=64)
    coco = (root / "boxes.json").read_bytes()
    (root / "crack" / "boxes-of-crack.json").write_bytes(coco)
    (root / "a.manifest").write_text("")
    (root / "settings.json").write_text("{}")
    dataset = load_dataset(root, "folder")
    assert findings(dataset) == {"settings.json": ("no image, left out", False)}


def test_every_file_that_is_left_out_is_named(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jpg"
    drawn(0, 1).save(outside)
    root = draw(tmp_path / "root", {"crack": 2})
    whole = (root / "crack" / "000.jpg").read_bytes()
    (root / "crack" / ".hidden.jpg").write_bytes(whole)
    (root / "crack" / "Thumbs.db").write_bytes(b"x")
    (root / "crack" / "notes.txt").write_text("x")
    (root / "crack" / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "crack" / "empty.png").write_bytes(b"")
    (root / "crack" / "text.jpg").write_text("no image at all")
    (root / "crack" / "photo.webp").write_bytes(b"RIFF")
    (root / "crack" / "out.jpg").symlink_to(outside)
    (root / "crack" / "gone.jpg").symlink_to(root / "nowhere.jpg")
    (root / "loop").symlink_to(root)
    (root / "stray.jpg").write_bytes(whole)
    drawn(0, 1, size=40).save(root / "crack" / "small.png")
    dataset = load_dataset(root, "folder")
    assert len(dataset.records) == 2
    found = findings(dataset)
    assert {name for name, (_, fatal) in found.items() if not fatal} == {
        "crack/.hidden.jpg",
        "crack/Thumbs.db",
        "crack/notes.txt",
    }
    assert {name: message for name, (message, fatal) in found.items() if fatal} == {
        "crack/broken.jpg": "a broken JPEG file: its end is missing",
        "crack/empty.png": "an empty file",
        "crack/gone.jpg": "a broken link or no regular file, left out",
        "crack/out.jpg": "a link that leaves the folder, left out",
        "crack/photo.webp": "not a JPEG or PNG image; customlabels dataset convert makes one",
        "crack/small.png": "40×40 pixels; the service takes no side under 64",
        "crack/text.jpg": "no JPEG or PNG image",
        "loop": "a link to a folder, left out: its images would be read twice",
        "stray.jpg": "has no label (--allow-unlabelled keeps such images)",
    }


def test_a_link_inside_the_root_is_an_image_like_others(tmp_path: Path) -> None:
    draw(tmp_path, {"crack": 1})
    (tmp_path / "crack" / "same.jpg").symlink_to(tmp_path / "crack" / "000.jpg")
    assert len(load_dataset(tmp_path, "folder").records) == 2


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read everything; within the block nobody is root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_image_is_named() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = draw(Path(name), {"crack": 2})
        folder.chmod(0o755)
        (folder / "crack" / "000.jpg").chmod(0)
        with without_privileges():
            assert findings(load_dataset(folder, "folder")) == {
                "crack/000.jpg": ("cannot be read (Permission denied)", True)
            }


def test_a_name_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    draw(tmp_path, {"crack": 1})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/crack/\xff.jpg")).write_bytes(b"x")
    assert [finding.message for finding in load_dataset(tmp_path, "folder").faults] == [
        "a name that is not UTF-8; rename it"
    ]


@pytest.mark.parametrize("content", [{}, {"a/readme.txt": b"text"}, {"a/b.jpg": b"text"}])
def test_a_folder_without_images_is_refused_with_what_is_in_it(tmp_path: Path, content: dict[str, bytes]) -> None:
    for name, body in content.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(body)
    with pytest.raises(LayoutError, match="holds no image that can be used") as caught:
        load_dataset(tmp_path, "folder")
    assert len(caught.value.details) == len(content)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="no such file or folder"):
        load_dataset(tmp_path / "nowhere", "folder")


def test_folders_that_could_be_the_labels_as_well_are_named(tmp_path: Path) -> None:
    for line in ("line1", "line2"):
        draw(tmp_path / line, {"ok": 1, "crack": 1})
    dataset = load_dataset(tmp_path, "folder")
    assert label_counts(dataset.records) == {"line1": 2, "line2": 2}
    ((message, fatal),) = findings(dataset).values()
    assert message.startswith("folders that lie beside several labels are not read: 'crack', 'ok'")
    assert not fatal
    dataset = load_dataset(tmp_path, "folder", Options(label_from="parent"))
    assert label_counts(dataset.records) == {"crack": 2, "ok": 2}
    assert "'line1', 'line2'" in next(iter(findings(dataset).values()))[0]
    assert not load_dataset(tmp_path, "folder", Options(label_from="path")).findings


def test_a_folder_of_no_image_at_all_is_named(tmp_path: Path) -> None:
    for side in ("train", "test"):
        draw(tmp_path / side, {"ok": 1, "crack": 1})
    (tmp_path / "train/pit").mkdir()
    (tmp_path / ".hidden").mkdir()
    assert findings(load_dataset(tmp_path, "folder")) == {
        ".hidden": ("a hidden or system folder, left out", False),
        "train/pit": ("a folder without any file: no label is made of it", False),
    }


@pytest.mark.parametrize("part", ["test", "Test", "testing"])
def test_a_part_of_a_split_in_itself_is_no_label(tmp_path: Path, part: str) -> None:
    for name in ("train/crack/0.jpg", "train/ok/1.jpg", f"test/{part}/crack/2.jpg", f"test/{part}/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        drawn(0, len(name), 64).save(tmp_path / name)
    dataset = load_dataset(tmp_path, "folder")
    assert {record.name: record.labels for record in dataset.side(Side.TEST)} == {
        f"test/{part}/crack/2.jpg": ("crack",)
    }
    assert [(finding.name, finding.message) for finding in dataset.faults] == [
        (f"test/{part}/3.jpg", "has no label (--allow-unlabelled keeps such images)")
    ]


def test_one_label_above_folders_that_may_be_labels_is_named(tmp_path: Path) -> None:
    for name in ("set/crack/0.jpg", "set/ok/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        drawn(0, len(name), 64).save(tmp_path / name)
    (finding,) = load_dataset(tmp_path).findings
    assert "'set' is the label of all images; folders below it are not read: 'crack', 'ok'" in finding.message
    inner = load_dataset(tmp_path, options=Options(label_from="parent"))
    assert {record.labels for record in inner.records} == {("crack",), ("ok",)}


def test_a_spreadsheet_beside_labels_is_called_one(tmp_path: Path) -> None:
    (draw(tmp_path / "in", {"crack": 1}) / "labels.xlsx").write_bytes(b"PK")
    assert [finding.message for finding in load_dataset(tmp_path / "in").findings] == [
        "a spreadsheet, which is read once it is saved as CSV, left out"
    ]

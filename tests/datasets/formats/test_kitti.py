"""KITTI's text files."""

from pathlib import Path

import pytest
from support.tool_files import dataset_of, image, marks_of, said, text

from customlabels.core.errors import LayoutError
from customlabels.datasets.formats import kitti
from customlabels.datasets.layout import UNCONFIRMED
from customlabels.datasets.model import Box, Dataset, ImageInfo, ImageRecord
from customlabels.manifests.formats import AUTO, DEFAULTS, find_format

ROW = "Car 0.00 0 -1.57 10.00 20.00 30.00 50.00 1.5 1.6 3.9 1.0 1.5 20.0 -1.5"
CAR = [("Car", 10, 20, 30, 50)]
LAYOUTS = {
    "KITTI's own": ("training/image_2/000001.png", "training/label_2/000001.txt"),
    "without a side": ("image_2/000001.png", "label_2/000001.txt"),
    "NVIDIA TAO's": ("images/000001.png", "labels/000001.txt"),
    "FiftyOne's": ("data/000001.png", "labels/000001.txt"),
}


@pytest.mark.parametrize(("picture", "labels"), LAYOUTS.values(), ids=LAYOUTS.keys())
@pytest.mark.parametrize("score", ["", " 0.9"])
def test_layouts(tmp_path: Path, picture: str, labels: str, score: str) -> None:
    image(tmp_path / picture)
    text(tmp_path / labels, f"{ROW}{score}\n")
    assert find_format(AUTO, tmp_path, DEFAULTS).name == "kitti"
    assert marks_of(tmp_path) == {picture: CAR}
    assert dataset_of(tmp_path).records[0].side is None


def test_regions_that_nobody_labelled_are_left_out_and_their_image_is_not_empty(tmp_path: Path) -> None:
    ignored = ROW.replace("Car", "dontCARE")
    for name, rows in {"a": f"{ROW}\n{ignored}\n", "b": ignored, "c": ""}.items():
        image(tmp_path / f"image_2/{name}.png")
        text(tmp_path / f"label_2/{name}.txt", rows)
    assert marks_of(tmp_path) == {"image_2/a.png": CAR}
    assert "2 DontCare regions left out" in said(tmp_path)
    assert "label_2/b.txt, image_2/b.png: left out with all that marks it: DontCare regions" in said(tmp_path)
    assert "label_2/c.txt, image_2/c.png: nothing is on it" in said(tmp_path)


def test_images_that_have_no_labels_are_named(tmp_path: Path) -> None:
    image(tmp_path / "training/image_2/a.png")
    image(tmp_path / "testing/image_2/b.png")
    text(tmp_path / "training/label_2/a.txt", ROW)
    assert "testing/image_2/b.png: an image that no annotation names, left out" in said(tmp_path)


FAULTS = {
    "too few cells": ("Car 0 0 0 10 20 30 50", "has 8 cells"),
    "no number": (ROW.replace("30.00", "right"), "are no four numbers"),
    "no extent": (ROW.replace("30.00", "10.00"), "has no width or height"),
}


@pytest.mark.parametrize(("row", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_an_image_with_a_faulty_row_is_not_used(tmp_path: Path, row: str, says: str) -> None:
    for name, rows in {"a": ROW, "b": f"{ROW}\n{row}\n"}.items():
        image(tmp_path / f"image_2/{name}.png")
        text(tmp_path / f"label_2/{name}.txt", rows)
    assert list(marks_of(tmp_path)) == ["image_2/a.png"]
    assert says in said(tmp_path)


def test_a_polygon_of_yolo_is_none_of_its_rows(tmp_path: Path) -> None:
    image(tmp_path / "images/a.png")
    text(tmp_path / "labels/a.txt", "0 " + " ".join(["0.5"] * 14))
    assert not kitti.recognises(tmp_path, DEFAULTS)


@pytest.mark.parametrize("label", ["two words", "DontCare"])
def test_labels_that_its_rows_cannot_hold_are_refused(tmp_path: Path, label: str) -> None:
    info = ImageInfo(96, 96, "PNG", 1)
    record = ImageRecord("image_2/a.png", tmp_path / "a.png", (), info, boxes=(Box(label, 1, 2, 30, 40),))
    with pytest.raises(LayoutError, match="cannot be a class of KITTI"):
        kitti.save(Dataset(tmp_path, (record,)))


def test_the_image_of_a_label_file_in_another_folder_is_another_or_told(tmp_path: Path) -> None:
    for name in ("line1/image_2/0.png", "line2/image_2/1.png"):
        image(tmp_path / name)
    for name in ("line2/label_2/0.txt", "line2/label_2/1.txt"):
        text(tmp_path / name, ROW)
    assert marks_of(tmp_path) == {"line2/image_2/1.png": CAR}
    assert "line1/image_2/0.png has its name, but lies in another folder" in said(tmp_path)
    (tmp_path / "line2/image_2/1.png").rename(tmp_path / "line1/image_2/1.png")
    assert "line2/label_2/0.txt, line2/image_2/0: lies in another folder than is said" in said(tmp_path)


def test_rows_with_the_score_of_a_prediction_are_told(tmp_path: Path) -> None:
    image(tmp_path / "image_2/a.png")
    text(tmp_path / "label_2/a.txt", f"{ROW}\n{ROW} 0.9\n")
    assert f"label_2: 1 annotation with a score: {UNCONFIRMED}" in said(tmp_path)

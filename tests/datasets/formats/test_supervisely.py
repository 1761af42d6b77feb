"""Supervisely projects."""

import base64
import json
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.tool_files import dataset_of, image, marks_of, said, text

from customlabels.datasets.layout import UNCONFIRMED
from customlabels.datasets.model import Side
from customlabels.manifests.formats import AUTO, DEFAULTS, find_format


def packed(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> str:
    return base64.b64encode(zlib.compress(cv2.imencode(".png", pixels)[1].tobytes())).decode()


def points(*corners: list[float]) -> dict[str, object]:
    return {"points": {"exterior": list(corners), "interior": []}}


def bitmap(left: int, top: int, data: str) -> dict[str, object]:
    return {"geometryType": "bitmap", "bitmap": {"origin": [left, top], "data": data}}


SPOT = np.zeros((40, 30), np.uint8)
SPOT[5:35, 5:25] = 255
ALPHA = np.zeros((30, 20, 4), np.uint8)
ALPHA[..., 3] = 255
OBJECTS = {
    "rectangle of pixels, the last included": {"geometryType": "rectangle", **points([10, 20], [29, 49])},
    "rectangle between pixels": {"geometryType": "rectangle", **points([10.0, 20.0], [30.0, 50.0])},
    "corners the other way round": {"geometryType": "rectangle", **points([29, 49], [10, 20])},
    "polygon": {"geometryType": "polygon", **points([10, 20], [29, 20], [15, 49])},
    "bitmap": bitmap(5, 15, packed(SPOT)),
    "bitmap with an alpha channel": bitmap(10, 20, packed(ALPHA)),
    "shape told by the class": points([10, 20], [29, 49]),
}


def project(folder: Path, objects: list[object], name: str = "a.png", **changes: object) -> None:
    image(folder / f"ds1/img/{name}")
    entry = {"description": "", "tags": [], "size": {"width": 96, "height": 96}, "objects": objects, **changes}
    text(folder / f"ds1/ann/{name}.json", json.dumps(entry))
    text(folder / "meta.json", json.dumps({"classes": [{"title": "crack", "shape": "rectangle"}], "tags": []}))


@pytest.mark.parametrize("marked", OBJECTS.values(), ids=OBJECTS.keys())
def test_objects_give_the_rectangle_around_them(tmp_path: Path, marked: dict[str, object]) -> None:
    project(tmp_path, [{"classTitle": "crack", **marked}])
    assert find_format(AUTO, tmp_path, DEFAULTS).name == "supervisely"
    assert marks_of(tmp_path) == {"ds1/img/a.png": [("crack", 10, 20, 30, 50)]}
    assert said(tmp_path) == ""


BOMB = base64.b64encode(zlib.compress(b"\x89PNG\r\n\x1a\n" + bytes(200_000_000))).decode()
HUGE = packed(np.zeros((1, 1), np.uint8))
FAULTS = {
    "no class": ({"geometryType": "rectangle", **points([1, 2], [30, 40])}, "has no classTitle"),
    "one corner": ({"classTitle": "crack", "geometryType": "rectangle", **points([1, 2])}, "has one point"),
    "no corner": ({"classTitle": "crack", "geometryType": "rectangle", **points()}, "has no points"),
    "no base64": ({"classTitle": "crack", **bitmap(0, 0, "%%%")}, "its bitmap cannot be decoded"),
    "no zlib": ({"classTitle": "crack", **bitmap(0, 0, "QUJD")}, "its bitmap cannot be decoded"),
    "a bitmap that is far too large": ({"classTitle": "crack", **bitmap(0, 0, BOMB)}, "of a reasonable size"),
    "an empty bitmap": ({"classTitle": "crack", **bitmap(0, 0, HUGE)}, "its bitmap is empty"),
}


@pytest.mark.parametrize(("marked", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_an_image_with_a_faulty_object_is_not_used(tmp_path: Path, marked: dict[str, object], says: str) -> None:
    project(tmp_path, [{"classTitle": "crack", **OBJECTS["polygon"]}, marked])
    project(tmp_path, [{"classTitle": "crack", **OBJECTS["polygon"]}], "b.png")
    assert list(marks_of(tmp_path)) == ["ds1/img/b.png"]
    assert says in said(tmp_path)


def test_shapes_without_a_rectangle_and_tags_of_objects_are_left_out_and_named(tmp_path: Path) -> None:
    line = {"classTitle": "crack", "geometryType": "line", **points([1, 2], [3, 4])}
    graph = {"classTitle": "crack", "geometryType": "graph", "nodes": {}}
    rectangle = {"classTitle": "crack", **OBJECTS["polygon"], "tags": [{"name": "deep", "value": None}]}
    project(tmp_path, [line, graph, {**line, "geometryType": "star"}], "b.png")
    project(tmp_path, [rectangle])
    assert list(marks_of(tmp_path)) == ["ds1/img/a.png"]
    for what in ("1 lines", "1 skeletons", "1 shapes of kind 'star'", "1 tags of objects"):
        assert f"{what} left out" in said(tmp_path)
    assert "nothing is on it" not in said(tmp_path)


def test_a_video_is_a_fault(tmp_path: Path) -> None:
    project(tmp_path, [{"classTitle": "crack", **OBJECTS["polygon"]}])
    project(tmp_path, [], "b.png", frames=[{"index": 0}], framesCount=1)
    assert list(marks_of(tmp_path)) == ["ds1/img/a.png"]
    assert "ds1/ann/b.png.json: is of a video" in said(tmp_path)


def test_tags_are_labels_or_sides_of_the_whole_image(tmp_path: Path) -> None:
    project(tmp_path, [], tags=[{"name": "ok", "value": None}, {"name": "train", "value": None}])
    project(tmp_path, [], "b.png", tags=[{"name": "wet", "value": None}, {"name": "test"}, {"name": "n", "value": 3}])
    assert marks_of(tmp_path) == {"ds1/img/a.png": [("ok",)], "ds1/img/b.png": [("wet",)]}
    assert [record.side for record in dataset_of(tmp_path).records] == [Side.TRAIN, Side.TEST]
    assert "1 tags with a value left out" in said(tmp_path)


def test_an_image_of_another_data_set_is_another_image(tmp_path: Path) -> None:
    project(tmp_path, [])
    project(tmp_path, [{"classTitle": "crack", **OBJECTS["polygon"]}], "b.png")
    (tmp_path / "ds2/ann").mkdir(parents=True)
    (tmp_path / "ds1/ann/a.png.json").rename(tmp_path / "ds2/ann/a.png.json")
    assert list(marks_of(tmp_path)) == ["ds1/img/b.png"]
    assert "ds2/ann/a.png.json: no such image: ds2/img/a.png" in said(tmp_path)


def test_a_data_set_whose_name_holds_a_word_of_a_split_is_no_part_of_one(tmp_path: Path) -> None:
    project(tmp_path, [{"classTitle": "crack", **OBJECTS["polygon"]}])
    (tmp_path / "ds1").rename(tmp_path / "dev_board")
    assert [record.side for record in dataset_of(tmp_path).records] == [None]


def test_objects_that_a_neural_network_made_are_told(tmp_path: Path) -> None:
    project(tmp_path, [{"classTitle": "crack", **OBJECTS["polygon"], "nnCreated": True}])
    assert f"1 annotation made by a neural network (nnCreated): {UNCONFIRMED}" in said(tmp_path)


def test_data_sets_that_differ_in_the_word_of_a_split_alone_are_parts_of_one(tmp_path: Path) -> None:
    for name, folder in (("a.png", "boards_test"), ("b.png", "boards_train")):
        project(tmp_path, [{"classTitle": "crack", **OBJECTS["polygon"]}], name)
        (tmp_path / "ds1").rename(tmp_path / folder)
    assert [record.side for record in dataset_of(tmp_path).records] == [Side.TEST, Side.TRAIN]

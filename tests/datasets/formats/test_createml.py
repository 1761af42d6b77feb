"""CreateML JSON."""

import json
from pathlib import Path

import pytest
from support.tool_files import dataset_of, image, marks_of, said, text

from customlabels.core.errors import LayoutError
from customlabels.datasets.model import Side
from customlabels.manifests.formats import AUTO, DEFAULTS, find_format

CRACK = {"label": "crack", "coordinates": {"x": 20, "y": 35, "width": 20, "height": 30}}
FILES = {
    "as Roboflow writes it": [{"image": "a.png", "annotations": [CRACK]}],
    "as Apple's older pages have it": [{"imagefilename": "a.png", "annotation": [CRACK]}],
}


@pytest.mark.parametrize("document", FILES.values(), ids=FILES.keys())
def test_boxes_are_given_by_their_centre(tmp_path: Path, document: object) -> None:
    image(tmp_path / "a.png")
    text(tmp_path / "_annotations.createml.json", json.dumps(document))
    for source in (tmp_path, tmp_path / "_annotations.createml.json"):
        assert find_format(AUTO, source, DEFAULTS).name == "createml"
        assert marks_of(source) == {"a.png": [("crack", 10, 20, 30, 50)]}


def test_annotations_without_coordinates_are_labels_of_the_image(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        image(tmp_path / name)
    entries = [
        {"image": "a.png", "annotations": [{"label": "ok"}, {"label": "wet"}]},
        {"image": "b.png", "annotations": "crack"},
        {"image": "c.png", "annotations": []},
    ]
    text(tmp_path / "labels.json", json.dumps(entries))
    assert marks_of(tmp_path) == {"a.png": [("ok",), ("wet",)], "b.png": [("crack",)]}
    assert "image 3, c.png: nothing is on it" in said(tmp_path)


def test_a_file_a_side(tmp_path: Path) -> None:
    for side in ("train", "valid"):
        image(tmp_path / side / "a.png")
        text(tmp_path / side / "_annotations.createml.json", json.dumps(FILES["as Roboflow writes it"]))
    assert [record.side for record in dataset_of(tmp_path).records] == [Side.TRAIN, Side.TEST]


FAULTS = {
    "no label": ({"coordinates": CRACK["coordinates"]}, "has no label"),
    "no width": ({"label": "crack", "coordinates": {"x": 1, "y": 2, "height": 3}}, "width is missing"),
    "no number": ({"label": "crack", "coordinates": {**CRACK["coordinates"], "x": "1"}}, "x: '1' is no number"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize(("annotation", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_a_faulty_annotation_is_a_fault_of_its_image(tmp_path: Path, annotation: object, says: str) -> None:
    for name in ("a.png", "b.png"):
        image(tmp_path / name)
    entries = [{"image": "a.png", "annotations": [CRACK]}, {"image": "b.png", "annotations": [CRACK, annotation]}, 7]
    text(tmp_path / "_annotations.createml.json", json.dumps(entries))
    assert list(marks_of(tmp_path)) == ["a.png"]
    assert f"annotation 2: b.png: {says}" in said(tmp_path)
    assert "image 3: is no JSON object" in said(tmp_path)


def test_labels_of_a_classifier_of_several_stand_in_a_list(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        image(tmp_path / name)
    entries = [{"image": "a.png", "annotations": ["crack", "pit"]}, {"image": "b.png", "annotations": ["crack", ""]}]
    text(tmp_path / "annotations.json", json.dumps(entries))
    assert [record.labels for record in dataset_of(tmp_path).records] == [("crack", "pit")]
    assert "annotation 2: b.png: has no label" in said(tmp_path)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"annotations": CRACK}, "its annotations are no list"),
        ({"labels": ["pit"]}, "has no annotations, and 'labels' is not read"),
        ({"annotations": None, "tag": "pit"}, "has no annotations, and 'tag' is not read"),
        ({"annotations": [], "annotation": [CRACK]}, "has no annotations, and 'annotation' is not read"),
    ],
)
def test_annotations_that_are_not_read_never_say_that_nothing_is_there(
    tmp_path: Path, entry: dict[str, object], says: str
) -> None:
    for name in ("a.png", "b.png"):
        image(tmp_path / name)
    entries = [{"image": "a.png", "annotations": [CRACK]}, {"image": "b.png", **entry}]
    text(tmp_path / "labels.json", json.dumps(entries))
    assert list(marks_of(tmp_path)) == ["a.png"]
    assert says in said(tmp_path)
    assert "nothing is on it" not in said(tmp_path)


def test_a_file_an_image_as_labelimg_writes_them(tmp_path: Path) -> None:
    for name in ("a", "b"):
        image(tmp_path / f"{name}.png")
        text(tmp_path / f"{name}.json", json.dumps([{"image": f"{name}.png", "annotations": [CRACK]}]))
    assert list(marks_of(tmp_path)) == ["a.png", "b.png"]
    text(tmp_path / "other.json", json.dumps([{"image": "b.png", "annotations": []}]))
    with pytest.raises(LayoutError, match=r"there are several: a\.json, b\.json, other\.json"):
        marks_of(tmp_path)

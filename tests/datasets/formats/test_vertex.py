"""Vertex AI's import files."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.tool_files import dataset_of, image, marks_of, said, text

from customlabels.datasets.model import Side
from customlabels.manifests.formats import AUTO, DEFAULTS, find_format

CORNERS = {"xMin": 10 / 96, "yMin": 20 / 96, "xMax": 30 / 96, "yMax": 50 / 96}
BOXED = {"imageGcsUri": "gs://bucket/deep/a.png", "boundingBoxAnnotations": [{"displayName": "crack", **CORNERS}]}
USE = "aiplatform.googleapis.com/ml_use"


def lines(folder: Path, *entries: Any) -> Path:
    for name in ("a.png", "b.png"):
        image(folder / "images" / name)
    text(folder / "import.jsonl", "".join(f"{json.dumps(entry)}\n" for entry in entries))
    return folder / "import.jsonl"


def test_boxes_are_fractions_and_images_are_found_by_the_end_of_their_address(tmp_path: Path) -> None:
    source = lines(tmp_path, BOXED)
    for place in (tmp_path, source):
        assert find_format(AUTO, place, DEFAULTS).name == "vertex"
        assert marks_of(place) == {"images/a.png": [("crack", 10, 20, 30, 50)]}


LABELS = {
    "one": ({"classificationAnnotation": {"displayName": "ok"}}, [("ok",)]),
    "several": ({"classificationAnnotations": [{"displayName": "ok"}, {"displayName": "wet"}]}, [("ok",), ("wet",)]),
}


@pytest.mark.parametrize(("annotations", "labels"), LABELS.values(), ids=LABELS.keys())
def test_labels(tmp_path: Path, annotations: dict[str, Any], labels: object) -> None:
    assert marks_of(lines(tmp_path, {"imageGcsUri": "gs://b/a.png", **annotations})) == {"images/a.png": labels}


def test_a_corner_that_is_left_out_is_zero(tmp_path: Path) -> None:
    box = {"displayName": "crack", "xMax": 0.5, "yMax": 0.25}
    source = lines(tmp_path, {"imageGcsUri": "gs://b/a.png", "boundingBoxAnnotations": [box]})
    assert marks_of(source) == {"images/a.png": [("crack", 0, 0, 48, 24)]}


@pytest.mark.parametrize("words", [("training", "test"), ("train", "validation"), ("TRAINING", "TEST")])
def test_sides(tmp_path: Path, words: tuple[str, str]) -> None:
    source = lines(
        tmp_path,
        {**BOXED, "dataItemResourceLabels": {USE: words[0]}},
        {**BOXED, "imageGcsUri": "gs://x/b.png", "dataItemResourceLabels": {USE: words[1]}},
    )
    assert [record.side for record in dataset_of(source).records] == [Side.TRAIN, Side.TEST]


def test_segments_are_left_out_and_faults_are_named(tmp_path: Path) -> None:
    source = lines(
        tmp_path,
        {"imageGcsUri": "gs://b/a.png", "segmentationAnnotation": {"categoryMaskGcsUri": "gs://b/m.png"}},
        {"imageGcsUri": "gs://b/b.png", "boundingBoxAnnotations": [{"displayName": "crack", **CORNERS, "xMax": None}]},
        {"imageGcsUri": "gs://b/c.png", "dataItemResourceLabels": {USE: "later"}},
        {"image": "x"},
    )
    told = said(source)
    assert "1 segmentation annotations left out" in told
    assert "line 2, annotation 1: gs://b/b.png: xMax: None is no number" in told
    assert "ml_use 'later' is no part of a split" in told
    assert "line 4: has no imageGcsUri" in told

"""What a model saw is written in three formats and read again: the same labels and boxes, with their confidences."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from customlabels.core.addresses import S3Address
from customlabels.datasets.layout import Options
from customlabels.datasets.model import ImageInfo
from customlabels.datasets.reading import Policy
from customlabels.manifests.entries import read_entries
from customlabels.manifests.formats import load_dataset
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.pipelines.service.prelabels import (
    KINDS,
    Prelabelled,
    as_coco,
    as_manifest,
    as_tasks,
    in_pixels,
    too_many,
)

INFO = ImageInfo(640, 480, "JPEG", 1000)
sides = st.floats(0.05, 0.5)
names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=12)
located = st.builds(DetectedLabel, names, st.floats(0, 100), st.tuples(sides, sides, sides, sides))
whole = st.builds(DetectedLabel, names, st.floats(0, 100), st.none())
kinds = st.sampled_from(["located", "whole"])


@st.composite
def several(draw: st.DrawFn) -> list[Prelabelled]:
    """Images of a version of either kind, in which it sees each label once or nothing."""
    label = located if draw(kinds) == "located" else whole
    seen = draw(st.lists(st.lists(label, max_size=4, unique_by=lambda label: label.label), min_size=1, max_size=4))
    return [Prelabelled(f"{number}.jpg", None, INFO, tuple(labels)) for number, labels in enumerate(seen)]


def told(images: Sequence[Prelabelled]) -> list[dict[str, float]]:
    return [{label.label: round(label.confidence / 100, 6) for label in image.labels} for image in images]


@given(several())
def test_coco_keeps_each_label_its_box_and_its_score(images: list[Prelabelled]) -> None:
    document = json.loads(as_coco(images, "v1"))
    categories = {category["id"]: category["name"] for category in document["categories"]}
    scores: list[dict[str, float]] = [{} for _ in images]
    for annotation in document["annotations"]:
        label = categories[annotation["category_id"]]
        scores[annotation["image_id"] - 1][label] = annotation["score"]
        (seen,) = [seen for seen in images[annotation["image_id"] - 1].labels if seen.label == label]
        if seen.box is None:
            assert "bbox" not in annotation
        else:
            box = in_pixels(seen, INFO)
            assert annotation["bbox"] == pytest.approx([box.left, box.top, box.width, box.height])
    assert scores == told(images)


@given(several())
def test_a_manifest_passes_its_validation_and_says_that_no_human_made_it(images: list[Prelabelled]) -> None:
    body = as_manifest(images, "v1")
    entries = list(read_entries(body.splitlines(keepends=True)))
    assert [fault.code for entry in entries for fault in entry.faults if not fault.is_warning] == []
    for entry, image, scores in zip(entries, images, told(images), strict=True):
        assert set(entry.labels) | set(entry.boxes) == {label.label for label in image.labels}
        line = json.loads(entry.line)
        about = [value for key, value in line.items() if key.endswith("-metadata")]
        assert all(value["human-annotated"] == "no" for value in about)
        kept = [seen["confidence"] for value in about for seen in value.get("objects", [value])]
        assert sorted(kept) == sorted(scores.values())


@given(several())
def test_tasks_have_a_prediction_that_says_the_same_in_percent(images: list[Prelabelled]) -> None:
    tasks = json.loads(as_tasks(images, "v1"))
    for task, image in zip(tasks, images, strict=True):
        (prediction,) = task["predictions"]
        assert prediction["model_version"] == "v1"
        seen = {}
        for result in prediction["result"]:
            for label in result["value"].get("rectanglelabels") or result["value"]["choices"]:
                seen[label] = result["value"]
        assert seen.keys() == {label.label for label in image.labels}
        for label in image.labels:
            if label.box is not None:
                value = seen[label.label]
                sides = [value["x"], value["y"], value["width"], value["height"]]
                assert sides == pytest.approx([100 * side for side in label.box])


@pytest.mark.parametrize("kind", ["coco", "manifest"])
def test_a_folder_of_prelabels_is_a_source_whose_labels_nobody_confirmed(tmp_path: Path, kind: str) -> None:
    images = tmp_path / "photos"
    images.mkdir()
    for name in ("a.jpg", "b.jpg"):
        Image.new("L", (200, 100)).save(images / name)
    info = ImageInfo(200, 100, "JPEG", 1)
    box = DetectedLabel("crack", 87.5, (0.1, 0.2, 0.5, 0.5))
    seen = [Prelabelled("a.jpg", None, info, (box,)), Prelabelled("b.jpg", None, info, (box,))]
    place, write = KINDS[kind]
    path = tmp_path / "ahead" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(write(seen, "v1"))
    dataset = load_dataset(tmp_path / "ahead", options=Options(images=images), policy=Policy())
    (corners,) = {box.corners for record in dataset.records for box in record.boxes or ()}
    assert corners == pytest.approx((20, 20, 120, 70))
    (finding,) = dataset.findings
    assert (finding.count, finding.fatal) == (2, False)
    assert "that a person confirmed them is not said" in finding.message


def test_an_image_in_s3_is_named_by_its_address() -> None:
    image = Prelabelled("a b.jpg", S3Address("line-1", "in/a b.jpg"), INFO, (DetectedLabel("crack", 90.0),))
    assert json.loads(as_manifest([image], "v1"))["source-ref"] == "s3://line-1/in/a b.jpg"
    assert json.loads(as_tasks([image], "v1"))[0]["data"]["image"] == "s3://line-1/in/a b.jpg"
    assert json.loads(as_coco([image], "v1"))["images"][0]["coco_url"] == "s3://line-1/in/a b.jpg"


def test_what_a_manifest_cannot_hold_is_told_and_the_surest_stay() -> None:
    boxes = tuple(DetectedLabel("crack", float(number), (0.1, 0.1, 0.5, 0.5)) for number in range(60))
    image = Prelabelled("a.jpg", None, INFO, boxes)
    (finding,) = too_many(image)
    assert finding.message == "60 boxes; the surest 50 are kept"
    kept = json.loads(as_manifest([image], "v1"))["boxes-metadata"]["objects"]
    assert [seen["confidence"] for seen in kept] == [round(number / 100, 6) for number in range(59, 9, -1)]

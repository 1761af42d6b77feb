"""Validation, inspection and training take the same lines of a manifest: one function says which."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.drawing import drawn

from customlabels.core.errors import LayoutError
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset
from customlabels.datasets.reading import Policy
from customlabels.manifests.formats import load_dataset
from customlabels.manifests.lines import entry_line
from customlabels.manifests.report import IN_PART, validate
from customlabels.manifests.validation import Part, read_part

SIDE = 64
SHARED = {"human-annotated": "yes", "creation-date": "2026-03-01T10:00:00"}
OFF, GOOD = 60, 10


def label(**changes: Any) -> tuple[object, dict[str, Any]]:
    return 0, {"class-name": "ok", "confidence": 1, "type": "groundtruth/image-classification", **SHARED, **changes}


def boxes(*lefts: int, **changes: Any) -> tuple[object, dict[str, Any]]:
    annotations = [{"class_id": 0, "left": left, "top": 10, "width": 20, "height": 20} for left in lefts]
    content = {"image_size": [{"width": SIDE, "height": SIDE, "depth": 3}], "annotations": annotations}
    shared = {"class-map": {"0": "crack"}, "type": "groundtruth/object-detection", **SHARED}
    return content, {"objects": [{"confidence": 1}] * len(lefts), **shared, **changes}


ATTRIBUTES = {
    "label": label(),
    "label without date": label(**{"creation-date": "yesterday"}),
    "label of no text": label(**{"class-name": 7}),
    "boxes": boxes(GOOD),
    "no boxes": boxes(),
    "boxes off the frame": boxes(OFF),
    "boxes, some off the frame": boxes(GOOD, OFF),
    "boxes without date": boxes(GOOD, **{"creation-date": None}),
    "polygons": ([], {"type": "groundtruth/polygons", **SHARED}),
}


def line(image: str, names: list[str]) -> str:
    value: dict[str, Any] = {"source-ref": f"s3://plant-7/{image}"}
    for number, name in enumerate(names):
        value[f"a{number}"], value[f"a{number}-metadata"] = ATTRIBUTES[name]
    return json.dumps(value)


def both(folder: Path, lines: list[list[str]]) -> tuple[Part, Dataset | None]:
    """What validation and inspection say of a manifest with a line an image."""
    for number in range(len(lines)):
        drawn(0, number, SIDE).save(folder / f"{number}.jpg")
    source = folder / "x.manifest"
    source.write_text("\n".join(line(f"{number}.jpg", names) for number, names in enumerate(lines)) + "\n")
    part = validate(source, None).parts["training"]
    try:
        return part, load_dataset(source, "manifest", Options(), Policy())
    except LayoutError:
        return part, None


@given(st.lists(st.lists(st.sampled_from(list(ATTRIBUTES)), max_size=3), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_line_that_validates_is_used_by_all(lines: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        part, dataset = both(Path(name), lines)
    used = len(dataset.records) if dataset else 0
    assert part.used == used
    assert part.used <= part.valid
    # Only where some boxes of an image are lost is a line used in part by a training, and by nothing here.
    assert part.valid - part.used == (part.notes[IN_PART].count if IN_PART in part.notes else 0)
    assert read_part(trained_on(dataset)).used == used if dataset else not used


def trained_on(dataset: Dataset) -> list[bytes]:
    """The lines that a training makes of a dataset."""
    sizes = {record.name: (record.info.width, record.info.height, 3) for record in dataset.records}
    return [
        entry_line(f"s3://plant-7/{record.name}", record.labels, record.boxes, sizes[record.name])
        for record in dataset.records
    ]


@pytest.mark.parametrize(
    ("names", "valid", "used", "labels"),
    [
        (["label"], 1, 1, ["ok"]),
        (["label", "label without date"], 1, 1, ["ok"]),
        (["label", "boxes without date"], 1, 1, ["ok"]),
        (["label without date", "boxes"], 1, 1, ["crack"]),
        (["label", "polygons"], 1, 1, ["ok"]),
        (["label without date"], 0, 0, []),
        (["boxes, some off the frame"], 1, 0, []),
        (["boxes", "boxes without date"], 1, 0, []),
        (["label", "boxes off the frame"], 1, 0, []),
        (["no boxes"], 0, 0, []),
        (["no boxes", "label"], 1, 1, ["ok"]),
        ([], 0, 0, []),
    ],
)
def test_what_is_used_of_a_line(tmp_path: Path, names: list[str], valid: int, used: int, labels: list[str]) -> None:
    part, dataset = both(tmp_path, [names, ["label"]])
    assert (part.valid, part.used) == (valid + 1, used + 1)
    assert dataset is not None
    by_name = {record.name: list(record.all_labels) for record in dataset.records}
    assert by_name.get("0.jpg", []) == labels
    lost = [name for name in names if name not in ("label", "boxes", "no boxes")]
    assert bool(lost) == any("/a" in finding.message for finding in dataset.findings)
    assert bool(dataset.faults) == (not used and names != ["no boxes"])

"""Object locations: from usable lines to a model, its thresholds and the service's files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
from numpy.typing import NDArray

from customlabels.emulator.customlabels import box_evaluation
from customlabels.emulator.customlabels.box_evaluation import Examined, Found, Truth
from customlabels.emulator.engine import detector, features
from customlabels.emulator.engine.images import read_images
from customlabels.emulator.engine.job_files import MODEL, write_lines
from customlabels.manifests.entries import Entry
from customlabels.manifests.lines import BOXES
from customlabels.manifests.rewriting import attributes

_LONGEST_SIDE = 1024
"""Pixels to which images are shrunk: all of a training are held at once."""

_MOST_IMAGES = 600
"""Images that are learnt from at most."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Line:
    """A line with boxes: its image, shrunk, by how much, and what is on the whole one, labels by name."""

    entry: Entry
    pixels: Pixels
    scale: float
    size: tuple[int, int]
    boxes: list[tuple[str, float, float, float, float]]


def usable(state: Path, entries: Sequence[Entry]) -> tuple[list[Line], set[int]]:
    """The lines with boxes, and the numbers of those whose images cannot be used."""
    found = list(read_images(state, [entry for entry in entries if entry.boxes], _line))
    return [line for _, line in found if line is not None], {entry.number for entry, line in found if line is None}


def train(folder: Path, version_arn: str, training: list[Line], testing: list[Line], seed: int) -> dict[str, Any]:
    """Writes model, summary and snapshots; the outcome."""
    labels = tuple(sorted({box[0] for line in training for box in line.boxes}))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(training))[:_MOST_IMAGES])
    seen = [training[place] for place in chosen]
    model = detector.fit(
        [line.pixels for line in seen],
        [[(label, *(side * line.scale for side in sides)) for label, *sides in _truth(line, labels)] for line in seen],
        labels,
        seed,
    )
    detector.save(model, folder / MODEL)
    tested = [
        Examined(str(line.entry.image), line.size, _truth(line, labels), found_in(model, line.pixels, line.scale))
        for line in testing
    ]
    ended = datetime.now(UTC)
    result, thresholds = box_evaluation.summary(
        version_arn=version_arn, labels=labels, tested=tested, training_images=len(training), ended=ended
    )
    write_lines(folder, "EvaluationResultSummary", [result])
    write_lines(
        folder,
        "TrainingGroundTruth",
        (
            box_evaluation.truth_line(number, str(line.entry.image), line.size, _truth(line, labels), labels, ended)
            for number, line in enumerate(training, 1)
        ),
    )
    write_lines(
        folder,
        "TestingGroundTruth",
        (
            box_evaluation.evaluation_line(number, image, labels, thresholds, ended)
            for number, image in enumerate(tested, 1)
        ),
    )
    return {
        "boxes": True,
        "f1": result["AggregatedEvaluationResults"]["F1Score"],
        "labels": labels,
        "thresholds": thresholds,
        "training_images": len(training),
        "testing_images": len(testing),
    }


def shrunk(pixels: Pixels) -> tuple[Pixels, float]:
    """The image with no side over _LONGEST_SIDE, and the factor by which it was shrunk."""
    scale = min(1.0, _LONGEST_SIDE / max(pixels.shape[:2]))
    if scale == 1.0:
        return pixels, scale
    height, width = pixels.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smaller: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return smaller, scale


def found_in(model: detector.BoxDetector, pixels: Pixels, scale: float) -> list[Found]:
    """What the model finds, in pixels of the image before it was shrunk by `scale`."""
    return [
        (label, left / scale, top / scale, width / scale, height / scale, confidence)
        for label, left, top, width, height, confidence in detector.detect(model, pixels)
    ]


def _line(entry: Entry, body: bytes) -> Line:
    whole = features.decode(body)
    pixels, scale = shrunk(whole)
    value = orjson.loads(entry.line)
    height, width = whole.shape[:2]
    bad = {(fault.attribute, fault.box) for fault in entry.faults}
    boxes = [
        (metadata["class-map"][str(box["class_id"])], box["left"], box["top"], box["width"], box["height"])
        for name, metadata in attributes(value, BOXES)
        if (name, -1) not in bad
        for place, box in enumerate(value[name]["annotations"])
        if (name, place) not in bad
    ]
    return Line(entry, pixels, scale, (width, height), boxes)


def _truth(line: Line, labels: Sequence[str]) -> list[Truth]:
    """The boxes of labels that are learnt; a test line may have others."""
    return [
        (labels.index(label), left, top, width, height)
        for label, left, top, width, height in line.boxes
        if label in labels
    ]

"""Object locations: from usable lines to a model, its thresholds and the service's files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from customlabels.emulator.customlabels import box_evaluation
from customlabels.emulator.customlabels.box_evaluation import Detection, Examined, Truth
from customlabels.emulator.engine import classifier, detector, detector_pixels, features
from customlabels.emulator.engine.detector_truth import MOST_IMAGES
from customlabels.emulator.engine.images import read_images
from customlabels.emulator.engine.job_files import MODEL, write_lines
from customlabels.manifests.entries import Entry
from customlabels.manifests.lines import BOXES
from customlabels.manifests.rewriting import attributes

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Line:
    """A line with boxes: its image, shrunk, its width and height before, and what is on it, labels by name."""

    entry: Entry
    pixels: Pixels
    size: tuple[int, int]
    boxes: list[tuple[str, float, float, float, float]]


def usable(state: Path, entries: Sequence[Entry]) -> tuple[list[Line], set[int]]:
    """The lines with boxes, and the numbers of those whose images cannot be used."""
    results = list(read_images(state, [entry for entry in entries if entry.boxes], _line))
    return [line for _, line in results if line is not None], {entry.number for entry, line in results if line is None}


def train(folder: Path, version_arn: str, training: list[Line], testing: list[Line], seed: int) -> dict[str, Any]:
    """Writes model, summary and snapshots; the outcome."""
    labels = tuple(sorted({box[0] for line in training for box in line.boxes}))
    by = features.describer()
    has = np.array([[any(box[0] == label for box in line.boxes) for label in labels] for line in training])
    seen = [training[number] for number in classifier.chosen(has, MOST_IMAGES, seed)]
    model = detector.fit(
        [line.pixels for line in seen],
        [[(box[0], *_moved(box[1:], line.size, _size(line.pixels))) for box in _truth(line, labels)] for line in seen],
        labels,
        seed,
        by,
    )
    detector.save(model, folder / MODEL)
    tested = [
        Examined(str(line.entry.image), line.size, _truth(line, labels), found_in(model, line.pixels, line.size))
        for line in testing
    ]
    ended = datetime.now(UTC)
    result, thresholds = box_evaluation.summary(
        version_arn=version_arn, labels=labels, tested=tested, training_images=len(training), ended=ended
    )
    result["EvaluationDetails"]["Features"] = by
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
        "features": by,
        "f1": result["AggregatedEvaluationResults"]["F1Score"],
        "labels": labels,
        "thresholds": thresholds,
        "training_images": len(training),
        "testing_images": len(testing),
    }


def found_in(model: detector.BoxDetector, pixels: Pixels, size: tuple[int, int]) -> list[Detection]:
    """What the model finds on an image, in pixels of its width and height `size` before it was shrunk."""
    return [(box[0], *_moved(box[1:5], _size(pixels), size), box[5]) for box in detector.detect(model, pixels)]


def _moved(
    sides: Sequence[float], before: tuple[int, int], after: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Left, top, width and height in an image of a width and height `before`, where it has others `after`."""
    across, down = after[0] / before[0], after[1] / before[1]
    return sides[0] * across, sides[1] * down, sides[2] * across, sides[3] * down


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def _line(entry: Entry, body: bytes) -> Line:
    whole = features.decode(body)
    value = orjson.loads(entry.line)
    bad = {(fault.attribute, fault.box) for fault in entry.faults}
    boxes = [
        (metadata["class-map"][str(box["class_id"])], box["left"], box["top"], box["width"], box["height"])
        for name, metadata in attributes(value, BOXES)
        if (name, -1) not in bad
        for number, box in enumerate(value[name]["annotations"])
        if (name, number) not in bad
    ]
    return Line(entry, detector_pixels.working(whole), _size(whole), boxes)


def _truth(line: Line, labels: Sequence[str]) -> list[Truth]:
    """The boxes of labels that are learnt; a test line may have others."""
    return [
        (labels.index(label), left, top, width, height)
        for label, left, top, width, height in line.boxes
        if label in labels
    ]

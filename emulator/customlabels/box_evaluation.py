"""Evaluation of a model that locates objects, in the service's own files.

Source: Custom Labels developer guide, im-summary-file-api.md and im-evaluation-manifest-snapshot*.md. At which
overlap a box counts as found is documented nowhere; taken is an intersection over union of 0.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customlabels.core.thresholds import halfway
from customlabels.datasets.boxes import overlap
from customlabels.emulator.customlabels.evaluation import EVALUATION, TRAINING, iso, outcome_details
from customlabels.manifests.lines import BOXES

OVERLAP = 0.5

Truth = tuple[int, float, float, float, float]
"""A label's place among the labels; left, top, width and height in pixels."""

Detection = tuple[int, float, float, float, float, float]
"""As Truth, and the confidence, 0..1."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A test image: its address, width and height in pixels, what is on it, and what the model found there."""

    source_ref: str
    size: tuple[int, int]
    truth: list[Truth]
    detections: list[Detection]


def matches(image: Examined) -> list[bool]:
    """For each box found whether it is that of an object, each object being found once, by the most confident box."""
    taken: set[int] = set()
    hits = [False] * len(image.detections)
    for position in sorted(range(len(image.detections)), key=lambda position: -image.detections[position][5]):
        label, *box = image.detections[position][:5]
        overlaps = [
            (overlap(box, truth[1:]), number)
            for number, truth in enumerate(image.truth)
            if truth[0] == label and number not in taken
        ]
        if overlaps and max(overlaps)[0] >= OVERLAP:
            taken.add(max(overlaps)[1])
            hits[position] = True
    return hits


def label_figures(confidences: NDArray[np.float64], hits: NDArray[np.bool_], objects: int) -> dict[str, float]:
    """Threshold with the best F1, precision, recall and F1 there, average precision, and recall without a threshold.

    The threshold lies halfway down to the next lower confidence.

    Parameters
    ----------
    confidences, hits : (boxes,), of all boxes found of the label, and whether each is that of an object
    objects : of the label, on all test images
    """
    order = np.argsort(-confidences, kind="stable")
    confidences, right = confidences[order], np.cumsum(hits[order])
    if not len(right) or not right[-1] or not objects:
        return {"Threshold": 1.0, "Precision": 0.0, "Recall": 0.0, "F1Score": 0.0, "Average": 0.0, "Reached": 0.0}
    given = np.arange(1, len(right) + 1)
    # A threshold cannot cut between boxes of the same confidence.
    last = np.append(confidences[1:] != confidences[:-1], True)
    f1 = np.where(last, 2 * right / (given + objects), -1)
    best = int(np.argmax(f1))
    precision, recall = right / given, right / objects
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    average = float(np.sum(np.diff(recall, prepend=0.0) * falling))
    return {
        "Threshold": halfway(float(confidences[best]), float(confidences[best + 1]) if best + 1 < len(right) else None),
        "Precision": float(precision[best]),
        "Recall": float(recall[best]),
        "F1Score": float(f1[best]),
        "Average": average,
        "Reached": float(recall[-1]),
    }


def summary(
    *, version_arn: str, labels: Sequence[str], tested: Sequence[Examined], training_images: int, ended: datetime
) -> tuple[dict[str, Any], list[float]]:
    """The summary file, and the assumed threshold of each label; aggregate figures are the plain means over labels."""
    rows = [
        (box[0], box[5], hit) for image in tested for box, hit in zip(image.detections, matches(image), strict=True)
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    figures = []
    for number in range(len(labels)):
        own = table[table[:, 0] == number]
        objects = sum(truth[0] == number for image in tested for truth in image.truth)
        figures.append(label_figures(own[:, 1], own[:, 2].astype(bool), objects))
    metrics = ("F1Score", "Precision", "Recall", "Threshold")
    by_label: list[dict[str, Any]] = [
        {
            "Label": label,
            "NumberOfTestingImages": sum(any(truth[0] == number for truth in image.truth) for image in tested),
            "Metrics": {name: figures[number][name] for name in metrics},
        }
        for number, label in enumerate(labels)
    ]
    means = {name: float(np.mean([figure[name] for figure in figures])) for name in ("F1Score", "Precision", "Recall")}
    means["AveragePrecision"] = float(np.mean([figure["Average"] for figure in figures]))
    means["AverageRecall"] = float(np.mean([figure["Reached"] for figure in figures]))
    document = {
        "Version": 1,
        "EvaluationDetails": {
            "EvaluationEndTimestamp": iso(ended),
            "Labels": list(labels),
            "NumberOfTestingImages": len(tested),
            "NumberOfTrainingImages": training_images,
            "ProjectVersionArn": version_arn,
        },
        "AggregatedEvaluationResults": means,
        "LabelEvaluationResults": sorted(by_label, key=lambda figure: -figure["Metrics"]["F1Score"]),
    }
    return document, [figure["Threshold"] for figure in figures]


def truth_line(
    number: int,
    source_ref: str,
    size: tuple[int, int],
    truth: Sequence[Truth],
    labels: Sequence[str],
    ended: datetime,
) -> dict[str, Any]:
    """A line of the training snapshot: the image and what was taken as its truth."""
    line: dict[str, Any] = {"source-ref": source_ref, "rekognition-custom-labels-object-id": number}
    objects = [{"confidence": 1.0} for _ in truth]
    return line | _pair(f"{TRAINING}-0", size, truth, objects, labels, "yes", TRAINING, ended)


def evaluation_line(
    number: int, image: Examined, labels: Sequence[str], thresholds: Sequence[float], ended: datetime
) -> dict[str, Any]:
    """A line of the evaluation snapshot: the truth, and every box found with how it turned out."""
    line = truth_line(number, image.source_ref, image.size, image.truth, labels, ended)
    objects = []
    for box, present in zip(image.detections, matches(image), strict=True):
        predicted = box[5] >= thresholds[box[0]]
        details = outcome_details(predicted, present)
        objects.append({"confidence": box[5], f"{EVALUATION}-details": details})
    return line | _pair(EVALUATION, image.size, image.detections, objects, labels, "no", EVALUATION, ended)


def _pair(
    name: str,
    size: tuple[int, int],
    boxes: Sequence[Sequence[float]],
    objects: list[dict[str, Any]],
    labels: Sequence[str],
    human: str,
    job: str,
    ended: datetime,
) -> dict[str, Any]:
    annotations = [
        {
            "class_id": int(box[0]),
            "left": round(box[1]),
            "top": round(box[2]),
            "width": max(1, round(box[3])),
            "height": max(1, round(box[4])),
        }
        for box in boxes
    ]
    return {
        name: {"image_size": [{"width": size[0], "height": size[1], "depth": 3}], "annotations": annotations},
        f"{name}-metadata": {
            "objects": objects,
            "class-map": {str(int(box[0])): labels[int(box[0])] for box in boxes},
            "type": BOXES,
            "human-annotated": human,
            "creation-date": iso(ended),
            "job-name": f"{job}-job",
        },
    }

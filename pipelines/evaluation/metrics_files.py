"""A version's figures as files that DVC and the dashboards of CI read.

Source: DVC user guide, "Metrics" (JSON, nested objects are flattened) and "Visualizing plots" (CSV with a header; its
built-in templates linear and confusion).
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from customlabels.core.files import written_aside
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation
from customlabels.pipelines.evaluation.metrics import curve
from customlabels.pipelines.evaluation.snapshot import Snapshot, TestImage

NOTHING = "(nothing)"
"""Stands for no label: what is said where nothing is, or is there and not said."""

_STEPS = 100


def metrics_document(evaluation: Evaluation) -> dict[str, Any]:
    """The figures overall and by label, all 0..1 except the counts of images."""
    return {
        "version": evaluation.version,
        "f1": evaluation.f1,
        "precision": evaluation.precision,
        "recall": evaluation.recall,
        "training_images": evaluation.training_images,
        "testing_images": evaluation.testing_images,
        "labels": {
            metrics.label: {
                "f1": metrics.f1,
                "precision": metrics.precision,
                "recall": metrics.recall,
                "threshold": metrics.threshold,
                "test_images": metrics.images,
            }
            for metrics in evaluation.labels
        },
    }


def curve_table(snapshot: Snapshot) -> tuple[list[str], list[list[float | None]]]:
    """Columns and rows: precision and recall of each label at the thresholds 0, 0.01 … 1.

    None where it is not defined: a precision where nothing is said, both where a label is never true or never said.
    """
    columns, curves = ["threshold"], []
    for label in snapshot.labels:
        columns += [f"{label} precision", f"{label} recall"]
        curves.append(curve(snapshot, label))
    rows = []
    for step in range(_STEPS + 1):
        threshold = step / _STEPS
        row: list[float | None] = [threshold]
        for thresholds, precision, recall in curves:
            last = int(np.count_nonzero(thresholds >= threshold)) - 1
            if last >= 0:
                row += [float(precision[last]), float(recall[last])]
            else:
                row += [None, 0.0 if len(thresholds) else None]
        rows.append(row)
    return columns, rows


def confusion_rows(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Image, actual and predicted label: a row for each label that is on an image, or for each box.

    Of whole images the label said with the most confidence is the predicted one, as in metrics.confusion. Boxes count
    where they reach their threshold; one that is there and not found, or found and not there, pairs with NOTHING.
    """
    for image in snapshot.images:
        pairs = _box_pairs(image) if snapshot.boxes else _image_pairs(image)
        yield from ((image.source_ref, actual, predicted) for actual, predicted in pairs)


def write_metrics(path: Path, evaluation: Evaluation) -> None:
    """Writes the JSON, aside first."""
    _write(path, json.dumps(metrics_document(evaluation), indent=2, ensure_ascii=False) + "\n")


def write_curves(path: Path, snapshot: Snapshot) -> None:
    """Writes the curves as CSV, aside first; not defined is an empty cell."""
    columns, rows = curve_table(snapshot)
    _write(path, _csv(columns, [["" if value is None else f"{value:.6g}" for value in row] for row in rows]))


def write_confusion(path: Path, snapshot: Snapshot) -> None:
    """Writes the pairs as CSV, aside first."""
    _write(path, _csv(["image", "actual", "predicted"], sorted(confusion_rows(snapshot))))


def _image_pairs(image: TestImage) -> Iterator[tuple[str, str]]:
    best = max(image.predictions, key=lambda prediction: prediction.confidence).label if image.predictions else NOTHING
    yield from ((truth.label, best) for truth in image.truth)


def _box_pairs(image: TestImage) -> Iterator[tuple[str, str]]:
    hit = Counter(prediction.label for prediction in image.predictions if prediction.accepted and prediction.present)
    yield from ((label, label) for label in hit.elements())
    yield from (
        (NOTHING, prediction.label)
        for prediction in image.predictions
        if prediction.accepted and not prediction.present
    )
    missed = Counter(truth.label for truth in image.truth) - hit
    yield from ((label, NOTHING) for label in missed.elements())


def _csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    with written_aside(path) as file:
        file.write(text.encode())

"""Image-level labels: from usable lines to a model, its thresholds and the service's files."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customlabels.emulator.customlabels import evaluation
from customlabels.emulator.engine import classifier, features
from customlabels.emulator.engine.describing import described
from customlabels.emulator.engine.job_files import MODEL, write_lines
from customlabels.manifests.entries import Entry

Row = NDArray[np.float32]


def usable(state: Path, entries: Sequence[Entry]) -> tuple[list[tuple[Entry, Row]], set[int]]:
    """The labelled lines with their images' features, and the numbers of those whose images cannot be used."""
    labelled = [entry for entry in entries if entry.labels]
    rows = described(state, [entry.image for entry in labelled])
    lines = [(entry, row) for entry, row in zip(labelled, rows, strict=True) if row is not None]
    return lines, {entry.number for entry, row in zip(labelled, rows, strict=True) if row is None}


def train(
    folder: Path, version_arn: str, training: list[tuple[Entry, Row]], testing: list[tuple[Entry, Row]], seed: int
) -> dict[str, Any]:
    """Writes model, summary and snapshots; the outcome."""
    labels = tuple(sorted({label for entry, _ in training for label in entry.labels}))
    seen = _truth(training, labels)
    if seen.all(axis=0).any():
        return {"failed": "A label stands on every training image; there is nothing to tell it from."}
    by = features.describer()
    model = classifier.fit(np.stack([row for _, row in training]), seen, labels, seed, features.weights(by), by)
    scores = classifier.confidences(model, np.stack([row for _, row in testing]))
    truth = _truth(testing, labels)
    thresholds = [classifier.assumed_threshold(scores[:, number], truth[:, number]) for number in range(len(labels))]
    ended = datetime.now(UTC)
    classifier.save(model, folder / MODEL)
    result = evaluation.summary(
        version_arn=version_arn,
        labels=labels,
        scores=scores,
        truth=truth,
        thresholds=thresholds,
        training_images=len(training),
        ended=ended,
    )
    result["EvaluationDetails"]["Features"] = by
    write_lines(folder, "EvaluationResultSummary", [result])
    write_lines(
        folder,
        "TrainingGroundTruth",
        (
            evaluation.truth_line(number, str(entry.image), entry.labels, ended)
            for number, (entry, _) in enumerate(training, 1)
        ),
    )
    write_lines(
        folder,
        "TestingGroundTruth",
        (
            evaluation.evaluation_line(
                number,
                str(entry.image),
                labels=labels,
                scores=scores[number - 1],
                truth=truth[number - 1],
                thresholds=thresholds,
                ended=ended,
            )
            for number, (entry, _) in enumerate(testing, 1)
        ),
    )
    return {
        "features": by,
        "f1": result["AggregatedEvaluationResults"]["F1Score"],
        "labels": labels,
        "thresholds": thresholds,
        "training_images": len(training),
        "testing_images": len(testing),
    }


def _truth(lines: list[tuple[Entry, Row]], labels: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([[label in entry.labels for label in labels] for entry, _ in lines], dtype=bool)

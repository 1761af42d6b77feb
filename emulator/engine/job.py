"""One training from manifests and images to a model and its evaluation, run in a process of its own."""

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from customlabels.core.files import written_aside
from customlabels.datasets.limits import MAX_BYTES
from customlabels.emulator import evaluation
from customlabels.emulator.address import STATE_FILE
from customlabels.emulator.engine import classifier, features
from customlabels.emulator.engine.job_files import MODEL, OUTCOME
from customlabels.emulator.store import connect
from customlabels.manifests.entries import Entry, read_entries
from customlabels.manifests.faults import LINE, Fault
from customlabels.manifests.files import manifest_lines
from customlabels.manifests.validation import IMAGE_LEVEL_LABELS, Part, judge

_BATCH = 256


@dataclass(frozen=True, slots=True)
class _Images:
    """The usable lines of a manifest and the features of their images, (lines, length)."""

    entries: list[Entry]
    features: NDArray[np.float32]

    def truth(self, labels: Sequence[str]) -> NDArray[np.bool_]:
        return np.array([[label in entry.labels for label in labels] for entry in self.entries], dtype=bool)


def run(state: Path, folder: Path, version_arn: str, seed: int = 0) -> None:
    """Trains on `folder`/train.manifest and test.manifest; writes the model, the service's files and OUTCOME.

    Every file is there whole or not at all, OUTCOME last: where it is, the job is done.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        given = [_read(folder / name) for name in ("train.manifest", "test.manifest")]
        verdict = judge(*(_part(entries, set()) for entries in given))
        if not verdict.faults:
            connection = connect(state / STATE_FILE, read_only=True)
            usable = [_usable(entries, connection, pool) for entries in given]
            verdict = judge(*(_part(entries, bad) for entries, (_, bad) in zip(given, usable, strict=True)))
    if verdict.faults:
        _finish(folder, {"failed": verdict.faults[0].message})
        return
    if verdict.use_case != IMAGE_LEVEL_LABELS:
        _finish(folder, {"failed": "This local service does not train object localization yet."})
        return
    train, test = (images for images, _ in usable)
    labels = tuple(sorted({label for entry in train.entries for label in entry.labels}))
    if train.truth(labels).all(axis=0).any():
        _finish(folder, {"failed": "A label stands on every training image; there is nothing to tell it from."})
        return
    model = classifier.fit(train.features, train.truth(labels), labels, seed, features.weights())
    scores, truth = classifier.confidences(model, test.features), test.truth(labels)
    thresholds = [classifier.assumed_threshold(scores[:, place], truth[:, place]) for place in range(len(labels))]
    ended = datetime.now(UTC)
    classifier.save(model, folder / MODEL)
    result = evaluation.summary(
        version_arn=version_arn,
        labels=labels,
        scores=scores,
        truth=truth,
        thresholds=thresholds,
        training_images=len(train.entries),
        ended=ended,
    )
    _write(folder / "EvaluationResultSummary.json", [result])
    _write(
        folder / "TrainingGroundTruth.json",
        (
            evaluation.truth_line(number, str(entry.image), entry.labels, ended)
            for number, entry in enumerate(train.entries, 1)
        ),
    )
    _write(
        folder / "TestingGroundTruth.json",
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
            for number, entry in enumerate(test.entries, 1)
        ),
    )
    _finish(
        folder,
        {
            "f1": result["AggregatedEvaluationResults"]["F1Score"],
            "labels": labels,
            "thresholds": thresholds,
            "training_images": len(train.entries),
            "testing_images": len(test.entries),
        },
    )


def _read(path: Path) -> list[Entry]:
    return list(read_entries(manifest_lines(path)))


def _part(entries: list[Entry], bad: set[int]) -> Part:
    """What the lines come to, those whose numbers are in `bad` having an image that cannot be used."""
    part = Part()
    for entry in entries:
        part.add(entry, Fault("ERROR_INVALID_IMAGE", LINE) if entry.number in bad else None)
    return part


def _usable(entries: list[Entry], connection: sqlite3.Connection, pool: ThreadPoolExecutor) -> tuple[_Images, set[int]]:
    """The lines with image-level labels whose images can be used, and the numbers of those whose images cannot."""
    wanted = [entry for entry in entries if entry.labels]
    kept: list[Entry] = []
    rows: list[NDArray[np.float32]] = []
    bad: set[int] = set()
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        bodies = [_body(connection, entry) for entry in batch]
        for entry, row in zip(batch, pool.map(_row, bodies), strict=True):
            if row is None:
                bad.add(entry.number)
            else:
                kept.append(entry)
                rows.append(row)
    return _Images(kept, np.array(rows)), bad


def _body(connection: sqlite3.Connection, entry: Entry) -> bytes | None:
    if entry.image is None:
        return None
    row = connection.execute(
        "SELECT body FROM object WHERE bucket = ? AND key = ? ORDER BY position DESC LIMIT 1",
        (entry.image.bucket, entry.image.key),
    ).fetchone()
    return row[0] if row else None


def _row(body: bytes | None) -> NDArray[np.float32] | None:
    if body is None or len(body) > MAX_BYTES:
        return None
    try:
        return features.describe(features.decode(body))
    except ValueError:
        return None


def _write(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    with written_aside(path) as file:
        for line in lines:
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def _finish(folder: Path, outcome: dict[str, Any]) -> None:
    with written_aside(folder / OUTCOME) as file:
        file.write(json.dumps(outcome).encode())


def _end_with_parent() -> None:
    """Ends this process when the service that started it is gone, however it went."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])

"""Files that a training leaves in its folder, and what its process says."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from customlabels.core.files import written_aside

MODEL = "model.npz"
OUTCOME = "outcome.json"
LOG = "log.txt"
BEGUN, ENDED = b"begun\n", b"ended\n"
"""What a process that trains says of each training."""

RESULTS = (
    "EvaluationResultSummary",
    "ManifestSummary",
    "TrainingGroundTruth",
    "TestingGroundTruth",
    "TrainingManifestWithValidation",
    "TestingManifestWithValidation",
)
"""What goes to the output bucket, each in a file of its name and .json."""


def write_lines(folder: Path, name: str, lines: Iterable[dict[str, Any]]) -> None:
    """Writes one of RESULTS, a JSON object a line."""
    with written_aside(folder / f"{name}.json") as file:
        for line in lines:
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def finish(folder: Path, outcome: dict[str, Any]) -> None:
    """Writes OUTCOME, which says that the job is done."""
    with written_aside(folder / OUTCOME) as file:
        file.write(json.dumps(outcome).encode())

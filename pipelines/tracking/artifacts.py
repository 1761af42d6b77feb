"""The files that go with a version's run: what it was trained and tested on, what it said, and the report."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws.s3_reading import GONE, download
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.pipelines.evaluation import metrics_files, report
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.results import manifest_of
from customlabels.pipelines.evaluation.training_snapshot import load_training
from customlabels.pipelines.service.versions import Description

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GALLERY = 24


def gather(
    folder: Path,
    project: str,
    description: Description,
    measured: Measured,
    made_of: Mapping[str, str],
    s3: "S3Client",
    warn: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Puts the files into `folder`, always under the same names; what is gone from S3 is left out.

    Parameters
    ----------
    warn : told of each line of the training snapshot that cannot be read

    Raises
    ------
    ServiceError : a file or a test image may not be read
    """
    summary = description.get("EvaluationResult", {}).get("Summary", {}).get("S3Object")
    locations = {
        "manifests/train.manifest": manifest_of(description.get("TrainingDataResult"), "Output"),
        "manifests/test.manifest": manifest_of(description.get("TestingDataResult"), "Output"),
        "summary.json": S3Address(summary["Bucket"], summary["Name"]) if summary else None,
    }
    for name, location in locations.items():
        if location is not None:
            _fetch(s3, location, folder / name)
    metrics_files.write_metrics(folder / "metrics.json", measured.evaluation)
    if measured.snapshot is not None:
        metrics_files.write_curves(folder / "plots.csv", measured.snapshot)
        metrics_files.write_confusion(folder / "confusion.csv", measured.snapshot)
    (folder / "lineage.json").write_text(json.dumps(dict(made_of), indent=2, ensure_ascii=False))
    made: datetime = description.get("TrainingEndTimestamp") or description["CreationTimestamp"]
    training = load_training(s3, description)
    for sentence in training.unread:
        warn(sentence)
    page = report.report(
        project,
        measured,
        None,
        tags=made_of,
        training=training.counts,
        s3=s3,
        most_images=_GALLERY,
        made=made,
    )
    report.write(folder / "report.html", page)


def _fetch(s3: "S3Client", address: S3Address, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        download(s3, address, path)
    except ServiceError as error:
        if error.code not in GONE:
            raise

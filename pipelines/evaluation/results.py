"""What the service wrote about a version, fetched from where its description says it lies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from customlabels.aws.s3_reading import lines
from customlabels.core.addresses import S3Address
from customlabels.pipelines.evaluation.evaluation_summary import read_evaluation
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.snapshot import Snapshot, parse_snapshot
from customlabels.pipelines.service.versions import Description, version_name

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


_MOST_TOLD = 5
"""Lines that could not be read and are named one by one."""


def measure(s3: "S3Client", description: Description) -> Measured:
    """The version's evaluation and snapshot; what cannot be read of them is told in `unread`.

    Raises
    ------
    ServiceError : it has no evaluation, or a file of it may not be read
    """
    evaluation, left_out = read_evaluation(s3, description)
    thresholds = {metrics.label: metrics.threshold for metrics in evaluation.labels}
    snapshot = load_snapshot(s3, description, thresholds)
    if snapshot is None:
        return Measured(evaluation, None, left_out)
    unread = named_faults(str(manifest_of(description.get("TestingDataResult"), "Output")), snapshot.unread)
    # A snapshot without a line that can be read tells nothing, like one that is gone.
    return Measured(evaluation, snapshot if snapshot.images else None, (*left_out, *unread))


def load_snapshot(s3: "S3Client", description: Description, thresholds: dict[str, float]) -> Snapshot | None:
    """The evaluation manifest snapshot, as far as it can be read; None where it is not there any more.

    Raises
    ------
    ServiceError : it may not be read
    """
    address = manifest_of(description.get("TestingDataResult"), "Output")
    snapshot = lines(s3, address) if address else None
    return None if snapshot is None else parse_snapshot(version_name(description), snapshot, thresholds)


def named_faults(file: str, faults: Sequence[str]) -> tuple[str, ...]:
    """The first few faults of a file's lines, one sentence each that names it, and how many more there are."""
    sentences = tuple(f"{file}, {fault}" for fault in faults[:_MOST_TOLD])
    more = len(faults) - _MOST_TOLD
    return (*sentences, f"{file}: and {more} more lines") if more > 0 else sentences


def manifest_of(result: Any, part: str) -> S3Address | None:
    """Where the manifest of a TrainingDataResult or TestingDataResult lies; `part` is Input, Output or Validation."""
    assets = (result or {}).get(part, {}).get("Assets", [])
    location = assets[0].get("GroundTruthManifest", {}).get("S3Object") if assets else None
    return S3Address(location["Bucket"], location["Name"]) if location else None

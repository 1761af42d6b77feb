"""What the service says of a version's quality, read from its summary file."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customlabels.aws.s3 import get
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.pipelines.service.versions import Description, version_name

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class LabelMetrics:
    """One label on the test set, all 0..1; `threshold` is the assumed threshold, the one with the best F1."""

    label: str
    images: int
    precision: float
    recall: float
    f1: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A version on its test set; overall figures are the plain means over labels."""

    version: str
    training_images: int
    testing_images: int
    precision: float
    recall: float
    f1: float
    labels: tuple[LabelMetrics, ...]


def parse_summary(version: str, summary: dict[str, Any]) -> Evaluation:
    """The evaluation in a summary file, whose overall figures stand flat or below Metrics.

    Raises
    ------
    ValueError : it is no summary file

    Source: Custom Labels developer guide, im-summary-file-api.md.
    """
    try:
        details, overall = summary["EvaluationDetails"], summary["AggregatedEvaluationResults"]
        overall = {**overall, **overall.get("Metrics", {})}
        labels = tuple(
            LabelMetrics(
                label=result["Label"],
                images=int(result["NumberOfTestingImages"]),
                precision=float(result["Metrics"]["Precision"]),
                recall=float(result["Metrics"]["Recall"]),
                f1=float(result["Metrics"]["F1Score"]),
                threshold=float(result["Metrics"].get("Threshold", 0.0)),
            )
            for result in summary["LabelEvaluationResults"]
        )
        return Evaluation(
            version=version,
            training_images=int(details["NumberOfTrainingImages"]),
            testing_images=int(details["NumberOfTestingImages"]),
            precision=float(overall["Precision"]),
            recall=float(overall["Recall"]),
            f1=float(overall["F1Score"]),
            labels=tuple(sorted(labels, key=lambda metrics: metrics.label)),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no evaluation summary: {error!r}") from error


def load_evaluation(s3: "S3Client", description: Description) -> Evaluation:
    """The evaluation of a trained version; its place is taken from the service's answer, never built.

    Raises
    ------
    ServiceError : the version has none, or its file is gone or damaged
    """
    name = version_name(description)
    location = description.get("EvaluationResult", {}).get("Summary", {}).get("S3Object")
    if not location:
        raise ServiceError(f"version {name} has no evaluation: it is {description['Status']}")
    address = S3Address(location["Bucket"], location["Name"])
    try:
        return parse_summary(name, json.loads(get(s3, address)))
    except ValueError as error:
        raise ServiceError(f"{address}: {error}") from error

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
    ValueError : it is no summary file, or a part of it is of another form

    Source: Custom Labels developer guide, im-summary-file-api.md.
    """
    evaluation, left_out = read_summary(version, summary)
    if left_out:
        raise ValueError(left_out[0])
    return evaluation


def read_summary(version: str, summary: Any, f1: float | None = None) -> tuple[Evaluation, tuple[str, ...]]:
    """The evaluation as far as the summary file can be read, and a sentence for each part that cannot.

    Parameters
    ----------
    f1 : as the version's description has it, where the file does not tell

    Raises
    ------
    ValueError : nothing of it can be used
    """
    left_out: list[str] = []
    labels: list[LabelMetrics] = []
    results = summary.get("LabelEvaluationResults") if isinstance(summary, dict) else None
    if not isinstance(results, list):
        raise ValueError("no evaluation summary: LabelEvaluationResults is no list")
    for number, result in enumerate(results, 1):
        try:
            labels.append(_label_metrics(result))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            left_out.append(f"no evaluation summary of label {number}: {error!r}")
    if not labels:
        raise ValueError(left_out[0] if left_out else "no evaluation summary: it has no label")
    details, overall = (_part(summary, name, left_out) for name in ("EvaluationDetails", "AggregatedEvaluationResults"))
    overall = {**overall, **_part(overall, "Metrics", left_out, optional=True)}

    def figure(name: str, mean: float) -> float:
        try:
            return float(overall[name])
        except (KeyError, TypeError, ValueError) as error:
            left_out.append(f"no evaluation summary: {name} is taken from its labels: {error!r}")
            return mean

    def count(name: str) -> int:
        try:
            return int(details[name])
        except (KeyError, TypeError, ValueError) as error:
            left_out.append(f"no evaluation summary: {name} is not known: {error!r}")
            return 0

    def mean(name: str) -> float:
        return sum(float(getattr(metrics, name)) for metrics in labels) / len(labels)

    evaluation = Evaluation(
        version=version,
        training_images=count("NumberOfTrainingImages"),
        testing_images=count("NumberOfTestingImages"),
        precision=figure("Precision", mean("precision")),
        recall=figure("Recall", mean("recall")),
        f1=figure("F1Score", mean("f1") if f1 is None else f1),
        labels=tuple(sorted(labels, key=lambda metrics: metrics.label)),
    )
    return evaluation, tuple(left_out)


def _label_metrics(result: dict[str, Any]) -> LabelMetrics:
    return LabelMetrics(
        label=result["Label"],
        images=int(result["NumberOfTestingImages"]),
        precision=float(result["Metrics"]["Precision"]),
        recall=float(result["Metrics"]["Recall"]),
        f1=float(result["Metrics"]["F1Score"]),
        threshold=float(result["Metrics"].get("Threshold", 0.0)),
    )


def _part(document: dict[str, Any], name: str, left_out: list[str], *, optional: bool = False) -> dict[str, Any]:
    """An object of the document; empty where it is none."""
    part = document.get(name, {} if optional else None)
    if isinstance(part, dict):
        return part
    left_out.append(f"no evaluation summary: {name} is no object")
    return {}


def load_evaluation(s3: "S3Client", description: Description) -> Evaluation:
    """The evaluation of a trained version, as far as it can be read; see read_evaluation."""
    return read_evaluation(s3, description)[0]


def read_evaluation(s3: "S3Client", description: Description) -> tuple[Evaluation, tuple[str, ...]]:
    """The evaluation of a trained version, and a sentence for each part of it that cannot be read.

    The file's place is taken from the service's answer, never built.

    Raises
    ------
    ServiceError : the version has none, or its file is gone or damaged
    """
    name, result = version_name(description), description.get("EvaluationResult", {})
    stored = result.get("Summary", {}).get("S3Object")
    if not stored:
        raise ServiceError(f"version {name} has no evaluation: it is {description['Status']}")
    address = S3Address(stored["Bucket"], stored["Name"])
    try:
        evaluation, left_out = read_summary(name, json.loads(get(s3, address)), result.get("F1Score"))
    except ValueError as error:
        raise ServiceError(f"{address}: {error}") from error
    return evaluation, tuple(f"{address}: {sentence}" for sentence in left_out)

"""What the service says of a version's quality, read from its summary file."""

import json
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from customlabels.aws.s3_reading import get
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
    """A version on its test set; overall figures are the plain means over labels.

    Parameters
    ----------
    unproved : what the service's file does not tell in a way that can be used: `label 3`, or a metric whose figure here
        is the mean of the labels that can be read; no gate is passed on it
    """

    version: str
    training_images: int
    testing_images: int
    precision: float
    recall: float
    f1: float
    labels: tuple[LabelMetrics, ...]
    unproved: tuple[str, ...] = ()


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

    A figure that is none, as NaN, or lies outside 0..1 cannot be read.

    Parameters
    ----------
    f1 : as the version's description has it, where the file does not tell

    Raises
    ------
    ValueError : nothing of it can be used
    """
    left_out: list[str] = []
    unproved: list[str] = []
    labels: list[LabelMetrics] = []
    results = summary.get("LabelEvaluationResults") if isinstance(summary, dict) else None
    if not isinstance(results, list):
        raise ValueError("no evaluation summary: LabelEvaluationResults is no list")
    for number, result in enumerate(results, 1):
        try:
            labels.append(_label_metrics(result))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            left_out.append(f"no evaluation summary of label {number}: {error!r}")
            unproved.append(f"label {number}")
    unread = len(unproved)
    if not labels:
        raise ValueError(left_out[0] if left_out else "no evaluation summary: it has no label")
    details, overall = (_part(summary, name, left_out) for name in ("EvaluationDetails", "AggregatedEvaluationResults"))
    overall = {**overall, **_part(overall, "Metrics", left_out, optional=True)}

    def figure(name: str, metric: str, described: float | None = None) -> float:
        try:
            return _share(overall[name])
        except (KeyError, TypeError, ValueError) as error:
            fault = repr(error)
        try:
            share = _share(described)
        except (TypeError, ValueError):
            left_out.append(f"no evaluation summary: {name} is taken from its labels: {fault}")
            unproved.extend([metric] if unread else [])
            return sum(float(getattr(metrics, metric)) for metrics in labels) / len(labels)
        left_out.append(f"no evaluation summary: {name} is taken from the version's description: {fault}")
        return share

    def count(name: str) -> int:
        try:
            return _count(details[name])
        except (KeyError, TypeError, ValueError) as error:
            left_out.append(f"no evaluation summary: {name} is not known: {error!r}")
            return 0

    evaluation = Evaluation(
        version=version,
        training_images=count("NumberOfTrainingImages"),
        testing_images=count("NumberOfTestingImages"),
        precision=figure("Precision", "precision"),
        recall=figure("Recall", "recall"),
        f1=figure("F1Score", "f1", f1),
        labels=tuple(sorted(labels, key=lambda metrics: metrics.label)),
    )
    return replace(evaluation, unproved=tuple(unproved)), tuple(left_out)


def _share(figure: Any) -> float:
    """The figure, where it is one of 0..1; NaN is none.

    Raises
    ------
    ValueError, TypeError : it is not
    """
    share = _number(figure)
    if not 0 <= share <= 1:
        raise ValueError(f"{figure!r} is not from 0 to 1")
    return share


def _number(figure: Any) -> float:
    try:
        return float(figure)
    except OverflowError as error:
        raise ValueError(f"{str(figure)[:20]}… is too large") from error


def _count(figure: Any) -> int:
    """The figure, where it is a whole number from 0 up.

    Raises
    ------
    ValueError, TypeError : it is not
    """
    count = _number(figure)
    if not (math.isfinite(count) and count >= 0 and count == int(count)):
        raise ValueError(f"{figure!r} is no count")
    return int(count)


def _label_metrics(result: dict[str, Any]) -> LabelMetrics:
    if not isinstance(result["Label"], str):
        raise TypeError(f"{result['Label']!r} is no name of a label")
    return LabelMetrics(
        label=result["Label"],
        images=_count(result["NumberOfTestingImages"]),
        precision=_share(result["Metrics"]["Precision"]),
        recall=_share(result["Metrics"]["Recall"]),
        f1=_share(result["Metrics"]["F1Score"]),
        threshold=_share(result["Metrics"].get("Threshold", 0.0)),
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

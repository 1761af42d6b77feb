"""What is logged of a version. The same version gives the same record, so that it may be logged again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from customlabels.core.prices import training_cost
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation
from customlabels.pipelines.model_alias import ARN_TAG
from customlabels.pipelines.service.versions import Description, version_name
from customlabels.pipelines.training import lineage

"""By which run and model version are found again."""

_OURS = "customlabels:"
_REFUSED = re.compile(r"[^\w\-. ]")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Record:
    """A version as a run.

    Parameters
    ----------
    params : what it was made of; they never change, as MLflow wants it
    metrics : its figures
    tags : what may be set anew
    began, ended : of its training, in milliseconds since 1970
    """

    project: str
    version: str
    arn: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    began: int
    ended: int


def make_record(
    project: str, description: Description, evaluation: Evaluation, made_of: Mapping[str, str], gate: str | None
) -> Record:
    """The record of a trained version.

    Parameters
    ----------
    made_of : the version's own tags; those of customlabels become parameters
    gate : how its gate came out, None where nothing was asked
    """
    arn, name = description["ProjectVersionArn"], version_name(description)
    params = {
        tag.removeprefix("customlabels:"): text for tag, text in made_of.items() if tag.startswith("customlabels:")
    }
    params |= {
        "training_images": str(evaluation.training_images),
        "testing_images": str(evaluation.testing_images),
        "labels": str(len(evaluation.labels)),
    }
    tags = {ARN_TAG: arn, "customlabels.version": name, "customlabels.f1": f"{evaluation.f1:.4f}"}
    for tag in (lineage.TRAIN_TAG, lineage.TEST_TAG):
        if tag in made_of:
            tags[tag.replace(":", ".")] = made_of[tag]
    if gate is not None:
        tags["customlabels.gate"] = gate
    began = description["CreationTimestamp"]
    ended = description.get("TrainingEndTimestamp") or began
    metrics = _metrics(evaluation, description.get("BillableTrainingTimeInSeconds"))
    return Record(project, name, arn, params, metrics, tags, _milliseconds(began), _milliseconds(ended))


def _metrics(evaluation: Evaluation, seconds: int | None) -> dict[str, float]:
    metrics = {"f1": evaluation.f1, "precision": evaluation.precision, "recall": evaluation.recall}
    if seconds is not None:
        metrics |= {"training_seconds": float(seconds), "training_dollars": training_cost(seconds)}
    names = metric_names(label_metrics.label for label_metrics in evaluation.labels)
    for label_metrics in evaluation.labels:
        name = names[label_metrics.label]
        metrics |= {
            f"f1/{name}": label_metrics.f1,
            f"precision/{name}": label_metrics.precision,
            f"recall/{name}": label_metrics.recall,
            f"threshold/{name}": label_metrics.threshold,
            f"test_images/{name}": float(label_metrics.images),
        }
    return metrics


def metric_names(labels: Iterable[str]) -> dict[str, str]:
    """A part of a metric's name for each label, different ones for different labels.

    Source: mlflow.utils.validation: letters, digits, "_-. :/", at most 250 characters, and no "." or ".." as a part.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for label in sorted(labels):
        stem = _REFUSED.sub("_", label)[:_LONGEST_NAME]
        stem = stem if stem.strip(".") else "_" * max(1, len(stem))
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name)
        names[label] = name
    return names


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

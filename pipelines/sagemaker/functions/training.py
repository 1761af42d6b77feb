"""A training that is started by one step, and whose end another is told of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError, SettingsError, TrainingFailed
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import find_version, is_trained, version_tags

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

LONGEST = timedelta(hours=26)
"""After which a training is not waited for any more."""

_FIRST, _LAST = 15, 300
"""Seconds between looks; each time twice as long, from the first to the last."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A version whose training has ended well."""

    arn: str
    seconds: int
    """That were billed; 0 where that is not known."""


def start(rekognition: "RekognitionClient", ticket: Mapping[str, Any]) -> bool:
    """Sees that the ticket's version is being trained; whether a training had to be started.

    Raises
    ------
    SettingsError : a version of that name was trained on other images
    ServiceError : the datasets have changed meanwhile, or the training is refused
    """
    if _is_there(rekognition, ticket):
        return False
    _check_datasets(rekognition, ticket)
    given = {"KmsKeyId": ticket["kms_key"]} if ticket["kms_key"] else {}
    try:
        with explained(f"training version {ticket['version']}"):
            rekognition.create_project_version(
                ProjectArn=ticket["project_arn"],
                VersionName=ticket["version"],
                OutputConfig={"S3Bucket": ticket["bucket"], "S3KeyPrefix": ticket["output"]},
                Tags=ticket["tags"],
                VersionDescription=ticket["description"],
                **given,
            )
    except ServiceError as error:
        # An earlier attempt of this step was first.
        if error.code != "ResourceInUseException" or not _is_there(rekognition, ticket):
            raise
        return False
    return True


def _is_there(rekognition: "RekognitionClient", ticket: Mapping[str, Any]) -> bool:
    there = find_version(rekognition, ticket["project_arn"], ticket["version"])
    if there is None:
        return False
    held = version_tags(rekognition, there)
    if any(held.get(name) != value for name, value in ticket["tags"].items() if name.endswith("-digest")):
        raise SettingsError(f"version {ticket['version']} exists and was trained on other images")
    return True


def _check_datasets(rekognition: "RekognitionClient", ticket: Mapping[str, Any]) -> None:
    """Sees that the project's datasets are still those of the ticket: another execution may have changed them."""
    with explained(f"project {ticket['project']}"):
        found = rekognition.describe_projects(ProjectNames=[ticket["project"]])["ProjectDescriptions"]
    held = {one["DatasetType"].lower(): one["DatasetArn"] for one in (found[0].get("Datasets", []) if found else [])}
    for side, digest in ticket["datasets"].items():
        with explained(f"tags of the {side} dataset"):
            arn = held.get(side, "")
            tags = rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] if arn else {}
        if tags.get(ticket["dataset_tag"]) != digest:
            raise ServiceError(
                f"another run has changed the {side} dataset of {ticket['project']} meanwhile; nothing was trained"
            )


def ended(
    rekognition: "RekognitionClient", project_arn: str, version: str, since: datetime, now: datetime
) -> Trained | None:
    """The version once its training has ended; None while it goes on.

    Raises
    ------
    TrainingFailed : it ended badly, or takes longer than a training may
    """
    found = find_version(rekognition, project_arn, version)
    if found is None:
        raise TrainingFailed(f"version {version} has been deleted")
    if found["Status"] == State.TRAINING_FAILED:
        reason = found.get("StatusMessage", "no reason given")
        raise TrainingFailed(f"version {version} could not be trained: {reason}")
    if is_trained(found):
        return Trained(found["ProjectVersionArn"], found.get("BillableTrainingTimeInSeconds", 0))
    if now - since > LONGEST:
        raise TrainingFailed(f"version {version} is not trained after {LONGEST / timedelta(hours=1):.0f} hours")
    return None


def pause(looks: int) -> int:
    """Seconds until the next look, after so many."""
    return int(min(_FIRST * 2 ** min(looks - 1, 10), _LAST))

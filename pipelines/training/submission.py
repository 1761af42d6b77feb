"""A training started once, looked after, waited for, and explained where it fails. Light: functions use it too."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError, SettingsError, TrainingFailed
from customlabels.core.waiting import wait_for
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import Description, find_version, is_trained, version_tags
from customlabels.pipelines.training.failure import training_complaints
from customlabels.pipelines.training.ticket import DATASET_TAG, Ticket, digest_tag

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

LONGEST_TRAINING = 26 * 3600.0
"""Seconds after which a training is not waited for any more."""


def start_training(
    rekognition: "RekognitionClient", ticket: Ticket, manifests: Mapping[str, S3Address] | None = None
) -> bool:
    """Sees that the ticket's version is being trained; whether a training had to be started.

    Parameters
    ----------
    manifests : `train` and `test`, to train from instead of the project's datasets

    Raises
    ------
    SettingsError : a version of that name was trained on other images
    ServiceError : another run has changed the datasets meanwhile, or the training is refused
    """
    version = find_version(rekognition, ticket.project_arn, ticket.version)
    if version is not None:
        check_same(rekognition, version, ticket)
        return False
    given: dict[str, Any] = {}
    if manifests is not None:
        given["TrainingData"] = {"Assets": [_asset(manifests["train"])]}
        given["TestingData"] = {"Assets": [_asset(manifests["test"])]}
    else:
        check_held(rekognition, ticket)
    if ticket.kms_key:
        given["KmsKeyId"] = ticket.kms_key
    try:
        with explained(f"training version {ticket.version}"):
            rekognition.create_project_version(
                ProjectArn=ticket.project_arn,
                VersionName=ticket.version,
                OutputConfig={"S3Bucket": ticket.bucket, "S3KeyPrefix": ticket.output},
                Tags=ticket.tags,
                VersionDescription=ticket.description,
                **given,
            )
    except ServiceError as error:
        # Another run, or an earlier attempt of this call, was first: what counts is that the version is this one.
        if error.code == "ResourceInUseException":
            version = find_version(rekognition, ticket.project_arn, ticket.version)
        if version is None:
            raise
        check_same(rekognition, version, ticket)
        return False
    return True


def _asset(manifest: S3Address) -> dict[str, Any]:
    return {"GroundTruthManifest": {"S3Object": {"Bucket": manifest.bucket, "Name": manifest.key}}}


def check_same(rekognition: "RekognitionClient", version: Description, ticket: Ticket) -> None:
    """Sees that a version is that of the ticket.

    Raises
    ------
    SettingsError : it was trained on other images
    """
    tags = version_tags(rekognition, version)
    if any(tags.get(digest_tag(side)) != digest for side, digest in ticket.digests.items()):
        raise SettingsError(
            f"version {ticket.version} exists and was trained on other images",
            hint="give another --version-name, or none: the default is made from the images",
        )


def check_held(rekognition: "RekognitionClient", ticket: Ticket) -> None:
    """Sees that the project's datasets still hold the ticket's images, right before they are trained on.

    Raises
    ------
    ServiceError : another run has changed them meanwhile
    """
    project = find_project(rekognition, ticket.project)
    held = {dataset["DatasetType"].lower(): dataset["DatasetArn"] for dataset in (project or {}).get("Datasets", [])}
    for side, digest in ticket.datasets.items():
        with explained(f"tags of the {side} dataset"):
            arn = held.get(side, "")
            tags = rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] if arn else {}
        if tags.get(DATASET_TAG) != digest:
            raise ServiceError(
                f"another run has changed the {side} dataset of {ticket.project} meanwhile; nothing was trained",
                hint="run the same command again; --external-manifests lets runs with different images go side by side",
            )


def trained(
    rekognition: "RekognitionClient",
    project_arn: str,
    name: str,
    complaints: Callable[[Description], list[str]] = lambda version: [],
) -> Description | None:
    """The version's description once it is trained; None while the training goes on.

    Parameters
    ----------
    complaints : gives what the service found, where it could not train

    Raises
    ------
    TrainingFailed : the service could not train it, or it has been deleted
    """
    version = find_version(rekognition, project_arn, name)
    if version is None:
        raise TrainingFailed(f"version {name} has been deleted")
    if version["Status"] == State.TRAINING_FAILED:
        raise TrainingFailed(
            f"version {name} could not be trained: {version.get('StatusMessage', 'no reason given')}",
            details=complaints(version),
            hint=f"mend the cause, then: customlabels versions delete {name}, and run the same command again",
        )
    return version if is_trained(version) else None


def wait_trained(
    rekognition: "RekognitionClient",
    s3: "S3Client",
    project_arn: str,
    name: str,
    *,
    tick: Callable[[float], None] = lambda seconds: None,
    notify: Callable[[str], None] = lambda sentence: None,
) -> Description:
    """The version's description once it is trained.

    boto3's waiter is no base: it gives up after 12 hours where a training may take 24, and waits for ever on a
    version that was started meanwhile.

    Raises
    ------
    TrainingFailed : the service could not train it; with the codes and lines of what it found
    """

    def complaints(version: Description) -> list[str]:
        return [str(complaint) for complaint in training_complaints(s3, version)]

    return wait_for(
        lambda: trained(rekognition, project_arn, name, complaints),
        what=f"training of {name}",
        most=LONGEST_TRAINING,
        tick=tick,
        notify=notify,
    )

"""A training started once, looked after, waited for, and explained where it fails. Light: functions use it too."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError, SettingsError, TrainingFailed
from customlabels.core.waiting import GRACE, wait_for
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.service.states import State, is_known
from customlabels.pipelines.service.versions import Description, find_version, is_trained, version_tags
from customlabels.pipelines.training.dataset_marks import manifests_of, mark_address, read_mark
from customlabels.pipelines.training.failure import training_complaints
from customlabels.pipelines.training.ticket import Ticket, digest_tag

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

LONGEST_TRAINING = 26 * 3600.0
"""Seconds after which a training is not waited for any more."""


def start_training(
    rekognition: "RekognitionClient",
    s3: "S3Client",
    ticket: Ticket,
    manifests: Mapping[str, S3Address] | None = None,
    *,
    patience: float = 0.0,
) -> bool:
    """Sees that the ticket's version is being trained; whether a training had to be started.

    Parameters
    ----------
    manifests : `train` and `test`, to train from instead of the project's datasets
    patience : seconds for which the datasets may still show as they were before

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
        check_held(rekognition, s3, ticket, patience=patience)
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
        if error.code != "ResourceInUseException":
            raise
        version = _appearing(rekognition, ticket)
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


def _appearing(rekognition: "RekognitionClient", ticket: Ticket) -> Description | None:
    """The version that is said to be in use; it may show late. None where something else was meant."""
    try:
        return wait_for(
            lambda: find_version(rekognition, ticket.project_arn, ticket.version),
            what=f"version {ticket.version}",
            most=GRACE,
        )
    except ServiceError:
        return None


def check_held(rekognition: "RekognitionClient", s3: "S3Client", ticket: Ticket, *, patience: float = 0.0) -> None:
    """Sees that the project's datasets still hold the ticket's images, right before they are trained on.

    Parameters
    ----------
    patience : seconds for which they may still show as they were before one's own changes

    Raises
    ------
    ServiceError : another run has changed them meanwhile
    """
    until = time.monotonic() + patience

    def look() -> list[str] | None:
        changed = _changed_sides(rekognition, s3, ticket)
        return None if changed and time.monotonic() < until else changed

    for side in wait_for(look, what="the datasets", most=patience + GRACE):
        raise ServiceError(
            f"another run has changed the {side} dataset of {ticket.project} meanwhile; nothing was trained",
            hint="run the same command again; --external-manifests lets runs with different images go side by side",
        )


def _changed_sides(rekognition: "RekognitionClient", s3: "S3Client", ticket: Ticket) -> list[str]:
    """The sides whose dataset does not hold what the ticket says."""
    project = find_project(rekognition, ticket.project)
    held = (project or {}).get("Datasets", [])
    datasets = {dataset["DatasetType"].lower(): dataset["DatasetArn"] for dataset in held}
    changed = []
    for side, digest in ticket.datasets.items():
        arn = datasets.get(side, "")
        address = mark_address(manifests_of(ticket), side, arn)
        if not arn or read_mark(rekognition, s3, arn, address) != digest:
            changed.append(side)
    return changed


def trained(
    rekognition: "RekognitionClient",
    project_arn: str,
    name: str,
    complaints: Callable[[Description], list[str]] = lambda version: [],
    *,
    fresh: bool = False,
) -> Description | None:
    """The version's description once it is trained; None while the training goes on.

    Parameters
    ----------
    complaints : gives what the service found, where it could not train
    fresh : whether the training was started a moment ago, so that its absence means nothing yet

    Raises
    ------
    TrainingFailed : the service could not train it, it has been deleted, or it is in a state without a way to an end
    """
    version = find_version(rekognition, project_arn, name)
    if version is None:
        if fresh:
            return None
        raise TrainingFailed(f"version {name} has been deleted")
    if version["Status"] == State.TRAINING_FAILED:
        raise TrainingFailed(
            f"version {name} could not be trained: {version.get('StatusMessage', 'no reason given')}",
            details=complaints(version),
            hint=f"mend the cause, then: customlabels versions delete {name}, and run the same command again",
        )
    if is_trained(version):
        return version
    if fresh or version["Status"] == State.TRAINING_IN_PROGRESS or not is_known(version["Status"]):
        return None
    raise TrainingFailed(
        f"version {name} is {version['Status']} and has no evaluation: its training does not go on",
        hint="customlabels versions list shows it; name another with --version-name",
    )


def wait_trained(
    rekognition: "RekognitionClient",
    s3: "S3Client",
    project_arn: str,
    name: str,
    *,
    started: bool = False,
    tick: Callable[[float], None] = lambda seconds: None,
    notify: Callable[[str], None] = lambda sentence: None,
) -> Description:
    """The version's description once it is trained.

    Parameters
    ----------
    started : whether the training was started by this run: for GRACE seconds the version may not show

    boto3's waiter is no base: it gives up after 12 hours where a training may take 24, and waits for ever on a
    version that was started meanwhile.

    Raises
    ------
    TrainingFailed : the service could not train it; with the codes and lines of what it found
    """

    def complaints(version: Description) -> list[str]:
        return [str(complaint) for complaint in training_complaints(s3, version)]

    until = time.monotonic() + GRACE if started else 0.0
    return wait_for(
        lambda: trained(rekognition, project_arn, name, complaints, fresh=time.monotonic() < until),
        what=f"training of {name}",
        most=LONGEST_TRAINING,
        tick=tick,
        notify=notify,
    )

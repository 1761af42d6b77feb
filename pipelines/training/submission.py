"""A training started once, waited for, and explained where it fails."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError, SettingsError, TrainingFailed
from customlabels.core.waiting import wait_for
from customlabels.datasets.model import Side
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import Description, find_version, is_trained, version_tags
from customlabels.pipelines.training import lineage
from customlabels.pipelines.training.failure import training_complaints
from customlabels.pipelines.training.run_plan import Plan

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

_LONGEST_TRAINING = 26 * 3600.0


def start_training(
    rekognition: "RekognitionClient",
    project_arn: str,
    plan: Plan,
    manifests: Mapping[Side, S3Address] | None = None,
) -> bool:
    """Sees that the plan's version is being trained; whether a training had to be started.

    Parameters
    ----------
    manifests : to train from instead of the project's datasets

    Raises
    ------
    SettingsError : a version of that name was trained on other images
    ServiceError : the training is refused
    """
    given: dict[str, Any] = {}
    if manifests is not None:
        given["TrainingData"] = {"Assets": [_asset(manifests[Side.TRAIN])]}
        given["TestingData"] = {"Assets": [_asset(manifests[Side.TEST])]}
    if plan.kms_key:
        given["KmsKeyId"] = plan.kms_key
    try:
        with explained(f"training version {plan.version}"):
            rekognition.create_project_version(
                ProjectArn=project_arn,
                VersionName=plan.version,
                OutputConfig={"S3Bucket": plan.bucket, "S3KeyPrefix": plan.output},
                Tags=lineage.tags(plan),
                VersionDescription=lineage.description(plan),
                **given,
            )
    except ServiceError as error:
        # Another run, or an earlier attempt of this call, was first: what counts is that the version is this one.
        there = find_version(rekognition, project_arn, plan.version) if error.code == "ResourceInUseException" else None
        if there is None:
            raise
        check_same(rekognition, there, plan)
        return False
    return True


def _asset(manifest: S3Address) -> dict[str, Any]:
    return {"GroundTruthManifest": {"S3Object": {"Bucket": manifest.bucket, "Name": manifest.key}}}


def check_same(rekognition: "RekognitionClient", there: Description, plan: Plan) -> None:
    """Sees that a version is that of the plan.

    Raises
    ------
    SettingsError : it was trained on other images
    """
    tags = version_tags(rekognition, there)
    if (tags.get(lineage.TRAIN_TAG), tags.get(lineage.TEST_TAG)) != (plan.train_digest, plan.test_digest):
        raise SettingsError(
            f"version {plan.version} exists and was trained on other images",
            hint="give another --version-name, or none: the default is made from the images",
        )


def wait_trained(
    rekognition: "RekognitionClient",
    s3: "S3Client",
    project_arn: str,
    name: str,
    *,
    tick: Callable[[float], None] = lambda seconds: None,
    said: Callable[[str], None] = lambda sentence: None,
) -> Description:
    """The version's description once it is trained.

    boto3's waiter is no base: it gives up after 12 hours where a training may take 24, and waits for ever on a
    version that was started meanwhile.

    Raises
    ------
    TrainingFailed : the service could not train it; with the codes and lines of what it found
    """

    def look() -> Description | None:
        version = find_version(rekognition, project_arn, name)
        if version is None:
            raise ServiceError(f"version {name} has been deleted")
        if version["Status"] == State.TRAINING_FAILED:
            raise TrainingFailed(
                f"version {name} could not be trained: {version.get('StatusMessage', 'no reason given')}",
                details=[str(one) for one in training_complaints(s3, version)],
                hint=f"mend the cause, then: customlabels versions delete {name}, and run the same command again",
            )
        return version if is_trained(version) else None

    return wait_for(look, what=f"training of {name}", most=_LONGEST_TRAINING, tick=tick, said=said)

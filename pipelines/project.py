"""The project and its datasets, brought to what a plan wants; what is there already is kept."""

from typing import TYPE_CHECKING

from customlabels.core.aws import explained
from customlabels.core.errors import ManifestError, ServiceError
from customlabels.core.s3 import S3Address
from customlabels.core.waiting import wait_for
from customlabels.datasets.model import Side
from customlabels.pipelines.plan import Plan

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import (
        DatasetDescriptionTypeDef,
        DatasetMetadataTypeDef,
        ProjectDescriptionTypeDef,
    )

DIGEST_TAG = "customlabels:digest"
_MINUTE = 60.0
_ENDED = {"CREATE_COMPLETE", "CREATE_FAILED", "UPDATE_COMPLETE", "UPDATE_FAILED"}


def find_project(rekognition: "RekognitionClient", name: str) -> "ProjectDescriptionTypeDef | None":
    """The project of that name; None where there is none."""
    with explained(f"project {name}"):
        found = rekognition.describe_projects(ProjectNames=[name])["ProjectDescriptions"]
    return found[0] if found else None


def need_project(rekognition: "RekognitionClient", name: str) -> str:
    """The ARN of the project of that name.

    Raises
    ------
    ServiceError : there is none
    """
    project = find_project(rekognition, name)
    if project is None:
        raise ServiceError(f"there is no project named {name}", hint="train a first version: customlabels train DIR")
    return project["ProjectArn"]


def ensure_project(rekognition: "RekognitionClient", name: str) -> str:
    """The ARN of the project of that name, which is made where there is none."""
    if find_project(rekognition, name) is None:
        try:
            with explained(f"creating project {name}"):
                rekognition.create_project(ProjectName=name)
        except ServiceError as error:
            # Another run, or an earlier attempt of this call, was first: what counts is that it is there.
            if error.code != "ResourceInUseException":
                raise

    def created() -> str | None:
        project = find_project(rekognition, name)
        return project["ProjectArn"] if project and project["Status"] == "CREATED" else None

    return wait_for(created, what=f"project {name}", most=10 * _MINUTE)


def ensure_dataset(
    rekognition: "RekognitionClient", project_arn: str, plan: Plan, side: Side, manifest: S3Address
) -> bool:
    """Sees that the project's dataset of that side holds the plan's images; whether it had to be made.

    A dataset that holds others is deleted first; its images and manifests stay in S3.

    Raises
    ------
    ManifestError : the service refused the manifest, or dropped lines of it
    """
    digest = plan.dataset_digest(side)
    there = _dataset(rekognition, plan.project, side)
    if there is not None:
        arn = there["DatasetArn"]
        if there["Status"] != "DELETE_IN_PROGRESS":
            ended = _ended(rekognition, arn)["Status"]
            if ended != "CREATE_FAILED" and _tags(rekognition, arn).get(DIGEST_TAG) == digest:
                return False
            with explained(f"deleting the {side.value} dataset"):
                rekognition.delete_dataset(DatasetArn=arn)
        _wait_gone(rekognition, plan.project, side, arn)
    try:
        arn = _create_dataset(rekognition, project_arn, side, digest, manifest)
    except ServiceError as error:
        # Another run of the same images was first: what it makes is looked at like any other.
        if error.code != "ResourceAlreadyExistsException":
            raise
        return ensure_dataset(rekognition, project_arn, plan, side, manifest)
    described = _ended(rekognition, arn)
    if described["Status"] == "CREATE_FAILED":
        raise ManifestError(f"{manifest}: the service refused it: {described.get('StatusMessage', '')}")
    sent, kept = len(plan.dataset.side(side)), described["DatasetStats"].get("TotalEntries", 0)
    if kept != sent:
        raise ManifestError(f"{manifest}: the service dropped {sent - kept} of {sent} lines")
    return True


def _create_dataset(
    rekognition: "RekognitionClient", project_arn: str, side: Side, digest: str, manifest: S3Address
) -> str:
    with explained(f"creating the {side.value} dataset"):
        return rekognition.create_dataset(
            ProjectArn=project_arn,
            DatasetType="TRAIN" if side is Side.TRAIN else "TEST",
            DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": manifest.bucket, "Name": manifest.key}}},
            Tags={DIGEST_TAG: digest},
        )["DatasetArn"]


def _wait_gone(rekognition: "RekognitionClient", project: str, side: Side, arn: str) -> None:
    """Waits until the dataset is deleted; another run may have made a new one in its place by then."""

    def look() -> bool | None:
        there = _dataset(rekognition, project, side)
        return True if there is None or there["DatasetArn"] != arn else None

    wait_for(look, what=f"deleting the {side.value} dataset", most=60 * _MINUTE)


def _dataset(rekognition: "RekognitionClient", project: str, side: Side) -> "DatasetMetadataTypeDef | None":
    found = find_project(rekognition, project)
    datasets = found.get("Datasets", []) if found else []
    return next((dataset for dataset in datasets if dataset["DatasetType"] == side.value.upper()), None)


def _ended(rekognition: "RekognitionClient", arn: str) -> "DatasetDescriptionTypeDef":
    """The dataset's description once nothing is being done to it."""

    def look() -> "DatasetDescriptionTypeDef | None":
        with explained("reading the dataset"):
            described = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        return described if described["Status"] in _ENDED else None

    return wait_for(look, what="the dataset", most=180 * _MINUTE)


def _tags(rekognition: "RekognitionClient", arn: str) -> dict[str, str]:
    with explained("reading the dataset's tags"):
        return rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]

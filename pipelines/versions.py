"""Versions of a project: looked up, trained, waited for, deleted."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from customlabels.core.aws import explained
from customlabels.core.errors import ServiceError, SettingsError, TrainingFailed
from customlabels.core.waiting import wait_for
from customlabels.pipelines import lineage
from customlabels.pipelines.plan import Plan
from customlabels.pipelines.project import need_project

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import ProjectVersionDescriptionTypeDef

    Description = ProjectVersionDescriptionTypeDef
else:
    Description = dict[str, Any]

_LONGEST_TRAINING = 26 * 3600.0


def version_name(description: Description) -> str:
    """The version's name, which stands only in its ARN."""
    return description["ProjectVersionArn"].split("/")[3]


def is_trained(description: Description) -> bool:
    """Whether the version has been trained; its status may say RUNNING or STOPPED since."""
    return "EvaluationResult" in description or description["Status"] == "COPYING_COMPLETED"


def list_versions(rekognition: "RekognitionClient", project: str) -> list[Description]:
    """All versions of the project, newest first.

    Raises
    ------
    ServiceError : there is no such project
    """
    arn = need_project(rekognition, project)
    with explained(f"versions of {project}"):
        pages = rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=arn)
        return [description for page in pages for description in page["ProjectVersionDescriptions"]]


def find_version(rekognition: "RekognitionClient", project_arn: str, name: str) -> Description | None:
    """The version of that name; None where there is none."""
    with explained(f"version {name}"):
        answer = rekognition.describe_project_versions(ProjectArn=project_arn, VersionNames=[name])
    found = answer["ProjectVersionDescriptions"]
    return found[0] if found else None


def version_tags(rekognition: "RekognitionClient", description: Description) -> dict[str, str]:
    with explained(f"tags of version {version_name(description)}"):
        return rekognition.list_tags_for_resource(ResourceArn=description["ProjectVersionArn"])["Tags"]


def choose_version(rekognition: "RekognitionClient", project: str, name: str | None) -> Description:
    """The version of that name, the newest trained one where it is None.

    Raises
    ------
    ServiceError : there is none
    """
    versions = list_versions(rekognition, project)
    if name is None:
        trained = [version for version in versions if is_trained(version)]
        if not trained:
            raise ServiceError(f"project {project} has no trained version", hint="customlabels train DIR")
        return trained[0]
    for version in versions:
        if version_name(version) == name:
            return version
    known = ", ".join(map(version_name, versions[:10])) or "none"
    raise ServiceError(f"project {project} has no version {name}", hint=f"versions there are: {known}")


def ensure_version(rekognition: "RekognitionClient", project_arn: str, plan: Plan) -> bool:
    """Sees that the plan's version is trained or being trained; whether a training had to be started.

    Raises
    ------
    SettingsError : a version of that name was trained on other images
    """
    there = find_version(rekognition, project_arn, plan.version)
    if there is None:
        try:
            with explained(f"training version {plan.version}"):
                rekognition.create_project_version(
                    ProjectArn=project_arn,
                    VersionName=plan.version,
                    OutputConfig={"S3Bucket": plan.bucket, "S3KeyPrefix": plan.output},
                    Tags=lineage.tags(plan),
                    VersionDescription=lineage.description(plan),
                )
            return True
        except ServiceError as error:
            in_use = error.code == "ResourceInUseException"
            there = find_version(rekognition, project_arn, plan.version) if in_use else None
            if there is None:
                raise
    tags = version_tags(rekognition, there)
    if (tags.get(lineage.TRAIN_TAG), tags.get(lineage.TEST_TAG)) != (plan.train_digest, plan.test_digest):
        raise SettingsError(
            f"version {plan.version} exists and was trained on other images",
            hint="give another --version-name, or none: the default is made from the images",
        )
    return False


def wait_trained(
    rekognition: "RekognitionClient", project_arn: str, name: str, tick: Callable[[float], None]
) -> Description:
    """The version's description once it is trained.

    boto3's waiter is no base: it gives up after 12 hours where a training may take 24, and waits for ever on a
    version that was started meanwhile.

    Raises
    ------
    TrainingFailed : the service could not train it
    """

    def look() -> Description | None:
        version = find_version(rekognition, project_arn, name)
        if version is None:
            raise ServiceError(f"version {name} has been deleted")
        if version["Status"] == "TRAINING_FAILED":
            raise TrainingFailed(
                f"version {name} could not be trained: {version.get('StatusMessage', 'no reason given')}",
                hint=f"mend the cause, then: customlabels versions delete {name}, and run the same command again",
            )
        return version if is_trained(version) else None

    return wait_for(look, what=f"training of {name}", most=_LONGEST_TRAINING, tick=tick)


def delete_version(rekognition: "RekognitionClient", project: str, name: str) -> None:
    """Deletes the version and waits until it is gone; its results stay in S3.

    Raises
    ------
    ServiceError : it is running, being trained, or not there
    """
    arn = choose_version(rekognition, project, name)["ProjectVersionArn"]
    with explained(f"deleting version {name}"):
        rekognition.delete_project_version(ProjectVersionArn=arn)
    project_arn = need_project(rekognition, project)
    wait_for(
        lambda: True if find_version(rekognition, project_arn, name) is None else None,
        what=f"deleting version {name}",
        most=1800,
    )

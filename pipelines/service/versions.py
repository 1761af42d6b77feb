"""Versions of a project, looked up."""

from typing import TYPE_CHECKING, Any, Literal

from customlabels.aws.refusals import explained
from customlabels.core.errors import ServiceError
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.projects import need_project
from customlabels.pipelines.service.states import GONE, State

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import (
        DescribeProjectVersionsResponseTypeDef,
        ProjectVersionDescriptionTypeDef,
    )

    Description = ProjectVersionDescriptionTypeDef
else:
    Description = dict[str, Any]


_ALWAYS: "tuple[Literal['ProjectVersionArn', 'Status', 'CreationTimestamp'], ...]" = (
    "ProjectVersionArn",
    "Status",
    "CreationTimestamp",
)


def version_name(description: Description) -> str:
    """The version's name, which stands only in its ARN."""
    return arns.version_name(description["ProjectVersionArn"])


def units_of(description: Description) -> int:
    """Inference units that it runs on, or was last started on; one where it never was."""
    return max(1, description.get("MinInferenceUnits") or 1)


def is_trained(description: Description) -> bool:
    """Whether the version has been trained, and is not gone; its status may say RUNNING or STOPPED since."""
    if description["Status"] in GONE:
        return False
    return "EvaluationResult" in description or description["Status"] == State.COPYING_COMPLETED


def list_versions(rekognition: "RekognitionClient", project: str) -> list[Description]:
    """All versions of the project, newest first.

    Raises
    ------
    ServiceError : there is no such project
    """
    arn = need_project(rekognition, project)
    with explained(f"versions of {project}"):
        pages = rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=arn)
        return [description for page in pages for description in _described(page)]


def find_version(rekognition: "RekognitionClient", project_arn: str, name: str) -> Description | None:
    """The version of that name; None where there is none, or its project is not there: it may show late, or be gone."""
    try:
        with explained(f"version {name}"):
            answer = rekognition.describe_project_versions(ProjectArn=project_arn, VersionNames=[name])
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return None
    versions = _described(answer)
    return versions[0] if versions else None


def _described(answer: "DescribeProjectVersionsResponseTypeDef") -> list[Description]:
    """The versions in an answer, each with what is always known of one.

    Raises
    ------
    ServiceError : the answer lacks it; what is not said is not guessed
    """
    descriptions = answer.get("ProjectVersionDescriptions")
    whole = descriptions is not None
    for description in descriptions or ():
        whole = whole and all(description.get(field) for field in _ALWAYS)
    if descriptions is None or not whole:
        raise ServiceError(
            f"the service's answer on versions is not whole: it has to give {', '.join(_ALWAYS)} of each",
            hint="run again; where it stays so, see whether something between here and AWS alters answers",
        )
    return descriptions


def version_tags(rekognition: "RekognitionClient", description: Description) -> dict[str, str]:
    with explained(f"tags of version {version_name(description)}"):
        return rekognition.list_tags_for_resource(ResourceArn=description["ProjectVersionArn"])["Tags"]


def choose_version(
    rekognition: "RekognitionClient", project: str, name: str | None, *, gone: bool = False
) -> Description:
    """The version of that name, the newest trained one where it is None.

    Parameters
    ----------
    gone : whether it may be one that is no model any more: DELETING, EXPIRED or DEPRECATED

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
    named = next((version for version in versions if version_name(version) == name), None)
    known = ", ".join(version_name(version) for version in versions if version["Status"] not in GONE) or "none"
    if named is None:
        raise ServiceError(f"project {project} has no version {name}", hint=f"versions there are: {known}")
    if named["Status"] in GONE and not gone:
        raise ServiceError(
            f"version {name} of {project} is {named['Status']}: it is no model any more",
            hint=f"versions there are: {known}",
        )
    return named

"""Running versions that customlabels trained, in projects of the account that have no schedule."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from customlabels.aws import parameters
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.states import State

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_ssm import SSMClient

_TAG = "customlabels:"


@dataclass(frozen=True, slots=True)
class Orphan:
    """A running version of another project; its name is that of the project and its own."""

    name: str
    arn: str


def find(rekognition: "RekognitionClient", ssm: "SSMClient", own_arn: str) -> list[Orphan]:
    """The orphans of the account, in the region that the clients are for."""
    projects = {
        arns.project_name(project["ProjectArn"]): project["ProjectArn"]
        for page in rekognition.get_paginator("describe_projects").paginate()
        for project in page["ProjectDescriptions"]
        if project["ProjectArn"] != own_arn
    }
    running = [
        Orphan(f"{name}/{arns.version_name(version['ProjectVersionArn'])}", version["ProjectVersionArn"])
        for name, arn in projects.items()
        for page in rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=arn)
        for version in page["ProjectVersionDescriptions"]
        if version["Status"] == State.RUNNING
    ]
    scheduled = _scheduled(ssm, sorted({arns.project_name(version.arn) for version in running}))
    return [
        version
        for version in running
        if arns.project_name(version.arn) not in scheduled and _ours(rekognition, version.arn)
    ]


def _scheduled(ssm: "SSMClient", projects: list[str]) -> set[str]:
    """Those of the projects that have a schedule."""
    paths = {parameters.schedule(project): project for project in projects}
    return {paths[path] for path in parameters.read(ssm, list(paths))}


def _ours(rekognition: "RekognitionClient", arn: str) -> bool:
    tags = rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return any(name.startswith(_TAG) for name in tags)

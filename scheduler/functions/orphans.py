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
_MOST_NAMES = 10
"""Parameters that one call gives. Source: Systems Manager API reference, "GetParameters"."""


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
        Orphan(f"{name}/{one['ProjectVersionArn'].split('/')[3]}", one["ProjectVersionArn"])
        for name, arn in projects.items()
        for page in rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=arn)
        for one in page["ProjectVersionDescriptions"]
        if one["Status"] == State.RUNNING
    ]
    scheduled = _scheduled(ssm, sorted({one.name.partition("/")[0] for one in running}))
    return [one for one in running if one.name.partition("/")[0] not in scheduled and _ours(rekognition, one.arn)]


def _scheduled(ssm: "SSMClient", projects: list[str]) -> set[str]:
    """Those of the projects that have a schedule."""
    found = set()
    for start in range(0, len(projects), _MOST_NAMES):
        names = [parameters.schedule(project) for project in projects[start : start + _MOST_NAMES]]
        found |= {one["Name"].split("/")[2] for one in ssm.get_parameters(Names=names)["Parameters"]}
    return found


def _ours(rekognition: "RekognitionClient", arn: str) -> bool:
    tags = rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return any(name.startswith(_TAG) for name in tags)

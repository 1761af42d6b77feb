"""Running versions that customlabels trained, in projects of the account that have no schedule."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from customlabels.aws import parameters
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.states import State

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_ssm import SSMClient

_TAG = "customlabels:"

MOST_AT_ONCE = 25
"""Projects that one look takes in: an hour has room for twelve looks, and others call the service too."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A running version of another project; its name is that of the project and its own."""

    name: str
    arn: str


class Looked(NamedTuple):
    """The orphans among the projects that were looked at, and the last of those; None where it was the last of all."""

    orphans: list[Orphan]
    after: str | None


def find(
    rekognition: "RekognitionClient",
    ssm: "SSMClient",
    own_arn: str,
    *,
    after: str = "",
    goes_on: Callable[[], bool] = lambda: True,
) -> Looked:
    """The orphans of the account, in the region that the clients are for.

    Parameters
    ----------
    after : the project, in order of names, after which to begin
    goes_on : asked before each further project; where it says no, the rest is left to the next look
    """
    projects = {
        arns.project_name(project["ProjectArn"]): project["ProjectArn"]
        for page in rekognition.get_paginator("describe_projects").paginate()
        for project in page["ProjectDescriptions"]
        if project["ProjectArn"] != own_arn
    }
    running: list[Orphan] = []
    last: str | None = None
    for number, name in enumerate(name for name in sorted(projects) if name > after):
        if number and (number >= MOST_AT_ONCE or not goes_on()):
            break
        running += _running(rekognition, name, projects[name])
        last = name
    scheduled = _scheduled(ssm, sorted({arns.project_name(version.arn) for version in running}))
    orphans = [
        version
        for version in running
        if arns.project_name(version.arn) not in scheduled and _ours(rekognition, version.arn)
    ]
    return Looked(orphans, None if last == max(projects, default=None) else last)


def _running(rekognition: "RekognitionClient", project: str, arn: str) -> list[Orphan]:
    return [
        Orphan(f"{project}/{arns.version_name(version['ProjectVersionArn'])}", version["ProjectVersionArn"])
        for page in rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=arn)
        for version in page["ProjectVersionDescriptions"]
        if version["Status"] == State.RUNNING
    ]


def _scheduled(ssm: "SSMClient", projects: list[str]) -> set[str]:
    """Those of the projects that have a schedule."""
    paths = {parameters.schedule(project): project for project in projects}
    return {paths[path] for path in parameters.read(ssm, list(paths))}


def _ours(rekognition: "RekognitionClient", arn: str) -> bool:
    tags = rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return any(name.startswith(_TAG) for name in tags)

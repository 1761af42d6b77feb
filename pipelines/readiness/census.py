"""What the account has: its projects and their versions, looked at once for all checks that count them."""

from collections.abc import Mapping
from dataclasses import dataclass

from customlabels.aws.clients import Clients, explained
from customlabels.pipelines.service.arns import project_name
from customlabels.pipelines.service.states import State, may_be_up
from customlabels.pipelines.service.versions import Description


@dataclass(frozen=True, slots=True)
class Census:
    """The versions of each project of a region."""

    region: str
    projects: Mapping[str, tuple[Description, ...]]

    @property
    def up(self) -> list[tuple[str, Description]]:
        """Project and version of each model that takes a place among those that may be running."""
        return [
            (project, version)
            for project, versions in self.projects.items()
            for version in versions
            if may_be_up(version["Status"])
        ]

    @property
    def trainings(self) -> int:
        return sum(
            version["Status"] == State.TRAINING_IN_PROGRESS
            for versions in self.projects.values()
            for version in versions
        )


def census(clients: Clients) -> Census:
    """The projects and versions of the clients' region.

    Raises
    ------
    ServiceError : they may not be asked for
    """
    rekognition = clients.rekognition
    projects: dict[str, tuple[Description, ...]] = {}
    with explained(f"projects in {clients.region}"):
        pages = rekognition.get_paginator("describe_projects").paginate()
        arns = [project["ProjectArn"] for page in pages for project in page["ProjectDescriptions"]]
        for arn in arns:
            versions = rekognition.get_paginator("describe_project_versions").paginate(ProjectArn=arn)
            projects[project_name(arn)] = tuple(
                version for page in versions for version in page["ProjectVersionDescriptions"]
            )
    return Census(clients.region, projects)

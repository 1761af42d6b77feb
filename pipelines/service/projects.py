"""The project, looked up."""

from typing import TYPE_CHECKING

from customlabels.aws.refusals import explained
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.pipelines.service.arns import project_name

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import ProjectDescriptionTypeDef


def find_project(rekognition: "RekognitionClient", name: str) -> "ProjectDescriptionTypeDef | None":
    """The project of that name; None where there is none."""
    with explained(f"project {name}"):
        projects = rekognition.describe_projects(ProjectNames=[name])["ProjectDescriptions"]
    return projects[0] if projects else None


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


def only_project(rekognition: "RekognitionClient") -> str:
    """The name of the only project that there is.

    Raises
    ------
    ServiceError : there is none
    SettingsError : there are several
    """
    with explained("projects"):
        projects = rekognition.describe_projects()["ProjectDescriptions"]
    if len(projects) == 1:
        return project_name(projects[0]["ProjectArn"])
    if not projects:
        raise ServiceError("there is no project yet", hint="train a first version: customlabels train DIR")
    names = ", ".join(sorted(project_name(project["ProjectArn"]) for project in projects))
    raise SettingsError(f"there are several projects: {names}", hint="name one with --project")

"""Projects made and versions deleted: what takes a while, and is waited for.

Apart from looking up, which is all that functions on AWS do, and all that their zips carry.
"""

from typing import TYPE_CHECKING

from customlabels.aws.refusals import explained
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.pipelines.service.projects import find_project, need_project
from customlabels.pipelines.service.versions import choose_version, find_version

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

_MINUTE = 60.0


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


def delete_version(rekognition: "RekognitionClient", project: str, name: str) -> None:
    """Deletes the version and waits until it is gone; its results stay in S3.

    Raises
    ------
    ServiceError : it is running, being trained, or not there
    """
    arn = choose_version(rekognition, project, name, gone=True)["ProjectVersionArn"]
    with explained(f"deleting version {name}"):
        rekognition.delete_project_version(ProjectVersionArn=arn)
    project_arn = need_project(rekognition, project)
    wait_for(
        lambda: True if find_version(rekognition, project_arn, name) is None else None,
        what=f"deleting version {name}",
        most=30 * _MINUTE,
    )

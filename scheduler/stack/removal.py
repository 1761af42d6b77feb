"""A schedule removed: its stack first, so that nothing starts again what is then stopped; nothing of it is left."""

from dataclasses import dataclass

from customlabels.aws import parameters
from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import deployment
from customlabels.aws.stacks.names import stack_name
from customlabels.core.addresses import S3Address
from customlabels.core.watching import UNWATCHED, Watch, ticking
from customlabels.pipelines.service import hosting
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.service.states import State, may_be_up
from customlabels.pipelines.service.versions import Description, list_versions, version_name


@dataclass(frozen=True, slots=True)
class Removed:
    """A schedule that is gone: whether there was one, and which versions were up as it went."""

    existed: bool
    up: tuple[str, ...]


def versions_up(clients: Clients, project: str) -> list[Description]:
    """None where the project itself is gone: its schedule can still be removed."""
    if find_project(clients.rekognition, project) is None:
        return []
    return [
        version
        for version in list_versions(clients.rekognition, project)
        if may_be_up(version["Status"]) and version["Status"] != State.STOPPING
    ]


def remove(
    clients: Clients, project: str, *, code: S3Address, leave_running: bool = False, watch: Watch = UNWATCHED
) -> Removed:
    """Deletes the project's schedule with all that belongs to it, and stops what is up unless it is to stay so.

    Parameters
    ----------
    code : where the functions' code lies, should no stack tell

    Raises
    ------
    ServiceError : something of it cannot be deleted, or a version not be stopped
    """
    existed = deployment.remove(clients, stack_name(project), code=code, watch=watch)
    with explained("asking whether images are inspected"):
        inspected = parameters.read(clients.ssm, [parameters.inspection(project)])
    if inspected:
        watch.warn(
            f"images of {project} wait in its inspection's queue from now on: no schedule brings a model up for them"
        )
    # The functions may have started some until now.
    up = versions_up(clients, project)
    for version in [] if leave_running else up:
        with watch.step(f"stopping {version_name(version)}") as advance:
            hosting.stop(clients.rekognition, version["ProjectVersionArn"], tick=ticking(advance))
    with explained("deleting the parameters"):
        parameters.delete(
            clients.ssm, [path(project) for path in (parameters.overrides, parameters.memory, parameters.serving)]
        )
    return Removed(existed, tuple(version_name(version) for version in up))

"""A version's model started, stopped and waited for; a repeated call changes nothing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from customlabels.core.aws import explained
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.scheduler.plan import STARTABLE

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

MAX_UNITS = 5
_LONGEST = 60 * 60.0


def start(
    rekognition: "RekognitionClient",
    version_arn: str,
    *,
    units: int,
    max_units: int | None = None,
    tick: Callable[[float], None] = lambda seconds: None,
) -> bool:
    """Brings the model to RUNNING and waits for it; whether it had to be started.

    boto3's waiter is no base: it gives up after 20 minutes and waits to the end on a version that was stopped.

    Raises
    ------
    ServiceError : it cannot be started from the state it is in, or its start failed
    """
    state = status(rekognition, version_arn)
    if state == "STOPPING":
        state = _leave(rekognition, version_arn, {"STOPPING"}, tick)
    started = state in STARTABLE
    if started:
        with explained("starting the model"):
            if max_units is None:
                rekognition.start_project_version(ProjectVersionArn=version_arn, MinInferenceUnits=units)
            else:
                rekognition.start_project_version(
                    ProjectVersionArn=version_arn, MinInferenceUnits=units, MaxInferenceUnits=max_units
                )
    elif state not in {"STARTING", "RUNNING"}:
        raise ServiceError(f"the version is {state} and cannot be started")
    state = _leave(rekognition, version_arn, {"STARTING"}, tick)
    if state != "RUNNING":
        raise ServiceError(f"the model did not start: it is {state}", hint="start it again, or look into its log")
    return started


def stop(
    rekognition: "RekognitionClient", version_arn: str, *, tick: Callable[[float], None] = lambda seconds: None
) -> bool:
    """Brings the model to a stop and waits for it; whether it had to be stopped.

    Raises
    ------
    ServiceError : the service does not stop it
    """
    state = status(rekognition, version_arn)
    if state == "STARTING":
        state = _leave(rekognition, version_arn, {"STARTING"}, tick)
    running = state == "RUNNING"
    if running:
        with explained("stopping the model"):
            rekognition.stop_project_version(ProjectVersionArn=version_arn)
    if running or state == "STOPPING":
        # A refused or swallowed stop shows as RUNNING here, and is not taken for done.
        state = _leave(rekognition, version_arn, {"STOPPING"}, tick)
        if state == "RUNNING":
            raise ServiceError("the model is still RUNNING after it was told to stop", hint="stop it again")
    return running


def status(rekognition: "RekognitionClient", version_arn: str) -> str:
    """The version's status as the service gives it."""
    _, _, rest = version_arn.partition(":project/")
    project, _, name, _ = rest.split("/")
    with explained("reading the version's status"):
        projects = rekognition.describe_projects(ProjectNames=[project])["ProjectDescriptions"]
        if projects:
            found = rekognition.describe_project_versions(ProjectArn=projects[0]["ProjectArn"], VersionNames=[name])[
                "ProjectVersionDescriptions"
            ]
            if found:
                return found[0]["Status"]
    raise ServiceError(f"version {name} of {project} does not exist any more")


def _leave(rekognition: "RekognitionClient", version_arn: str, states: set[str], tick: Callable[[float], None]) -> str:
    """The first status that is not among `states`."""

    def look() -> str | None:
        seen = status(rekognition, version_arn)
        return None if seen in states else seen

    return wait_for(look, what="the model", most=_LONGEST, tick=tick)

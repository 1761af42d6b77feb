"""A version's model started, stopped and waited for; a repeated call changes nothing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.service.states import STARTABLE, UP, State
from customlabels.pipelines.service.versions import find_version

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
    if state == State.STOPPING:
        state = _leave(rekognition, version_arn, {State.STOPPING}, tick)
    started = state in STARTABLE
    if started:
        with explained("starting the model"):
            if max_units is None:
                rekognition.start_project_version(ProjectVersionArn=version_arn, MinInferenceUnits=units)
            else:
                rekognition.start_project_version(
                    ProjectVersionArn=version_arn, MinInferenceUnits=units, MaxInferenceUnits=max_units
                )
    elif state not in UP:
        raise ServiceError(f"the version is {state} and cannot be started")
    state = _leave(rekognition, version_arn, {State.STARTING}, tick)
    if state != State.RUNNING:
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
    if state == State.STARTING:
        state = _leave(rekognition, version_arn, {State.STARTING}, tick)
    running = state == State.RUNNING
    if running:
        with explained("stopping the model"):
            rekognition.stop_project_version(ProjectVersionArn=version_arn)
    if running or state == State.STOPPING:
        # A refused or swallowed stop shows as RUNNING here, and is not taken for done.
        state = _leave(rekognition, version_arn, {State.STOPPING}, tick)
        if state == State.RUNNING:
            raise ServiceError("the model is still RUNNING after it was told to stop", hint="stop it again")
    return running


def status(rekognition: "RekognitionClient", version_arn: str) -> str:
    """The version's status as the service gives it."""
    _, _, project_name, name = arns.parts(version_arn)
    project = find_project(rekognition, project_name)
    version = find_version(rekognition, project["ProjectArn"], name) if project else None
    if version is None:
        raise ServiceError(f"version {name} of {project_name} does not exist any more")
    return version["Status"]


def _leave(rekognition: "RekognitionClient", version_arn: str, states: set[str], tick: Callable[[float], None]) -> str:
    """The first status that is not among `states`."""

    def look() -> str | None:
        seen = status(rekognition, version_arn)
        return None if seen in states else seen

    return wait_for(look, what="the model", most=_LONGEST, tick=tick)

"""A version's model started, stopped and waited for; a repeated call changes nothing.

What the service answers may lag behind one's own calls. For GRACE seconds after a call that changes a state, the state
from before it is "not yet"; and after a start of one's own, no single look decides that there is nothing to stop.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import GRACE, wait_for
from customlabels.pipelines.service import arns
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.service.states import STARTABLE, UP, State, is_known
from customlabels.pipelines.service.versions import find_version

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

MAX_UNITS = 5
_LONGEST = 60 * 60.0
_IN_USE = "ResourceInUseException"

Tick = Callable[[float], None]


def _silent(seconds: float) -> None:
    """Tells nobody."""


def start(
    rekognition: "RekognitionClient",
    version_arn: str,
    *,
    units: int,
    max_units: int | None = None,
    tick: Tick = _silent,
    on_call: Callable[[], None] = lambda: None,
) -> bool:
    """Brings the model to RUNNING and waits for it; whether it had to be started.

    boto3's waiter is no base: it gives up after 20 minutes and waits to the end on a version that was stopped.

    Parameters
    ----------
    on_call : called right before the model is asked to start, from when on it may cost

    Raises
    ------
    ServiceError : it cannot be started from the state it is in, or its start failed
    """
    before = status(rekognition, version_arn)
    if before == State.STOPPING:
        before = _leave(rekognition, version_arn, {State.STOPPING}, tick)
    if before in STARTABLE:
        on_call()
        started = _ask_to_start(rekognition, version_arn, units, max_units)
        # What it was before says nothing until the service has caught up, whoever was first to start it.
        state = _leave(rekognition, version_arn, {State.STARTING}, tick, old={before})
    elif before in UP:
        started = False
        state = _leave(rekognition, version_arn, {State.STARTING}, tick)
    else:
        raise ServiceError(f"the version is {before} and cannot be started")
    if state != State.RUNNING:
        raise ServiceError(f"the model did not start: it is {state}", hint="start it again, or look into its log")
    return started


def _ask_to_start(rekognition: "RekognitionClient", version_arn: str, units: int, max_units: int | None) -> bool:
    """Whether the model was started by this call; not where somebody else was first."""
    try:
        with explained("starting the model"):
            if max_units is None:
                rekognition.start_project_version(ProjectVersionArn=version_arn, MinInferenceUnits=units)
            else:
                rekognition.start_project_version(
                    ProjectVersionArn=version_arn, MinInferenceUnits=units, MaxInferenceUnits=max_units
                )
    except ServiceError as error:
        if error.code != _IN_USE:
            raise
        return False
    return True


def stop(
    rekognition: "RekognitionClient", version_arn: str, *, tick: Tick = _silent, was_started: bool = False
) -> bool:
    """Brings the model to a stop and waits for it; whether it had to be stopped.

    Parameters
    ----------
    was_started : whether it was asked to start a moment ago: the call comes first then, and looks are doubted

    Raises
    ------
    ServiceError : the service does not stop it
    """
    if was_started:
        stopped = _ask_to_stop(rekognition, version_arn)
        state = _leave(rekognition, version_arn, {State.STARTING}, tick, old=set() if stopped else STARTABLE)
    else:
        stopped = False
        state = status(rekognition, version_arn)
        if state == State.STARTING:
            state = _leave(rekognition, version_arn, {State.STARTING}, tick)
    asks = (state == State.RUNNING or not is_known(state)) and not stopped
    if asks:
        stopped = _ask_to_stop(rekognition, version_arn)
    # Whoever was first to stop it, it is down when this returns.
    if stopped or asks or state == State.STOPPING:
        # A refused or swallowed stop shows as RUNNING in the end, and is not taken for done.
        state = _leave(rekognition, version_arn, {State.STOPPING}, tick, old={State.RUNNING})
        if state == State.RUNNING:
            raise ServiceError("the model is still RUNNING after it was told to stop", hint="stop it again")
        if not is_known(state):
            raise ServiceError(
                f"the model is {state} after it was told to stop, a state that is not known here: it may be billed",
                hint="look at it in the console of Amazon Rekognition Custom Labels",
            )
    return stopped


def _ask_to_stop(rekognition: "RekognitionClient", version_arn: str) -> bool:
    """Whether the service took it; not where the model is not RUNNING, or somebody else was first."""
    try:
        with explained("stopping the model"):
            rekognition.stop_project_version(ProjectVersionArn=version_arn)
    except ServiceError as error:
        if error.code != _IN_USE:
            raise
        return False
    return True


def status(rekognition: "RekognitionClient", version_arn: str) -> str:
    """The version's status as the service gives it.

    Raises
    ------
    ServiceError : there is no such version any more
    """
    _, _, project_name, name = arns.parts(version_arn)
    project = find_project(rekognition, project_name)
    version = find_version(rekognition, project["ProjectArn"], name) if project else None
    # One that was deleted and trained anew has the name, and not the ARN.
    if version is None or version["ProjectVersionArn"] != version_arn:
        raise ServiceError(f"version {name} of {project_name} does not exist any more")
    return version["Status"]


def _leave(
    rekognition: "RekognitionClient",
    version_arn: str,
    states: "set[State] | frozenset[State]",
    tick: Tick,
    old: "set[str] | set[State] | frozenset[State]" = frozenset(),
) -> str:
    """The first status that is not among `states`, nor, for GRACE seconds from now, among `old`."""
    until = time.monotonic() + GRACE

    def look() -> str | None:
        seen = status(rekognition, version_arn)
        return None if seen in states or (seen in old and time.monotonic() < until) else seen

    return wait_for(look, what="the model", most=_LONGEST, tick=tick)

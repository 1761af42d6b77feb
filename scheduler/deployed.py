"""A project whose schedule is deployed, as use cases find it."""

from dataclasses import dataclass
from datetime import datetime

from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import deployment
from customlabels.aws.stacks.names import stack_name
from customlabels.core.errors import ServiceError
from customlabels.core.plurals import counted
from customlabels.core.watching import Watch
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import Description, list_versions, version_name
from customlabels.scheduler.actions import Observed
from customlabels.scheduler.documents import Inspection
from customlabels.scheduler.functions import observation
from customlabels.scheduler.line_status import queue_now
from customlabels.scheduler.memory import Memory
from customlabels.scheduler.uptime import Schedule, resolved
from customlabels.scheduler.wants import asked


@dataclass(frozen=True, slots=True)
class Deployed:
    """The project, what its stack gives, its schedule as deployed with all that overrides it, what is remembered."""

    project: str
    stack: str
    outputs: dict[str, str]
    schedule: Schedule
    champion: str | None
    memory: Memory
    champion_arn: str = ""
    """As it was when it was promoted."""
    serving: str | None = None
    inspection: Inspection | ValueError | None = None


def deployed(clients: Clients, project: str, now: datetime) -> Deployed:
    """The project's deployed schedule.

    Raises
    ------
    ServiceError : none is deployed
    """
    name = stack_name(project)
    outputs = deployment.outputs(clients, name)
    try:
        with explained(f"reading the schedule of {project}"):
            known = observation.look_up(clients.ssm, project, now) if outputs is not None else None
    except (LookupError, ValueError) as error:
        raise ServiceError(f"{name}: {error}", hint="customlabels schedule deploy puts it right") from error
    if outputs is None or known is None:
        raise ServiceError(
            f"no schedule is deployed for {project}", hint="customlabels schedule deploy does, once you have seen it"
        )
    arn = known.arns.get(known.champion or "", "")
    return Deployed(
        project, name, outputs, known.schedule, known.champion, known.memory, arn, known.serving, known.inspection
    )


def known_schedule(clients: Clients, project: str, now: datetime, watch: Watch) -> observation.Known | None:
    """What is known of a deployed schedule; None where there is none, or it cannot be read."""
    try:
        with explained(f"reading the schedule of {project}"):
            return observation.look_up(clients.ssm, project, now)
    except (LookupError, ValueError):
        return None
    except ServiceError as error:
        # Nothing that a person asks for may hang on it.
        watch.warn(error.message)
        return None


def serving(clients: Clients, project: str, now: datetime, watch: Watch) -> Description | None:
    """The version that a schedule has answer requests, where it runs: the old champion while a new one starts."""
    known = known_schedule(clients, project, now, watch)
    if known is None or not known.serving:
        return None
    versions = list_versions(clients.rekognition, project)
    version = next((version for version in versions if version_name(version) == known.serving), None)
    if version is None or observation.is_replaced(known, known.serving, version["ProjectVersionArn"]):
        return None
    return version if version["Status"] == State.RUNNING else None


def overruled(clients: Clients, project: str, version: str, now: datetime, watch: Watch, *, units: int) -> str | None:
    """A sentence where the deployed schedule will have it otherwise; None where it will not, or there is none.

    Parameters
    ----------
    units : on which the version is to be up; 0 where it is to be down
    """
    known = known_schedule(clients, project, now, watch)
    if known is None:
        return None
    described = list_versions(clients.rekognition, project)
    arns = {version_name(version): version["ProjectVersionArn"] for version in described}
    is_lost = observation.is_replaced(known, known.champion, arns.get(known.champion or ""))
    champion = None if is_lost else known.champion
    schedule = resolved(known.schedule, champion)
    queue = queue_now(clients, known.inspection, known.memory, schedule, now)
    # As it will be once what is asked for is done.
    observed = [Observed(version, State.RUNNING if units else State.STOPPED, units)]
    want = asked(now, schedule, champion, queue=queue, observed=observed).get(version)
    why = want.why if want else f"no window names {version}"
    if units and (want is None or not want.units):
        return (
            f"the schedule stops it within five minutes of its start: {why}; to keep it up, "
            "customlabels schedule override --on 3h"
        )
    if units and want is not None and want.units != units:
        return f"the schedule wants it on {counted(want.units, 'unit')}, and starts it again on them: {why}"
    if not units and want is not None and want.units:
        return (
            f"the schedule starts it again within five minutes: {why}; to keep it down, "
            "customlabels schedule override --off 3h"
        )
    return None

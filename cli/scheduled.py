"""A project whose schedule is deployed, as commands find it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from customlabels.aws.clients import explained
from customlabels.aws.stacks import deployment
from customlabels.aws.stacks.names import stack_name
from customlabels.core.errors import ServiceError
from customlabels.pipelines.service.states import State
from customlabels.scheduler.functions import observing
from customlabels.scheduler.memory import Memory
from customlabels.scheduler.uptime import Schedule
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.service.versions import Description


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The project, what its stack gives, its schedule as deployed with all that overrides it, what is remembered."""

    project: str
    stack: str
    outputs: dict[str, str]
    schedule: Schedule
    champion: str | None
    memory: Memory


def scheduled(session: Session, project: str) -> Scheduled:
    """The project's deployed schedule.

    Raises
    ------
    ServiceError : none is deployed
    """
    stack = stack_name(project)
    outputs = deployment.outputs(session.clients, stack)
    try:
        with explained(f"reading the schedule of {project}"):
            known = observing.look_up(session.clients.ssm, project, session.now()) if outputs is not None else None
    except (LookupError, ValueError) as error:
        raise ServiceError(f"{stack}: {error}", hint="customlabels schedule deploy puts it right") from error
    if outputs is None or known is None:
        raise ServiceError(
            f"no schedule is deployed for {project}", hint="customlabels schedule deploy does, once you have seen it"
        )
    return Scheduled(project, stack, outputs, known.schedule, known.champion, known.memory)


def known_schedule(session: Session, project: str) -> observing.Known | None:
    """What is known of a deployed schedule; None where there is none, or it cannot be read."""
    try:
        with explained(f"reading the schedule of {project}"):
            return observing.look_up(session.clients.ssm, project, session.now())
    except (LookupError, ValueError):
        return None
    except ServiceError as error:
        # Nothing that a person asks for may hang on it.
        session.console.warn(error.message)
        return None


def serving(session: Session, project: str) -> "Description | None":
    """The version that a schedule has answer requests, where it runs: the old champion while a new one starts."""
    known = known_schedule(session, project)
    name = known.serving if known else None
    found = session.version(project, name) if name else None
    return found if found is not None and found["Status"] == State.RUNNING else None

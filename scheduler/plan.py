"""What is to be done about a project's models: the only place that decides.

Pure: a function of the time, the schedule and what was observed. It compares what is wanted with what is, never with
what was done last, so that a call that was missed, doubled or late is made good by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from customlabels.scheduler.uptime import Schedule, Wanted, wanted

STARTABLE = frozenset({"TRAINING_COMPLETED", "COPYING_COMPLETED", "STOPPED", "FAILED"})
_UP = frozenset({"STARTING", "RUNNING"})

STUCK_AFTER = timedelta(minutes=45)
"""How long a start may take before it is reported; and how long, after it, two versions may be up for a promotion."""

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=5), timedelta(minutes=60)


class Kind(StrEnum):
    START = "start"
    STOP = "stop"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Observed:
    """A version as the service shows it, and what is remembered of it.

    Parameters
    ----------
    since : since when it has its status, in UTC; None where that is not known
    last_request : when it last answered a request; None where it never did, or that is not known
    failures, tried : starts in a row that failed, and when the last one was tried
    """

    version: str
    status: str
    units: int = 0
    since: datetime | None = None
    last_request: datetime | None = None
    failures: int = 0
    tried: datetime | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do, with its reason in words; `quiet_until` keeps a model that was idle down for so long."""

    kind: Kind
    version: str
    why: str
    units: int = 0
    quiet_until: datetime | None = None


def plan(
    now: datetime, schedule: Schedule, observed: Sequence[Observed], champion: str | None, spent: float = 0.0
) -> tuple[Action, ...]:
    """What to do at a time in UTC; nothing where all is as it should be.

    Parameters
    ----------
    champion : the version that is to be up in the windows; None where there is none
    spent : dollars that the project's models have cost this month
    """
    asked = wanted(now, schedule)
    if asked.units and schedule.monthly_budget is not None and spent >= schedule.monthly_budget:
        asked = Wanted(0, f"the monthly budget of ${schedule.monthly_budget:.2f} is spent", None, False)
    target = next((one for one in observed if one.version == champion), None)
    actions: list[Action] = []
    if asked.units and champion is None:
        actions.append(Action(Kind.REPORT, "", f"{asked.why}, and there is no champion to start"))
    elif asked.units and target is None:
        actions.append(Action(Kind.REPORT, champion or "", f"{asked.why}, and the champion does not exist any more"))
    elif target is not None:
        actions += _about(now, schedule, target, asked)
    for other in observed:
        if other is not target:
            actions += _about_other(now, other, target, asked)
    return tuple(actions)


def _about(now: datetime, schedule: Schedule, one: Observed, asked: Wanted) -> list[Action]:
    """What to do about the version that is wanted up, or down."""
    if not asked.units:
        return [Action(Kind.STOP, one.version, asked.why)] if one.status == "RUNNING" else []
    if one.status == "RUNNING":
        return _about_running(now, schedule, one, asked)
    if one.status == "STARTING":
        return [_stuck(one)] if _lasts(now, one, STUCK_AFTER) else []
    if one.status == "STOPPING":
        return []
    if one.status not in STARTABLE:
        return [Action(Kind.REPORT, one.version, f"{asked.why}, and it is {one.status}: it cannot be started")]
    if one.failures and one.tried is not None and now < one.tried + pause(one.failures):
        return []
    return [Action(Kind.START, one.version, asked.why, asked.units)]


def _about_running(now: datetime, schedule: Schedule, one: Observed, asked: Wanted) -> list[Action]:
    idle = schedule.idle_stop
    if idle is not None and asked.open:
        quiet = max(filter(None, (one.last_request, one.since)), default=None)
        if quiet is not None and now - quiet >= idle:
            why = f"no request for {_minutes(now - quiet)}"
            return [Action(Kind.STOP, one.version, why, quiet_until=asked.until)]
    if one.units and one.units != asked.units:
        change = f"{one.units} units are up, {asked.units} are wanted"
        if not asked.open:
            return [Action(Kind.STOP, one.version, f"{change}: it is started again on them")]
        return [Action(Kind.REPORT, one.version, f"{change}: units change only by a stop and a start")]
    return []


def _about_other(now: datetime, one: Observed, target: Observed | None, asked: Wanted) -> list[Action]:
    """What to do about a version that is not the champion: it stays up only until the champion has taken over."""
    if one.status not in _UP:
        return []
    if one.status == "STARTING":
        return [_stuck(one)] if _lasts(now, one, STUCK_AFTER) else []
    coming = target is not None and asked.units and target.status in STARTABLE | {"STARTING", "STOPPING"}
    if coming and target is not None and not _lasts(now, target, STUCK_AFTER) and not target.failures:
        return []
    if not asked.units:
        return [Action(Kind.STOP, one.version, asked.why)]
    return [Action(Kind.STOP, one.version, f"{target.version if target else 'no version'} is the champion")]


def pause(failures: int) -> timedelta:
    """How long to wait after so many failed starts in a row: 5, 10, 20, 40, then 60 minutes."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << (min(failures, 8) - 1)))


def _stuck(one: Observed) -> Action:
    return Action(Kind.REPORT, one.version, f"it has been {one.status} for over {_minutes(STUCK_AFTER)}")


def _lasts(now: datetime, one: Observed, longest: timedelta) -> bool:
    return one.since is not None and one.status in _UP and now - one.since > longest


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} minutes"

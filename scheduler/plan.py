"""What is to be done about a project's models: the only place that decides.

Pure: a function of the time, the schedule and what was observed. It compares what is wanted with what is, never with
what was done last, so that a call that was missed, doubled or late is made good by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from customlabels.scheduler.uptime import CHAMPION, Schedule, Wanted, resolved, versions, wanted

STARTABLE = frozenset({"TRAINING_COMPLETED", "COPYING_COMPLETED", "STOPPED", "FAILED"})
_UP = frozenset({"STARTING", "RUNNING"})

STUCK_AFTER = timedelta(minutes=45)
"""How long a start may take before it is reported; and how long, after it, two versions may be up for a promotion."""

OVERDUE_AFTER = timedelta(minutes=10)
"""How long a stop may take before it is reported."""

FORESIGHT = timedelta(days=30)
"""How long before the known public holidays end that is reported."""

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=5), timedelta(minutes=60)
_PATIENCE = 3
"""Starts of a new champion that may go wrong before the old one is stopped, for want of room or of a better idea."""


class Kind(StrEnum):
    START = "start"
    STOP = "stop"
    REPORT = "report"


class Trouble(StrEnum):
    """What a report is about."""

    NO_CHAMPION = "no-champion"
    MISSING = "missing"
    UNSTARTABLE = "unstartable"
    START_FAILED = "start-failed"
    STUCK = "stuck"
    STOP_OVERDUE = "stop-overdue"
    BUDGET = "budget"
    HOLIDAYS = "holidays"
    REFUSED = "refused"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Observed:
    """A version as the service shows it, and what is remembered of it.

    Parameters
    ----------
    since : since when it has its status, in UTC; None where that is not known
    last_request : when it last answered a request; None where it never did, or that is not known
    failures, tried : starts in a row that ended in FAILED, and when the last one was tried
    refusals : calls in a row to start it that were refused
    told : since when it is up against what is wanted; None where it is not
    """

    version: str
    status: str
    units: int = 0
    since: datetime | None = None
    last_request: datetime | None = None
    failures: int = 0
    tried: datetime | None = None
    refusals: int = 0
    told: datetime | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do, with its reason in words; `quiet_until` keeps a model that was idle down for so long.

    `trouble` says what a report is about.
    """

    kind: Kind
    version: str
    why: str
    units: int = 0
    quiet_until: datetime | None = None
    trouble: Trouble | None = None


def plan(
    now: datetime, schedule: Schedule, observed: Sequence[Observed], champion: str | None, spent: float = 0.0
) -> tuple[Action, ...]:
    """What to do at a time in UTC; nothing where all is as it should be.

    Parameters
    ----------
    champion : the version that is up where the schedule says champion; None where there is none
    spent : dollars that the project's models have cost this month
    """
    schedule = resolved(schedule, champion)
    found = {one.version: one for one in observed}
    asked = {version: _asked(now, schedule, version, spent) for version in versions(schedule)}
    actions: list[Action] = [*_foreseen(now, schedule), *_broke(now, schedule, spent)]
    for version, want in asked.items():
        if version in found:
            actions += _about(now, schedule, found[version], want)
        elif want.units and version == CHAMPION:
            actions.append(_report(Trouble.NO_CHAMPION, "", f"{want.why}, and there is no champion to start"))
        elif want.units:
            actions.append(_report(Trouble.MISSING, version, f"{want.why}, and the version does not exist any more"))
    for other in observed:
        if other.version not in asked:
            actions += _about_other(now, other, found.get(champion or ""), asked.get(champion or CHAMPION))
    return tuple(actions)


def _asked(now: datetime, schedule: Schedule, version: str, spent: float) -> Wanted:
    asked = wanted(now, schedule, version)
    if asked.units and schedule.monthly_budget is not None and spent >= schedule.monthly_budget:
        return Wanted(0, f"the monthly budget of ${schedule.monthly_budget:.2f} is spent", None, False)
    return asked


def _foreseen(now: datetime, schedule: Schedule) -> list[Action]:
    last = schedule.known_until
    if last is None or now.date() <= last - FORESIGHT:
        return []
    why = f"public holidays are known to {last.isoformat()} only: customlabels schedule deploy looks up further ones"
    return [_report(Trouble.HOLIDAYS, "", why)]


def _broke(now: datetime, schedule: Schedule, spent: float) -> list[Action]:
    budget = schedule.monthly_budget
    if budget is None or spent < budget or not any(wanted(now, schedule, one).units for one in versions(schedule)):
        return []
    why = f"the monthly budget of ${budget:.2f} is spent (${spent:.2f}): models stay down until the month ends"
    return [_report(Trouble.BUDGET, "", why)]


def _about(now: datetime, schedule: Schedule, one: Observed, asked: Wanted) -> list[Action]:
    """What to do about a version that is wanted up, or down."""
    if not asked.units:
        return _down(now, one, asked.why)
    if one.status == "RUNNING":
        return _about_running(now, schedule, one, asked)
    if one.status == "STARTING":
        return _stuck(now, one)
    if one.status == "STOPPING":
        return _overdue(now, one)
    if one.status not in STARTABLE:
        why = f"{asked.why}, and it is {one.status}: it cannot be started"
        return [_report(Trouble.UNSTARTABLE, one.version, why)]
    if one.failures and one.tried is not None and now < one.tried + pause(one.failures):
        why = f"its start failed {_times(one.failures)}; it is tried again after {_minutes(pause(one.failures))}"
        return [_report(Trouble.START_FAILED, one.version, why)]
    return [Action(Kind.START, one.version, asked.why, asked.units)]


def _about_running(now: datetime, schedule: Schedule, one: Observed, asked: Wanted) -> list[Action]:
    idle = schedule.idle_stop
    if idle is not None and asked.open:
        quiet = max(filter(None, (one.last_request, one.since)), default=None)
        if quiet is not None and now - quiet >= idle:
            why = f"no request for {_minutes(now - quiet)}"
            return [Action(Kind.STOP, one.version, why, quiet_until=asked.until)]
    if one.units and one.units != asked.units:
        why = f"{_units(one.units)} up, {asked.units} wanted: units change only by a stop and a start"
        return [Action(Kind.STOP, one.version, why)]
    return []


def _about_other(now: datetime, one: Observed, champion: Observed | None, asked: Wanted | None) -> list[Action]:
    """What to do about a version that no window names: it stays up only until the champion has taken over."""
    if one.status == "RUNNING" and champion is not None and asked is not None and asked.units:
        coming = champion.status in STARTABLE | {"STARTING", "STOPPING"}
        hopeful = max(champion.failures, champion.refusals) < _PATIENCE and not _stuck(now, champion)
        if coming and hopeful:
            return []
    if asked is not None and not asked.units:
        return _down(now, one, asked.why)
    return _down(now, one, f"{champion.version} is the champion" if champion else "no window names it")


def _down(now: datetime, one: Observed, why: str) -> list[Action]:
    """What brings a version down; one that is STARTING has to be waited for: the service refuses to stop it."""
    if one.status == "RUNNING":
        return [Action(Kind.STOP, one.version, why), *_overdue(now, one)]
    return _overdue(now, one) if one.status == "STOPPING" else _stuck(now, one)


def pause(failures: int) -> timedelta:
    """How long to wait after so many failed starts in a row: 5, 10, 20, 40, then 60 minutes."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << (min(failures, 8) - 1)))


def _stuck(now: datetime, one: Observed) -> list[Action]:
    if one.status != "STARTING" or one.since is None or now - one.since <= STUCK_AFTER:
        return []
    return [_report(Trouble.STUCK, one.version, f"it has been STARTING for over {_minutes(STUCK_AFTER)}")]


def _overdue(now: datetime, one: Observed) -> list[Action]:
    if one.told is None or now - one.told < OVERDUE_AFTER:
        return []
    why = f"it was told to stop {_minutes(now - one.told)} ago, and is {one.status}"
    return [_report(Trouble.STOP_OVERDUE, one.version, why)]


def _report(trouble: Trouble, version: str, why: str) -> Action:
    return Action(Kind.REPORT, version, why, trouble=trouble)


def _units(count: int) -> str:
    return f"{count} unit is" if count == 1 else f"{count} units are"


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} minutes"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

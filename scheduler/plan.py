"""What is to be done about a project's models: the only place that decides.

Pure: a function of the time, the schedule and what was observed. It compares what is wanted with what is, never with
what was done last, so that a call that was missed, doubled or late is made good by the next.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.lost import replaced_sentence
from customlabels.pipelines.service.states import STARTABLE, State, is_known
from customlabels.scheduler.actions import Action, Kind, Observed, Trouble
from customlabels.scheduler.backlog import Queue
from customlabels.scheduler.feeding import fed, finishes, has_work, hurries, troubles
from customlabels.scheduler.uptime import Schedule, Wanted, idleness, resolved, units_at
from customlabels.scheduler.wants import asked, is_broke, planless

STUCK_AFTER = timedelta(minutes=45)
"""How long a start may take before it is reported."""

OVERDUE_AFTER = timedelta(minutes=10)
"""How long a stop may take before it is reported."""

FORESIGHT = timedelta(days=30)
"""How long before the known public holidays end that is reported."""

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=5), timedelta(minutes=60)
_PATIENCE = 3
"""Starts of a new champion that may be refused for want of room before the old one makes some."""


def plan(
    now: datetime,
    schedule: Schedule,
    observed: Sequence[Observed],
    champion: str | None,
    spent: float = 0.0,
    serving: str | None = None,
    *,
    replaced: bool = False,
    queue: Queue = None,
    feeds: bool | None = None,
) -> tuple[Action, ...]:
    """What to do at a time in UTC; nothing where all is as it should be.

    Parameters
    ----------
    champion : the version that is up where the schedule says champion; None where there is none
    spent : dollars that the project's models have cost this month
    serving : the version that answers requests; None where that is not known
    replaced : whether the version of the champion's name is another than that which was promoted
    queue : of the images that the champion is to inspect; None where there is none
    feeds : whether it feeds the function that inspects; None where that is changing, or not known
    """
    lost, champion = champion if replaced else None, None if replaced else champion
    schedule = resolved(schedule, champion)
    models = {model.version: model for model in observed}
    wants = asked(now, schedule, champion, spent, queue, observed, serving)
    broke = is_broke(schedule, spent)
    actions: list[Action] = [*_foreseen(now, schedule), *_lost(lost)]
    if broke and any(want.units for want in planless(now, schedule, champion, queue, observed, serving).values()):
        actions.append(_broke(schedule, spent))
    for version, want in wants.items():
        if version in models or not want.units:
            continue
        if version != CHAMPION:
            actions.append(_report(Trouble.MISSING, version, f"{want.why}, and the version does not exist any more"))
        elif lost is None:
            actions.append(_report(Trouble.NO_CHAMPION, "", f"{want.why}, and there is no champion to start"))
    promoted, promise = models.get(champion or ""), wants.get(champion or CHAMPION)
    for model in observed:
        own = wants.get(model.version)
        if own is not None and (own.units or own.overridden or model is promoted):
            asks = model is promoted or model.version == serving
            actions += _about(now, schedule, model, own, queue if asks else None)
        elif model.version == serving and not broke and finishes(now, schedule, promoted, promise, queue):
            continue
        elif not (_may_answer(model, own, serving) and _takes_over(promoted, promise)):
            actions += _down(now, model, _why_down(own, promised=promise, champion=promoted))
    answering = [model for model in (promoted, models.get(serving or "")) if model]
    actions += troubles(now, schedule, queue, promoted, promise, answering)
    return fed(actions, feeds, answering)


def _foreseen(now: datetime, schedule: Schedule) -> list[Action]:
    last = schedule.known_until
    if last is None or now.date() <= last - FORESIGHT:
        return []
    why = f"public holidays are known to {last.isoformat()} only: customlabels schedule deploy looks up further ones"
    return [_report(Trouble.HOLIDAYS, "", why)]


def _broke(schedule: Schedule, spent: float) -> Action:
    budget = f"the monthly budget of ${schedule.monthly_budget:.2f} is spent"
    return _report(Trouble.BUDGET, "", f"{budget} (${spent:.2f}): models stay down until the month ends")


def _lost(champion: str | None) -> list[Action]:
    if champion is None:
        return []
    return [_report(Trouble.REPLACED, champion, replaced_sentence(champion))]


def _about(now: datetime, schedule: Schedule, model: Observed, want: Wanted, queue: Queue) -> list[Action]:
    """What to do about a version that is wanted up, or down."""
    if not want.units:
        return _down(now, model, want.why)
    if model.status == State.RUNNING:
        return _about_running(now, schedule, model, want, queue)
    if model.status == State.STARTING:
        return _stuck(now, model)
    if model.status == State.STOPPING:
        return _overdue(now, model)
    if model.status not in STARTABLE:
        why = f"{want.why}, and it is {model.status}: it cannot be started"
        return [_report(Trouble.UNSTARTABLE, model.version, why)]
    if model.failures and model.since is not None and now < model.since + pause(model.failures):
        why = f"its start failed {_times(model.failures)}; it is tried again after {_minutes(pause(model.failures))}"
        return [_report(Trouble.START_FAILED, model.version, why)]
    return [_started(now, schedule, model, want)]


def _started(now: datetime, schedule: Schedule, model: Observed, want: Wanted) -> Action:
    """A start; none where the same units are not wanted any more once it is done: it would be paid in vain."""
    ready = now + schedule.warm_up
    if want.overridden or want.waiting or units_at(schedule, ready, model.version) == want.units:
        return Action(Kind.START, model.version, want.why, want.units)
    why = f"{want.why}: a start takes {_minutes(schedule.warm_up)}, and would be done after that"
    return _report(Trouble.TOO_LATE, model.version, why)


def _about_running(now: datetime, schedule: Schedule, model: Observed, want: Wanted, queue: Queue) -> list[Action]:
    if not has_work(now, schedule, queue) and (idle := _idle(now, schedule, model, want)):
        return [idle]
    if model.units and model.units != want.units and not hurries(now, schedule, queue, model.units, want.units):
        why = f"{_units(model.units)} up, {want.units} wanted: units change only by a stop and a start"
        return [Action(Kind.STOP, model.version, why)]
    return []


def quiet_since(now: datetime, schedule: Schedule, model: Observed) -> datetime | None:
    """Since when a model counts as idle; None where it is none of those that may be, or that is not known.

    It is not idle before it could be asked: while it was down, or its window not yet open.
    """
    rest = idleness(now, schedule, model.version)
    known = max(filter(None, (model.last_request, model.since)), default=None)
    return max(known, rest.since) if rest is not None and known is not None else None


def _idle(now: datetime, schedule: Schedule, model: Observed, want: Wanted) -> Action | None:
    """What is done about a model that nobody asks; nobody keeps down what is overridden to be up."""
    if schedule.idle_stop is None or want.overridden:
        return None
    quiet, rest = quiet_since(now, schedule, model), idleness(now, schedule, model.version)
    if quiet is None or rest is None or now - quiet < schedule.idle_stop:
        return None
    if not model.metered:
        why = "CloudWatch has no datapoint of it: whether it is idle is not known, and it stays up"
        return _report(Trouble.METRICS, model.version, why)
    why = f"no request for {_minutes(now - quiet)}"
    return Action(Kind.STOP, model.version, why, quiet_until=rest.until)


def _may_answer(model: Observed, own: Wanted | None, serving: str | None) -> bool:
    """Whether a version that is not wanted now is the one that has been answering requests."""
    return model.status == State.RUNNING and (model.version == serving or (serving is None and own is None))


def _takes_over(champion: Observed | None, promise: Wanted | None) -> bool:
    """Whether the champion is wanted up, and on its way; where there is no room for it, others make some."""
    if champion is None or promise is None or not promise.units:
        return False
    return champion.status in STARTABLE | {State.STARTING, State.STOPPING} and champion.refusals < _PATIENCE


def _why_down(own: Wanted | None, promised: Wanted | None, champion: Observed | None) -> str:
    if own is not None:
        return own.why
    if promised is not None and not promised.units:
        return promised.why
    return f"{champion.version} is the champion" if champion else "no window names it"


def _down(now: datetime, model: Observed, why: str) -> list[Action]:
    """What brings a version down; one that is STARTING has to be waited for: the service refuses to stop it."""
    if model.status == State.RUNNING:
        return [Action(Kind.STOP, model.version, why), *_overdue(now, model)]
    if not is_known(model.status):
        unknown = f"{why}, and it is {model.status}, a state that is not known: it may be billed"
        return [_report(Trouble.UNKNOWN, model.version, unknown)]
    return _overdue(now, model) if model.status == State.STOPPING else _stuck(now, model)


def pause(failures: int) -> timedelta:
    """How long to wait after so many failed starts in a row: 5, 10, 20, 40, then 60 minutes."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << (min(failures, 8) - 1)))


def _stuck(now: datetime, model: Observed) -> list[Action]:
    if model.status != State.STARTING or model.since is None or now - model.since <= STUCK_AFTER:
        return []
    return [_report(Trouble.STUCK, model.version, f"it has been STARTING for over {_minutes(STUCK_AFTER)}")]


def _overdue(now: datetime, model: Observed) -> list[Action]:
    if model.unwanted_since is None or now - model.unwanted_since < OVERDUE_AFTER:
        return []
    why = f"it was told to stop {_minutes(now - model.unwanted_since)} ago, and is {model.status}"
    return [_report(Trouble.STOP_OVERDUE, model.version, why)]


def _report(trouble: Trouble, version: str, why: str) -> Action:
    return Action(Kind.REPORT, version, why, trouble=trouble)


def _units(count: int) -> str:
    return f"{count} unit is" if count == 1 else f"{count} units are"


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} minutes"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

"""Weeks walked through minute by minute: the same plan, on models that take their time.

How fast the service scales between `units` and `max_units` is documented nowhere: models stay on the units that they
were started on.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.states import STARTABLE, State
from customlabels.scheduler.actions import Action, Kind, Observed
from customlabels.scheduler.feeding import look_again
from customlabels.scheduler.memory import TICK
from customlabels.scheduler.plan import plan
from customlabels.scheduler.simulation.waiting import Waiting
from customlabels.scheduler.uptime import Override, Schedule, Wanted, openings, wanted
from customlabels.scheduler.wants import asked

STOP_TAKES = timedelta(minutes=3)
_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Track:
    """A version on its way: as it is now, and its units in each minute so far."""

    model: Observed
    wanted: Wanted
    edges: frozenset[datetime]
    asked: list[int] = field(default_factory=list)
    up: list[int] = field(default_factory=list)
    starting: list[int] = field(default_factory=list)
    started: list[datetime] = field(default_factory=list)
    quiet: Override | None = None


def walked(
    schedule: Schedule,
    names: Sequence[str],
    start: datetime,
    stop: datetime,
    start_takes: timedelta,
    requests: Sequence[float],
    waiting: Waiting | None = None,
) -> list[Track]:
    """Every version's way from `start` to `stop`, in UTC: `plan` is asked at each sweep and at each edge.

    Parameters
    ----------
    start_takes : from StartProjectVersion to RUNNING
    requests : that come in each minute, to the first version
    waiting : the queue that they wait in; None where they are met as they come, or not at all
    """
    tracks = [
        Track(
            Observed(name, State.STOPPED, since=start),
            wanted(start, schedule, name),
            _edges(schedule, name, start, stop),
        )
        for name in names
    ]
    month, spent = (start.year, start.month), 0.0
    ahead = deque([*_steps(tracks, start, stop), stop])
    again: datetime | None = None
    while len(ahead) > 1:
        now = ahead.popleft()
        if (now.year, now.month) != month:
            month, spent = (now.year, now.month), 0.0
        for track in tracks:
            track.model = _moved(track.model, now, start_takes)
        quiet = tuple(track.quiet for track in tracks if track.quiet and now < track.quiet.until)
        held = replace(schedule, overrides=(*quiet, *schedule.overrides)) if quiet else schedule
        # The champion goes by that very name here: there is none to put in its place.
        models = [track.model for track in tracks]
        seen = _queue(waiting, now, held, models[0], looks=now == again)
        if "feeds" in seen:
            promise = asked(now, held, CHAMPION, spent, seen["queue"], models)[CHAMPION]
            soon = look_again(now, held, promise=promise, champion=models[0], start_takes=start_takes, **seen)
            # EventBridge is within a minute of it.
            again = _up_to_minute(soon) + _MINUTE if soon is not None else None
            if again is not None and again < ahead[0]:
                ahead.appendleft(again)
        until = ahead[0]
        for action in plan(now, held, models, CHAMPION, spent, **seen):
            if waiting is not None:
                waiting.do(action)
            for track in tracks:
                if track.model.version == action.version:
                    _do(action, track, now)
        for track in tracks:
            if now in track.edges:
                track.wanted = wanted(now, schedule, track.model.version)
            spent += hosting_cost(_pass(track, now, (until - now) // _MINUTE, start_takes) / 60, 1)
        if waiting is not None:
            for minute in range((now - start) // _MINUTE, (until - start) // _MINUTE):
                waiting.pass_minute(minute, tracks[0].up[minute] * schedule.rate * 60)
        if schedule.idle_stop is not None:
            first, last = (now - start) // _MINUTE, (until - start) // _MINUTE
            met = [at for at in range(first, last) if requests[at] and tracks[0].up[at]]
            if met:
                tracks[0].model = replace(tracks[0].model, last_request=start + met[-1] * _MINUTE)
    if waiting is not None:
        waiting.end()
    return tracks


def _queue(
    waiting: Waiting | None, now: datetime, schedule: Schedule, model: Observed, *, looks: bool
) -> dict[str, Any]:
    """What `plan` is told of the queue: the sweep looks at it, what windows' edges fire does not."""
    if waiting is None:
        return {}
    if now.minute * _MINUTE % TICK and not looks:
        return {"queue": waiting.recalled(now)}
    queue, is_open = waiting.seen(now, schedule, model.units if model.status == State.RUNNING else 0)
    return {"queue": queue, "feeds": is_open}


def _steps(tracks: Sequence[Track], start: datetime, stop: datetime) -> list[datetime]:
    """When plan is asked: at each sweep and each edge, and first of all at `start`."""
    sweep = start - start.minute * _MINUTE % TICK + TICK
    sweeps = (sweep + number * TICK for number in range((stop - sweep) // TICK + 1))
    edges = (edge for track in tracks for edge in track.edges)
    return [start, *sorted({at for at in (*sweeps, *edges) if start < at < stop})]


def _edges(schedule: Schedule, version: str, start: datetime, stop: datetime) -> frozenset[datetime]:
    """When what is wanted may change, on whole minutes."""
    opened = openings(schedule, start - timedelta(days=1), stop + timedelta(days=1), version)
    exact = {edge for span in opened for edge in (span.start - schedule.warm_up, span.start, span.stop)}
    exact |= {override.until for override in schedule.overrides if override.version == version}
    return frozenset(_up_to_minute(edge) for edge in exact)


def _up_to_minute(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + _MINUTE


def _do(action: Action, track: Track, now: datetime) -> None:
    if action.kind is Kind.START and track.model.status in STARTABLE:
        track.model = replace(track.model, status=State.STARTING, since=now, units=action.units)
        track.started.append(now)
    elif action.kind is Kind.STOP and track.model.status == State.RUNNING:
        track.model = replace(track.model, status=State.STOPPING, since=now)
        if action.quiet_until:
            track.quiet = Override(False, action.quiet_until, why=action.why, version=action.version)


def _moved(model: Observed, now: datetime, start_takes: timedelta) -> Observed:
    since = model.since or now
    if model.status == State.STARTING and now - since >= start_takes:
        return replace(model, status=State.RUNNING, since=_up_to_minute(since + start_takes))
    if model.status == State.STOPPING and now - since >= STOP_TAKES:
        return replace(model, status=State.STOPPED, since=since + STOP_TAKES, units=0)
    return model


def _pass(track: Track, now: datetime, minutes: int, start_takes: timedelta) -> int:
    """Lets time pass for a model that nothing is done to; minutes of units in which it was RUNNING."""
    model, starts, runs = track.model, 0, 0
    if model.status == State.STARTING:
        starts = min(minutes, math.ceil(((model.since or now) + start_takes - now) / _MINUTE))
        runs = minutes - starts
    elif model.status == State.RUNNING:
        runs = minutes
    track.asked += [track.wanted.units if track.wanted.open else 0] * minutes
    track.starting += [model.units] * starts + [0] * (minutes - starts)
    track.up += [0] * (minutes - runs) + [model.units] * runs
    return model.units * runs

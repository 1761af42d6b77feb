"""What the Lambda functions remember from call to call, as the text of an SSM parameter.

Losing it does no harm: `plan` decides by what is, and only forgets for how long it has been so. Pure: standard library
alone.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from customlabels.core.grace import GRACE
from customlabels.pipelines.service.states import STARTABLE, State
from customlabels.scheduler.actions import Action, Kind, Observed
from customlabels.scheduler.documents import LONGEST, of_override, override
from customlabels.scheduler.line import Line, of_line, read_line
from customlabels.scheduler.uptime import USUAL_WARM_UP, Override

DESCRIPTION = "What the functions of customlabels remember; losing it does little harm"
"""Of the parameter."""

TICK = timedelta(minutes=5)
"""How often what is gets looked at."""

_MOST_STARTS, _MOST_DONE = 20, 12
_LONGEST_WHY = 120
_SHORTEST_LEAD, _LONGEST_LEAD = timedelta(minutes=10), timedelta(hours=2)
_FORGOTTEN_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of a version; see `plan.Observed`."""

    status: str
    since: datetime
    failures: int = 0
    refusals: int = 0
    unwanted_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """An action of the past."""

    at: datetime
    kind: str
    version: str
    why: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What models have been up for in a month, in UTC: by CloudWatch as of when it was asked, since then by looks.

    Parameters
    ----------
    month : as 2026-11
    looked : when the states of versions were last looked at
    asked : when CloudWatch was; None before the first time
    hours : of inference units, by version
    up : versions that were up since CloudWatch was asked
    """

    month: str
    looked: datetime
    asked: datetime | None = None
    hours: dict[str, float] = field(default_factory=dict)
    up: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """Of versions; how long starts took; which models are kept down since they were idle; what was done and reported.

    Parameters
    ----------
    starts : minutes from STARTING to RUNNING, newest last
    lead : minutes of warm-up learned from them; None before the first
    reported : when a trouble (its name and the version's) was last told to people
    usage : None where nobody asks what the month has cost
    requested : when a model was last asked for labels, as far as that is known
    line : None where no images are inspected
    orphans_after : the project after which the next look for orphans goes on; None where all were looked at
    """

    versions: dict[str, Kept] = field(default_factory=dict)
    starts: tuple[float, ...] = ()
    lead: float | None = None
    quiet: tuple[Override, ...] = ()
    done: tuple[Done, ...] = ()
    reported: dict[str, datetime] = field(default_factory=dict)
    usage: Usage | None = None
    requested: datetime | None = None
    orphans_after: str | None = None
    line: Line | None = None


def seen(memory: Memory, now: datetime, states: Iterable[tuple[str, str, int]]) -> tuple[Memory, list[Observed]]:
    """The memory after a look at versions (name, status, units), and what `plan` is to know of them."""
    versions: dict[str, Kept] = {}
    starts = memory.starts
    observed = []
    for name, shown, units in states:
        before = memory.versions.get(name)
        status = _caught_up(before, shown, now)
        kept = before or Kept(status, now)
        if before is not None and before.status != status:
            if before.status == State.STARTING and status == State.RUNNING:
                starts = (*starts, round((now - before.since) / timedelta(minutes=1), 1))[-_MOST_STARTS:]
            failed = status == State.FAILED
            kept = replace(kept, status=status, since=now, failures=kept.failures + failed)
            if status == State.RUNNING:
                kept = replace(kept, failures=0, refusals=0)
        if status not in {State.RUNNING, State.STOPPING}:
            kept = replace(kept, unwanted_since=None)
        if status not in STARTABLE or kept.failures or kept.refusals:
            versions[name] = kept
        since = kept.since if before is not None else None
        observed.append(Observed(name, status, units, since, None, kept.failures, kept.refusals, kept.unwanted_since))
    quiet = tuple(override for override in memory.quiet if override.until > now)
    reported = {key: at for key, at in memory.reported.items() if now - at < _FORGOTTEN_AFTER}
    return replace(memory, versions=versions, starts=starts, quiet=quiet, reported=reported), observed


def _caught_up(before: Kept | None, shown: str, now: datetime) -> str:
    """The status that is shown; for a while after a start of one's own, that from before it is "not yet".

    A stop needs no such grace: repeated, it changes nothing, and the call decides rather than the look.
    """
    if before is None or before.status != State.STARTING or now - before.since >= timedelta(seconds=GRACE):
        return shown
    return before.status if shown in STARTABLE else shown


def used(memory: Memory, now: datetime, states: Iterable[tuple[str, str, int]]) -> Usage:
    """The month's usage after a look at versions: a model that ran at the last look is taken to have run since."""
    month, usage = f"{now:%Y-%m}", memory.usage
    running = {name: units for name, status, units in states if status == State.RUNNING}
    if usage is None or usage.month != month:
        # Where the month begins, or nothing is remembered, CloudWatch is asked about all versions.
        return Usage(month, now, up=tuple(running))
    hours = dict(usage.hours)
    for name, units in running.items():
        ran = memory.versions.get(name)
        since = max(usage.looked, ran.since) if ran is not None and ran.status == State.RUNNING else now
        hours[name] = hours.get(name, 0.0) + units * max(timedelta(), now - since) / timedelta(hours=1)
    return replace(usage, looked=now, hours=hours, up=tuple(dict.fromkeys((*usage.up, *running))))


def metered(usage: Usage, now: datetime, hours: Mapping[str, float | None]) -> Usage:
    """The usage as CloudWatch has it; that of versions of which it has nothing stays as the looks had it."""
    known = {name: many for name, many in hours.items() if many is not None}
    return replace(usage, asked=now, hours={**usage.hours, **known}, up=())


def acted(memory: Memory, now: datetime, action: Action, refused: bool, room: bool = True) -> Memory:
    """The memory after a start or a stop was asked for.

    Parameters
    ----------
    refused : whether the service would not have it
    room : whether it was refused for another reason than a quota
    """
    status = State.STARTING if action.kind is Kind.START else State.STOPPING
    before = memory.versions.get(action.version)
    kept = before or Kept("", now)
    if action.kind is Kind.START:
        kept = replace(kept, refusals=kept.refusals + (refused and not room))
    else:
        kept = replace(kept, unwanted_since=kept.unwanted_since or now)
    if not refused:
        kept = replace(kept, status=status, since=now)
    quiet = memory.quiet
    if action.quiet_until is not None and not refused:
        quiet = (*quiet, Override(False, action.quiet_until, why=action.why, version=action.version))
    kind = f"{action.kind} refused" if refused else str(action.kind)
    done = Done(now, kind, action.version, action.why[:_LONGEST_WHY])
    return replace(
        memory,
        versions={**memory.versions, action.version: kept},
        quiet=quiet,
        done=(*memory.done, done)[-_MOST_DONE:],
    )


def doubled(memory: Memory, now: datetime, action: Action) -> Memory:
    """The memory after a call that found the version on its way already, or not yet far enough."""
    before = memory.versions.get(action.version)
    if action.kind is Kind.STOP:
        kept = before or Kept("", now)
        kept = replace(kept, unwanted_since=kept.unwanted_since or now)
    else:
        kept = Kept(State.STARTING, now, before.failures if before else 0)
    return replace(memory, versions={**memory.versions, action.version: kept})


def lead(starts: Sequence[float]) -> timedelta:
    """The warm-up that past starts ask for: what nineteen of twenty took, and a look more; 20 minutes without any.

    Parameters
    ----------
    starts : minutes
    """
    if not starts:
        return USUAL_WARM_UP
    long = sorted(starts)[min(len(starts) - 1, int(len(starts) * 0.95))]
    minutes = timedelta(minutes=round(long)) + TICK
    return min(_LONGEST_LEAD, max(_SHORTEST_LEAD, minutes))


def usual_start(memory: Memory) -> timedelta | None:
    """What half of the past starts took at most; None before the first."""
    ordered = sorted(memory.starts)
    return timedelta(minutes=ordered[(len(ordered) - 1) // 2]) if ordered else None


def learned(memory: Memory) -> Memory:
    """The memory with the warm-up that its starts ask for.

    To be called while a window is open: were the warm-up changed by the very start that ends it, a model that is up
    early would be stopped again before its window opens.
    """
    return replace(memory, lead=lead(memory.starts) / timedelta(minutes=1)) if memory.starts else memory


def wanted_again(memory: Memory, actions: Sequence[Action]) -> Memory:
    """The memory where versions that run and are not to be stopped count as told to stop no longer."""
    stopped = {action.version for action in actions if action.kind is Kind.STOP}
    return replace(
        memory,
        versions={
            name: replace(kept, unwanted_since=None) if kept.status == State.RUNNING and name not in stopped else kept
            for name, kept in memory.versions.items()
        },
    )


def text(memory: Memory) -> str:
    """The memory as it is written; the oldest actions are left out until it fits a parameter."""
    written = _written(memory)
    while len(written) > LONGEST and memory.done:
        memory = replace(memory, done=memory.done[1:])
        written = _written(memory)
    # What versions do comes back at the next look.
    return written if len(written) <= LONGEST else _written(replace(memory, versions={}, reported={}))


def _written(memory: Memory) -> str:
    # `said`, and `told` of a version, are what deployed functions have written already.
    document = {
        "versions": {name: _of_kept(kept) for name, kept in memory.versions.items()},
        "starts": memory.starts,
        "lead": memory.lead,
        "quiet": [of_override(entry) for entry in memory.quiet],
        "done": [[_stamp(entry.at), entry.kind, entry.version, entry.why] for entry in memory.done],
        "said": {key: _stamp(at) for key, at in memory.reported.items()},
        "usage": memory.usage and _of_usage(memory.usage),
        "requested": memory.requested and _stamp(memory.requested),
        "orphans_after": memory.orphans_after,
        "line": memory.line and of_line(memory.line),
    }
    return json.dumps(document, separators=(",", ":"))


def read(written: str) -> Memory:
    """The memory that was written so; an empty one where it was something else."""
    try:
        given = json.loads(written)
        return Memory(
            versions={name: _kept(entry) for name, entry in given["versions"].items()},
            starts=tuple(float(minutes) for minutes in given["starts"]),
            lead=None if given["lead"] is None else float(given["lead"]),
            quiet=tuple(override(entry) for entry in given["quiet"]),
            done=tuple(Done(_time(at), kind, version, why) for at, kind, version, why in given["done"]),
            reported={key: _time(at) for key, at in given["said"].items()},
            usage=_usage(given["usage"]) if given.get("usage") else None,
            requested=_time(given["requested"]) if given.get("requested") else None,
            orphans_after=given.get("orphans_after"),
            line=read_line(given["line"]) if given.get("line") else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Memory()


def _of_usage(usage: Usage) -> dict[str, Any]:
    return {
        "month": usage.month,
        "looked": _stamp(usage.looked),
        "asked": usage.asked and _stamp(usage.asked),
        "hours": {name: round(hours, 4) for name, hours in usage.hours.items()},
        "up": usage.up,
    }


def _usage(given: dict[str, Any]) -> Usage:
    return Usage(
        month=str(given["month"]),
        looked=_time(given["looked"]),
        asked=_time(given["asked"]) if given["asked"] else None,
        hours={name: float(hours) for name, hours in given["hours"].items()},
        up=tuple(given["up"]),
    )


def _of_kept(kept: Kept) -> dict[str, Any]:
    document: dict[str, Any] = {"status": kept.status, "since": _stamp(kept.since)}
    document |= {name: getattr(kept, name) for name in ("failures", "refusals") if getattr(kept, name)}
    return document | ({"told": _stamp(kept.unwanted_since)} if kept.unwanted_since else {})


def _kept(given: dict[str, Any]) -> Kept:
    unwanted_since = _time(given["told"]) if "told" in given else None
    failures, refusals = (int(given.get(name, 0)) for name in ("failures", "refusals"))
    return Kept(given["status"], _time(given["since"]), failures, refusals, unwanted_since)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""What is remembered of the queue of images from look to look, and how it is seen by that.

SQS tells how many messages are in a queue, and of none when it came. CloudWatch tells the age of the oldest, minutes
late, and up to a quarter of an hour late for a queue that was idle: just after a queue was drained, that of a message
which is gone. So what was seen comes first: no image came before its queue was last seen empty, a look before the first
of them at most. Only where nobody has seen it empty, memory being lost or the queue new, CloudWatch is asked, and the
larger age counts. One that is taken too large starts a model a look too early; one that is too small breaks a deadline.
Pure.

Source: SQS developer guide, "Available CloudWatch metrics for Amazon SQS".
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from customlabels.scheduler.backlog import LOOK, Backlog, Unseen, is_low
from customlabels.scheduler.uptime import Schedule

_EARLY = timedelta(minutes=1)
"""By which a look may come early."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is remembered of a queue.

    Parameters
    ----------
    looked : when it was last looked at
    since : no image in it came before that; `looked` where nothing was in it
    sure : whether it was seen empty; else `since` is when it was first looked at
    low : since when no more was in it than what just came, while a model worked on it; None where that is not so
    turn : the turn that workers had come to then; empty where they have taken none
    unseen : since when it cannot be looked at; None where it can
    """

    looked: datetime
    since: datetime
    sure: bool = False
    low: datetime | None = None
    turn: str = ""
    unseen: datetime | None = None


def looked(line: Line | None, now: datetime, depth: int, schedule: Schedule, *, units: int, turn: str) -> Line:
    """The memory after a look.

    Parameters
    ----------
    depth : messages in the queue, those that are worked on included
    units : of the model that works on it; 0 where none does
    turn : the turn that workers have come to
    """
    if not depth:
        return Line(now, now, True, turn=turn)
    before = line or Line(now, now)
    works = units > 0 and turn != "" and turn != before.turn
    if not (works and is_low(depth, schedule, units)):
        return Line(now, before.since, before.sure, turn=turn)
    # What is in it now came since the workers took what was before it.
    return Line(now, now, True, before.low or now, turn)


def not_looked(line: Line | None, now: datetime) -> Line:
    """The memory after a look that did not succeed."""
    before = line or Line(now, now)
    return replace(before, unseen=before.unseen or now)


def backlog(line: Line, visible: int, in_flight: int, oldest: datetime | None, deadline: timedelta) -> Backlog:
    """The queue as it was just looked at.

    Parameters
    ----------
    oldest : when the oldest message came by CloudWatch; None where it does not tell, or was not asked
    """
    bounds = (line.since,) if line.sure or oldest is None else (line.since, oldest)
    since = min(bounds) if visible + in_flight else None
    trickles = line.low is not None and line.looked - line.low >= LOOK - _EARLY
    return Backlog(visible, in_flight, since, deadline, trickles)


def remembered(line: Line | None, now: datetime, deadline: timedelta) -> Backlog | Unseen:
    """The queue for those who may not look: as it was, where it was empty a moment ago; nobody knows, else."""
    known = line is not None and line.unseen is None and now - line.looked <= 2 * LOOK
    return Backlog(0, 0, None, deadline) if line is not None and known and is_empty(line) else Unseen(now)


def is_empty(line: Line) -> bool:
    """Whether nothing was in the queue when it was last looked at."""
    return line.sure and line.low is None and line.since == line.looked


def of_line(line: Line) -> dict[str, str]:
    """The memory as it is written."""
    times = {name: getattr(line, name) for name in ("looked", "since", "low", "unseen")}
    stamps = {name: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for name, at in times.items() if at}
    return stamps | ({"turn": line.turn} if line.turn else {}) | ({"sure": "yes"} if line.sure else {})


def read_line(given: dict[str, str]) -> Line:
    """The memory that was written so."""
    low, unseen = (datetime.fromisoformat(given[name]) if name in given else None for name in ("low", "unseen"))
    looked_at, since = datetime.fromisoformat(given["looked"]), datetime.fromisoformat(given["since"])
    return Line(looked_at, since, "sure" in given, low, given.get("turn", ""), unseen)

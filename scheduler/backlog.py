"""Images that wait for inspection: what they want of the champion, and when it has to be up for them.

Pure: standard library alone, since Lambda functions import it. A model is started as late as the deadline lets, so that
one start is for as many images as can be; what it was started for is done before it goes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from customlabels.scheduler.uptime import Schedule, Wanted, is_kept_down, units_at

HELD_FOR = timedelta(hours=1)
"""How long a queue that cannot be looked at keeps a model up; after that nobody pays for what nobody knows."""

LOOK = timedelta(minutes=5)
"""How often a queue is looked at."""

_PASSING = 10.0
"""Seconds of a model's work that may lie in a queue at any moment, although it takes all that comes."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The queue of a project's images, as it was looked at.

    Parameters
    ----------
    visible, in_flight : messages that wait, and that are being worked on
    oldest : when the oldest of them came, in UTC, or before that; None where none is there
    deadline : how long an image may wait
    trickles : whether there was, at two looks in a row, no more in it than what just came, and all that was taken on
    """

    visible: int
    in_flight: int
    oldest: datetime | None
    deadline: timedelta
    trickles: bool = False

    @property
    def depth(self) -> int:
        return self.visible + self.in_flight


@dataclass(frozen=True, slots=True)
class Unseen:
    """A queue of which nobody knows how much is in it: since when, and why; `why` is empty where nobody looked."""

    since: datetime
    why: str = ""


Queue = Backlog | Unseen | None
"""None where a project has no inspection."""


class Times(NamedTuple):
    """When a model has to be started for a backlog, to be up when, to have done it all when the oldest is due."""

    start: datetime
    up: datetime
    due: datetime


def time_to_drain(backlog: Backlog, schedule: Schedule, units: int) -> timedelta:
    """How long so many units take for all that is in a queue."""
    return timedelta(seconds=backlog.depth / (max(1, units) * schedule.rate))


def times(backlog: Backlog, schedule: Schedule, units: int) -> Times | None:
    """The latest times that let all be done by the deadline of the oldest; None where nothing waits."""
    if not backlog.depth or backlog.oldest is None:
        return None
    due = backlog.oldest + backlog.deadline
    up = due - time_to_drain(backlog, schedule, units)
    return Times(up - schedule.lead, up, due)


def is_low(depth: int, schedule: Schedule, units: int) -> bool:
    """Whether no more is in a queue than what comes and goes while a model takes all that comes."""
    return depth <= units * schedule.rate * _PASSING


def is_done(now: datetime, backlog: Backlog, schedule: Schedule) -> bool:
    """Whether a model has done what it was started for.

    Where images come without end the queue is never empty. Those that just came wait for the next start then, if their
    deadline lets the model stay down for longer than a start takes: it would be up for ever else, and mostly idle.
    """
    if not backlog.depth:
        return True
    latest = times(backlog, schedule, schedule.units)
    return backlog.trickles and latest is not None and latest.start - now >= max(schedule.lead, LOOK)


def demanded(now: datetime, schedule: Schedule, queue: Queue, want: Wanted, version: str, up: int) -> Wanted:
    """What is wanted of the champion at a time: by its windows and overrides, as given, else by the images that wait.

    Parameters
    ----------
    want : of windows and overrides
    up : units on which it is up, or on its way up; 0 where it is not
    """
    if queue is None or (want.overridden and want.units) or is_kept_down(now, schedule, version):
        return want
    if isinstance(queue, Unseen):
        if want.units or not up or now - queue.since >= HELD_FOR:
            return want
        return Wanted(up, "how many images wait is not known, and it is up", queue.since + HELD_FOR, True, waiting=True)
    # A window that is open by then finds the units that it wants.
    units = units_at(schedule, now + schedule.lead, version) or schedule.units
    latest = times(queue, schedule, up or want.units or units)
    if want.units:
        # What a window is too short for is started for the images.
        return want._replace(waiting=latest is not None and now >= latest.start)
    if latest is None or (up and is_done(now, queue, schedule)):
        return want._replace(why=f"no image has to be done now, and {want.why}") if up else want
    if up:
        ends = now + time_to_drain(queue, schedule, up)
        return Wanted(up, f"{in_words(now, queue)}; done by {_hands(ends, now, schedule)}", ends, True, waiting=True)
    why = f"{in_words(now, queue)}; wanted up by {_hands(latest.up, now, schedule)}"
    if now >= latest.start:
        return Wanted(units, why, latest.due, True, waiting=True)
    until = latest.start if want.until is None else min(want.until, latest.start)
    return want._replace(why=why, until=until)


def in_words(now: datetime, backlog: Backlog) -> str:
    """How many images wait, and the oldest for how long, in words."""
    images = "1 image waits" if backlog.depth == 1 else f"{backlog.depth:,} images wait"
    if backlog.oldest is None:
        return images
    return f"{images}, the oldest {_span(now - backlog.oldest)}"


def _span(span: timedelta) -> str:
    minutes = max(0, span // timedelta(minutes=1))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _hands(at: datetime, now: datetime, schedule: Schedule) -> str:
    """A time on the zone's clock, with its day where that is another."""
    zone = ZoneInfo(schedule.zone)
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%a %d %b %H:%M}"

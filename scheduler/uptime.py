"""When a model is to be up: windows in a time zone, closed days, overrides; worked out in UTC.

Pure: standard library alone, since Lambda functions import it. A window's hands are those of the zone's clock: a time
that comes twice is meant the first time, one that daylight saving leaves out as far after the hour before as it says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from customlabels.pipelines.service.arns import CHAMPION

USUAL_WARM_UP = timedelta(minutes=20)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of a day in which a model is up; over midnight where `stop` is not after `start`.

    Parameters
    ----------
    weekdays : on which it opens, 0 is Monday
    dates : further days on which it opens, closed or not
    version : which one is up in it
    """

    start: time
    stop: time
    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    units: int = 1
    version: str = CHAMPION


@dataclass(frozen=True, slots=True)
class Override:
    """Up, or down, until a time, whatever the windows say; `until` is in UTC."""

    up: bool
    until: datetime
    by: str = ""
    why: str = ""
    units: int = 1
    version: str = CHAMPION


@dataclass(frozen=True, slots=True)
class Schedule:
    """Windows, in a time zone, and the days on which none opens.

    Parameters
    ----------
    warm_up : how long before a window a model is started
    learns : whether `warm_up` follows how long past starts took
    known_until : the last day whose public holidays are among `closed`; None where none are asked for
    """

    zone: str
    windows: tuple[Window, ...] = ()
    closed: frozenset[date] = frozenset()
    warm_up: timedelta = USUAL_WARM_UP
    learns: bool = False
    known_until: date | None = None
    idle_stop: timedelta | None = None
    max_units: int | None = None
    monthly_budget: float | None = None
    overrides: tuple[Override, ...] = ()


class Span(NamedTuple):
    """A stretch of time in UTC in which a model is to be up, on so many units."""

    start: datetime
    stop: datetime
    units: int


def versions(schedule: Schedule) -> list[str]:
    """The versions that the schedule is about, each once."""
    return list(
        dict.fromkeys([entry.version for entry in schedule.windows] + [entry.version for entry in schedule.overrides])
    )


def resolved(schedule: Schedule, champion: str | None) -> Schedule:
    """The schedule with the champion's name wherever it says champion; as it is where there is none."""
    if champion in (None, CHAMPION):
        return schedule

    def named(version: str) -> str:
        return champion if version == CHAMPION else version

    return replace(
        schedule,
        windows=tuple(replace(entry, version=named(entry.version)) for entry in schedule.windows),
        overrides=tuple(replace(entry, version=named(entry.version)) for entry in schedule.overrides),
    )


def spans(schedule: Schedule, start: datetime, stop: datetime, version: str = CHAMPION) -> list[Span]:
    """What a version's windows ask for between two times in UTC, without warm-up and overrides.

    In order, apart, of even units: where windows overlap, the one with the most units counts. A span that reaches
    over an end is whole.
    """
    first, last = start.date() - 2 * _DAY, stop.date() + _DAY
    windows = [window for window in schedule.windows if window.version == version]
    opened = [span for window in windows for span in _openings(schedule, window, first, last)]
    opened = [span for span in opened if span.stop > start and span.start < stop]
    return _flat(opened)


def _openings(schedule: Schedule, window: Window, first: date, last: date) -> Iterator[Span]:
    zone, day = ZoneInfo(schedule.zone), first
    while day <= last:
        if day in window.dates or (day.weekday() in window.weekdays and day not in schedule.closed):
            ends = day if window.stop > window.start else day + _DAY
            opens, closes = _instant(day, window.start, zone), _instant(ends, window.stop, zone)
            if closes > opens:
                yield Span(opens, closes, window.units)
        day += _DAY


@lru_cache(maxsize=4096)
def _instant(day: date, hands: time, zone: ZoneInfo) -> datetime:
    """When the zone's clock shows that time first; one that it leaves out counts on from before the gap."""
    return datetime.combine(day, hands, zone).astimezone(UTC)


def _flat(overlapping: Sequence[Span]) -> list[Span]:
    edges = sorted({edge for span in overlapping for edge in (span.start, span.stop)})
    flat: list[Span] = []
    for left, right in pairwise(edges):
        units = max((span.units for span in overlapping if span.start <= left < span.stop), default=0)
        if units and flat and flat[-1].stop == left and flat[-1].units == units:
            flat[-1] = Span(flat[-1].start, right, units)
        elif units:
            flat.append(Span(left, right, units))
    return flat


class Wanted(NamedTuple):
    """What is wanted at a time: units, 0 for down; why, in words; and until when it stays so, as far as is known.

    `open` tells whether requests are expected, which they are not yet while a model warms up; `overridden` whether an
    override says so.
    """

    units: int
    why: str
    until: datetime | None
    open: bool
    overridden: bool = False


def wanted(now: datetime, schedule: Schedule, version: str = CHAMPION) -> Wanted:
    """What the schedule wants of a version at a time in UTC: the newest override that holds, else the windows."""
    for override in reversed(schedule.overrides):
        if override.version == version and now < override.until:
            told = f" by {override.by}" if override.by else ""
            because = f" ({override.why})" if override.why else ""
            way = "on" if override.up else "off"
            units = override.units if override.up else 0
            # Nobody's name stands at what the functions keep down by themselves.
            why = override.why if override.why and not override.by else f"override {way}{told}{because}"
            return Wanted(units, why, override.until, override.up, True)
    near = spans(schedule, now - _DAY, now + schedule.warm_up + 2 * _DAY, version)
    for span in near:
        if span.start <= now < span.stop:
            return Wanted(span.units, f"window until {_shown(span.stop, schedule)}", span.stop, True)
    for span in near:
        if span.start - schedule.warm_up <= now < span.start:
            return Wanted(span.units, f"warm-up for the window at {_shown(span.start, schedule)}", span.start, False)
    coming = next((span.start - schedule.warm_up for span in near if span.start > now), None)
    return Wanted(0, "no window is open", coming, False)


def _shown(at: datetime, schedule: Schedule) -> str:
    return at.astimezone(ZoneInfo(schedule.zone)).strftime("%a %H:%M")

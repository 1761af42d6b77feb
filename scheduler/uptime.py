"""When a model is to be up: windows in a time zone, closed days, overrides; worked out in UTC.

Pure: standard library alone, since Lambda functions import it. A window's hands are those of the zone's clock: a time
that comes twice is meant the first time, one that daylight saving leaves out as far after the hour before as it says,
but an opening that would then begin after its end begins where the clock goes on.
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

USUAL_RATE = 5.0
"""Images a second that a unit takes, until it is measured."""

LOOK_AHEAD = timedelta(days=14)
"""How far the end of a window that adjoins others is looked for; one beyond it is not known, rather than there."""

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
    learned : how long before a model is needed past starts would have it started; nothing before the first
    units, rate : on how many units a model is started for images that wait; images a second that one of them takes
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
    units: int = 1
    rate: float = USUAL_RATE
    learned: timedelta = timedelta()

    @property
    def lead(self) -> timedelta:
        """How long before it is needed a model is started for images that wait: as long as starts take, at least."""
        return max(self.warm_up, self.learned)


class Span(NamedTuple):
    """A stretch of time in UTC in which a model is to be up, on so many units."""

    start: datetime
    stop: datetime
    units: int


def versions(schedule: Schedule) -> list[str]:
    """The versions that the schedule is about, each once."""
    named = [window.version for window in schedule.windows] + [override.version for override in schedule.overrides]
    return list(dict.fromkeys(named))


def resolved(schedule: Schedule, champion: str | None) -> Schedule:
    """The schedule with the champion's name wherever it says champion; as it is where there is none."""
    if champion in (None, CHAMPION):
        return schedule

    def named(version: str) -> str:
        return champion if version == CHAMPION else version

    return replace(
        schedule,
        windows=tuple(replace(window, version=named(window.version)) for window in schedule.windows),
        overrides=tuple(replace(override, version=named(override.version)) for override in schedule.overrides),
    )


def openings(schedule: Schedule, start: datetime, stop: datetime, version: str = CHAMPION) -> list[Span]:
    """Each opening of a version's windows that has a part between two times in UTC, by itself and whole, in order."""
    first, last = start.date() - 2 * _DAY, stop.date() + _DAY
    windows = tuple(window for window in schedule.windows if window.version == version)
    opened = _opened(schedule.zone, windows, schedule.closed, first, last)
    return [span for span in opened if span.stop > start and span.start < stop]


def spans(schedule: Schedule, start: datetime, stop: datetime, version: str = CHAMPION) -> list[Span]:
    """What a version's windows ask for between two times in UTC, without warm-up and overrides.

    In order, apart, of even units: where windows overlap, the one with the most units counts. What adjoins is one span,
    whole only as far as its openings have a part of that time: `closes` and `opens` tell its true ends.
    """
    return _flat(openings(schedule, start, stop, version))


def closes(schedule: Schedule, at: datetime, version: str = CHAMPION) -> datetime | None:
    """When the span that holds `at` ends; None where that is more than LOOK_AHEAD away, or no window is open."""
    span = _holding(spans(schedule, at, at + LOOK_AHEAD, version), at)
    return None if span is None or span.stop >= at + LOOK_AHEAD else span.stop


def opens(schedule: Schedule, at: datetime, version: str = CHAMPION) -> datetime | None:
    """When the span that holds `at` began; None where that is more than LOOK_AHEAD ago, or no window is open."""
    span = _holding(spans(schedule, at - LOOK_AHEAD, at + timedelta(seconds=1), version), at)
    return None if span is None or span.start <= at - LOOK_AHEAD else span.start


def units_at(schedule: Schedule, at: datetime, version: str = CHAMPION) -> int:
    """Units that the windows ask for at a time in UTC, without warm-up and overrides."""
    span = _holding(spans(schedule, at - _DAY, at + _DAY, version), at)
    return span.units if span else 0


def _holding(opened: Sequence[Span], at: datetime) -> Span | None:
    return next((span for span in opened if span.start <= at < span.stop), None)


@lru_cache(maxsize=1024)
def _opened(
    zone_name: str, windows: tuple[Window, ...], closed: frozenset[date], first: date, last: date
) -> tuple[Span, ...]:
    zone = ZoneInfo(zone_name)
    return tuple(sorted(span for window in windows for span in _openings(zone, window, closed, first, last)))


def _openings(zone: ZoneInfo, window: Window, closed: frozenset[date], first: date, last: date) -> Iterator[Span]:
    day = first
    while day <= last:
        if day in window.dates or (day.weekday() in window.weekdays and day not in closed):
            ends = day if window.stop > window.start else day + _DAY
            begins, stops = instant(day, window.start, zone), instant(ends, window.stop, zone)
            if stops <= begins:
                begins = _changed(stops, zone)
            if stops > begins:
                yield Span(begins, stops, window.units)
        day += _DAY


@lru_cache(maxsize=4096)
def instant(day: date, hands: time, zone: ZoneInfo) -> datetime:
    """When the zone's clock shows that time first; one that it leaves out counts on from before the gap."""
    return datetime.combine(day, hands, zone).astimezone(UTC)


def _changed(at: datetime, zone: ZoneInfo) -> datetime:
    """The minute at which the zone's clock was last changed, of the day before `at`; `at` where it was not."""
    offset = at.astimezone(zone).utcoffset()
    minutes = (at - timedelta(minutes=number) for number in range(1, 24 * 60))
    other = next((minute for minute in minutes if minute.astimezone(zone).utcoffset() != offset), None)
    return at if other is None else other + timedelta(minutes=1)


def _flat(opened: Sequence[Span]) -> list[Span]:
    edges = sorted({edge for span in opened for edge in (span.start, span.stop)})
    flat: list[Span] = []
    for left, right in pairwise(edges):
        units = max((span.units for span in opened if span.start <= left < span.stop), default=0)
        if units and flat and flat[-1].stop == left and flat[-1].units == units:
            flat[-1] = Span(flat[-1].start, right, units)
        elif units:
            flat.append(Span(left, right, units))
    return flat


class Wanted(NamedTuple):
    """What is wanted at a time: units, 0 for down; why, in words; and until when it stays so, None where that is not
    known.

    `open` tells whether requests are expected, which they are not yet while a model warms up; `overridden` whether an
    override says so, `waiting` whether it is images that wait.
    """

    units: int
    why: str
    until: datetime | None
    open: bool
    overridden: bool = False
    waiting: bool = False


class Idleness(NamedTuple):
    """How a model counts as idle: since when at the earliest, and until when it is kept down then.

    A window that opens later asks for the model anew, whatever it adjoins.
    """

    since: datetime
    until: datetime


def idleness(now: datetime, schedule: Schedule, version: str = CHAMPION) -> Idleness | None:
    """How the windows that are open now let a model be idle; None where none is, or a next one is warmed up for."""
    near = openings(schedule, now - _DAY, now + _DAY, version)
    current = [span for span in near if span.start <= now < span.stop]
    coming = [span.start for span in near if span.start > now]
    if not current or any(start - schedule.warm_up <= now for start in coming):
        return None
    ends = max(span.stop for span in current)
    return Idleness(max(span.start for span in current), min([ends, *coming]))


def wanted(now: datetime, schedule: Schedule, version: str = CHAMPION) -> Wanted:
    """What the schedule wants of a version at a time in UTC: the newest override that holds, else the windows."""
    for override in reversed(schedule.overrides):
        if override.version == version and now < override.until:
            # What was idle is up again in time for the window that ends its rest.
            if _is_idleness(override) and _warms_up(now, schedule, override.until, version):
                continue
            author = f" by {override.by}" if override.by else ""
            because = f" ({override.why})" if override.why else ""
            way = "on" if override.up else "off"
            units = override.units if override.up else 0
            # Nobody's name stands at what the functions keep down by themselves.
            why = override.why if override.why and not override.by else f"override {way}{author}{because}"
            return Wanted(units, why, override.until, override.up, True)
    near = spans(schedule, now - _DAY, now + schedule.warm_up + 2 * _DAY, version)
    if span := _holding(near, now):
        until = span.stop if span.stop < now + schedule.warm_up + 2 * _DAY else closes(schedule, now, version)
        why = f"window until {_shown(until, now, schedule)}" if until else "windows are open around the clock"
        return Wanted(span.units, why, until, True)
    for span in near:
        if span.start - schedule.warm_up <= now < span.start:
            why = f"warm-up for the window at {_shown(span.start, now, schedule)}"
            return Wanted(span.units, why, span.start, False)
    coming = next((span.start - schedule.warm_up for span in near if span.start > now), None)
    return Wanted(0, "no window is open", coming, False)


def is_kept_down(now: datetime, schedule: Schedule, version: str = CHAMPION) -> bool:
    """Whether somebody keeps a version down; one that rests since nobody asked it is not kept so."""
    holding = (other for other in reversed(schedule.overrides) if other.version == version and now < other.until)
    newest = next((other for other in holding if not _is_idleness(other)), None)
    return newest is not None and not newest.up


def _is_idleness(override: Override) -> bool:
    return not override.up and not override.by


def _warms_up(now: datetime, schedule: Schedule, opening: datetime, version: str) -> bool:
    if now < opening - schedule.warm_up:
        return False
    return any(span.start == opening for span in openings(schedule, now, opening + _DAY, version))


def _shown(at: datetime, now: datetime, schedule: Schedule) -> str:
    """A time on the zone's clock, with its date where its weekday would be taken for another."""
    form = "%a %H:%M" if at - now < 6 * _DAY else "%a %d %b %H:%M"
    return at.astimezone(ZoneInfo(schedule.zone)).strftime(form)

"""When EventBridge has to fire: as a schedule's windows begin to warm up, as they end, and a while after.

Pure. What comes every week is a cron expression on the hands of the schedule's zone. Where its hands are not the time
that is meant (daylight saving begins or ends, a date has a window of its own), the day is left out of it, and the time
itself fires once; for dates as far as windows name them, for daylight saving FORESIGHT ahead, after which the sweep
makes it good. None is bounded by a start or an end: a start that is past would be refused, so that a template could
neither be deployed later than it was rendered nor be gone back to. Source: EventBridge Scheduler user guide, "Schedule
types"; CreateSchedule.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from customlabels.scheduler.uptime import Schedule, Span, Window, instant, openings, versions

CLOSES_AFTER = timedelta(minutes=15)
"""How long after a window's end a version is stopped without a function: two sweeps, and some."""

FORESIGHT = timedelta(days=2 * 366)
"""How far the days on which the clocks change are written out."""

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - the hands of a clock, in no zone
_LONGEST_LEAD = timedelta(hours=2)
_LAST_YEAR, _MONTHS = 2199, 12
"""Source: EventBridge Scheduler user guide, "Cron-based schedules"."""


class Event(StrEnum):
    START = "start"
    STOP = "stop"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A schedule of EventBridge, in a time zone.

    `version` is the one whose windows it is of; of a closing none, since it stops whatever is up.
    """

    event: Event
    version: str
    expression: str
    zone: str


Kind = tuple[Event, str]
"""What fires, and for which version."""


def edges(schedule: Schedule, now: datetime) -> list[Edge]:
    """All that has to fire from `now` on, each once."""
    zone = ZoneInfo(schedule.zone)
    today = now.astimezone(zone).date()
    # A window, its warm-up and its close reach into the days beside its own.
    uneven = {
        day + _DAY * number
        for day in (*_changes(zone, today), *_dates(schedule))
        for number in range(-2, 3)
        if day + _DAY * number >= today - _DAY
    }
    meant = _meant(schedule, uneven)
    written: list[Edge] = []
    for (event, version), moments in _weekly_moments(schedule).items():
        due = meant[event, version]
        for at, weekdays in _by_time(moments).items():
            shown = {day: _fires(day, at, zone) for day in uneven if day.weekday() in weekdays}
            left_out = {day for day, moment in shown.items() if moment is not None and moment not in due}
            due -= {moment for moment in shown.values() if moment is not None}
            written += (
                Edge(event, version, expression, schedule.zone)
                for expression in _crons_but(at, weekdays, left_out, today)
            )
    for (event, version), due in meant.items():
        written += (_once(event, version, moment, zone) for moment in due if moment > now)
    return sorted(written)


def _changes(zone: ZoneInfo, today: date) -> list[date]:
    """Days on which the zone's clock is put forward or back."""
    days = [today + _DAY * number for number in range(-1, FORESIGHT.days)]
    offsets = [datetime.combine(day, time(), zone).utcoffset() for day in days]
    return [day for day, (before, after) in zip(days, pairwise(offsets), strict=False) if before != after]


def _dates(schedule: Schedule) -> set[date]:
    return {day for window in schedule.windows for day in window.dates}


def _weekly_moments(schedule: Schedule) -> dict[Kind, set[datetime]]:
    """What fires every week, as hands in a week that stands for all."""
    moments: dict[Kind, set[datetime]] = defaultdict(set)
    for window in schedule.windows:
        for start, stop in _weekly(window):
            moments[Event.START, window.version].add(start - schedule.warm_up)
            moments[Event.STOP, window.version].add(stop)
    weekly, lead = [span for window in schedule.windows for span in _weekly(window)], _lead(schedule)
    closes = {stop + CLOSES_AFTER for _, stop in weekly}
    moments[Event.CLOSE, ""] = {close for close in closes if not _in_week(close, weekly, lead)}
    return moments


def _meant(schedule: Schedule, days: Iterable[date]) -> dict[Kind, set[datetime]]:
    """What is to fire on these days, in UTC; on closed ones too: nothing is decided by what fires."""
    zone = ZoneInfo(schedule.zone)
    every_week = replace(schedule, closed=frozenset(), overrides=())
    meant: dict[Kind, set[datetime]] = defaultdict(set)
    opened: dict[str, set[Span]] = {version: set() for version in versions(every_week)}
    for day in days:
        start = datetime.combine(day, time(), zone).astimezone(UTC)
        for version, spans in opened.items():
            spans |= set(openings(every_week, start - _DAY, start + 2 * _DAY, version))
    asked = sorted((span.start - _lead(schedule), span.stop) for spans in opened.values() for span in spans)
    for version, spans in opened.items():
        meant[Event.START, version] = {span.start - schedule.warm_up for span in spans}
        meant[Event.STOP, version] = {span.stop for span in spans}
    # A champion may be another tomorrow: nothing closes while a window of any version is open, or about to be.
    closes = {stop + CLOSES_AFTER for _, stop in asked}
    meant[Event.CLOSE, ""] = {close for close in closes if not any(first <= close < last for first, last in asked)}
    among = set(days)
    return {kind: {moment for moment in due if moment.astimezone(zone).date() in among} for kind, due in meant.items()}


def _lead(schedule: Schedule) -> timedelta:
    """How long before a window a model may be started, whatever is learned."""
    return max(schedule.warm_up, _LONGEST_LEAD) if schedule.learns else schedule.warm_up


def _fires(day: date, hands: time, zone: ZoneInfo) -> datetime | None:
    """When a cron expression fires on a day: the first time that the clock shows it, and not where it never does."""
    moment = instant(day, hands, zone)
    return moment if moment.astimezone(zone).time() == hands else None


Hands = tuple[datetime, datetime]
"""From and to, as the zone's clock shows it."""


def _weekly(window: Window) -> Iterator[Hands]:
    """The window on its weekdays, in a week that stands for all."""
    for weekday in sorted(window.weekdays):
        day = (_MONDAY + weekday * _DAY).date()
        ends = day if window.stop > window.start else day + _DAY
        yield datetime.combine(day, window.start), datetime.combine(ends, window.stop)


def _in_week(at: datetime, weekly: Iterable[Hands], lead: timedelta) -> bool:
    """Whether a window is open then, or may be warming up, in any week."""
    hands = _MONDAY + (at - _MONDAY) % _WEEK
    return any(
        start - lead <= moment < stop for start, stop in weekly for moment in (hands - _WEEK, hands, hands + _WEEK)
    )


def _by_time(moments: Iterable[datetime]) -> Mapping[time, set[int]]:
    """Weekdays by the time of day that they have a moment at."""
    weekdays: dict[time, set[int]] = defaultdict(set)
    for moment in moments:
        weekdays[moment.time()].add(moment.weekday())
    return weekdays


def _cron(at: time, weekdays: Iterable[int], months: str = "*", years: str = "*") -> str:
    """Each week on these days, in these months and years."""
    return f"cron({at.minute} {at.hour} ? {months} {','.join(_DAYS[day] for day in sorted(weekdays))} {years})"


def _crons_but(at: time, weekdays: set[int], left_out: set[date], today: date) -> Iterator[str]:
    """Each week on these days from `today` on, but for those that are left out.

    Months with one of those are written out day by day, their years month by month; all others are as ever.
    """
    left_out = {day for day in left_out if day >= today}
    if not left_out:
        yield _cron(at, weekdays)
        return
    broken = sorted({(day.year, day.month) for day in left_out})
    years = sorted({year for year, _ in broken})
    bounds = [today.year - 1, *years, _LAST_YEAR + 1]
    whole = [(after + 1, before - 1) for after, before in pairwise(bounds) if before - after > 1]
    yield _cron(at, weekdays, years=_ranges(whole))
    for year in years:
        first = today.month if year == today.year else 1
        months = [month for month in range(first, _MONTHS + 1) if (year, month) not in broken]
        if months:
            yield _cron(at, weekdays, ",".join(map(str, months)), str(year))
    for year, month in broken:
        last = date(year + month // _MONTHS, month % _MONTHS + 1, 1) - _DAY
        days = [
            str(day.day)
            for day in _days_from(max(today, date(year, month, 1)), last)
            if day.weekday() in weekdays and day not in left_out
        ]
        if days:
            yield f"cron({at.minute} {at.hour} {','.join(days)} {month} ? {year})"


def _days_from(first: date, last: date) -> list[date]:
    return [first + _DAY * number for number in range((last - first).days + 1)]


def _ranges(whole: Iterable[tuple[int, int]]) -> str:
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in whole)


def _once(event: Event, version: str, moment: datetime, zone: ZoneInfo) -> Edge:
    """At a moment; in UTC where the zone's clock shows the same a second time then, and fires at the first."""
    local = moment.astimezone(zone)
    hands, name = (local, zone.key) if not local.fold else (moment, "UTC")
    return Edge(event, version, f"at({hands:%Y-%m-%dT%H:%M:%S})", name)

"""When EventBridge has to fire: as a schedule's windows begin to warm up, as they end, and a while after.

Pure. Expressions are those of EventBridge Scheduler, in the schedule's own time zone; daylight saving that leaves one
out is made good by the sweep. None is bounded by a start or an end: a start that is past would be refused, so that a
template could neither be deployed later than it was rendered nor be gone back to. Source: EventBridge Scheduler user
guide, "Schedule types"; CreateSchedule.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from customlabels.scheduler.uptime import Schedule, Window, versions

CLOSES_AFTER = timedelta(minutes=15)
"""How long after a window's end a version is stopped without a function: two sweeps, and some."""

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
    """A schedule of EventBridge.

    `version` is the one whose windows it is of; of a closing none, since it stops whatever is up.
    """

    event: Event
    version: str
    expression: str


def edges(schedule: Schedule, now: datetime) -> list[Edge]:
    """All that has to fire from `now` on, each once."""
    opened = {edge for version in versions(schedule) for edge in _of_version(schedule, version, now)}
    return sorted(opened | set(_closings(schedule, now)))


def _of_version(schedule: Schedule, version: str, now: datetime) -> Iterator[Edge]:
    windows = [window for window in schedule.windows if window.version == version]
    weekly = [span for window in windows for span in _weekly(window)]
    for event, moments in (
        (Event.START, [start - schedule.warm_up for start, _ in weekly]),
        (Event.STOP, [stop for _, stop in weekly]),
    ):
        yield from (Edge(event, version, _cron(at, days)) for at, days in _by_time(moments).items())
    for start, stop in (span for window in windows for span in _dated(window)):
        yield from _once(Event.START, version, start - schedule.warm_up, schedule.zone, now)
        yield from _once(Event.STOP, version, stop, schedule.zone, now)


def _closings(schedule: Schedule, now: datetime) -> Iterator[Edge]:
    """When no window of any version is open any more, nor about to be: a champion may be another tomorrow."""
    lead = max(schedule.warm_up, _LONGEST_LEAD) if schedule.learns else schedule.warm_up
    weekly = [span for window in schedule.windows for span in _weekly(window)]
    dated = [span for window in schedule.windows for span in _dated(window) if _utc(span[1], schedule.zone) > now]
    closes = [stop + CLOSES_AFTER for _, stop in weekly]
    held = [(start - lead, stop) for start, stop in dated]
    today = now.astimezone(ZoneInfo(schedule.zone)).date()
    for at, days in _by_time(close for close in closes if not _in_week(close, weekly, lead)).items():
        yield from (Edge(Event.CLOSE, "", text) for text in _crons_but(at, days, held, today))
    for _, stop in dated:
        close = stop + CLOSES_AFTER
        if not _in_week(close, weekly, lead) and not any(first - lead <= close < last for first, last in dated):
            yield from _once(Event.CLOSE, "", close, schedule.zone, now)


Span = tuple[datetime, datetime]
"""From and to, as the zone's clock shows it."""


def _weekly(window: Window) -> Iterator[Span]:
    """The window on its weekdays, in a week that stands for all."""
    for day in sorted(window.weekdays):
        yield _on((_MONDAY + day * _DAY).date(), window)


def _dated(window: Window) -> list[Span]:
    return [_on(day, window) for day in sorted(window.dates)]


def _on(day: date, window: Window) -> Span:
    ends = day if window.stop > window.start else day + _DAY
    return datetime.combine(day, window.start), datetime.combine(ends, window.stop)


def _in_week(at: datetime, weekly: Iterable[Span], lead: timedelta) -> bool:
    """Whether a window is open then, or may be warming up, in any week."""
    hands = _MONDAY + (at - _MONDAY) % _WEEK
    return any(
        start - lead <= moment < stop for start, stop in weekly for moment in (hands - _WEEK, hands, hands + _WEEK)
    )


def _by_time(moments: Iterable[datetime]) -> dict[time, set[int]]:
    """Weekdays by the time of day that they have a moment at."""
    weekdays: dict[time, set[int]] = defaultdict(set)
    for moment in moments:
        weekdays[moment.time()].add(moment.weekday())
    return weekdays


def _cron(at: time, weekdays: Iterable[int], months: str = "*", years: str = "*") -> str:
    """Each week on these days, in these months and years."""
    return f"cron({at.minute} {at.hour} ? {months} {','.join(_DAYS[day] for day in sorted(weekdays))} {years})"


def _crons_but(at: time, weekdays: set[int], held: Iterable[Span], today: date) -> Iterator[str]:
    """Each week on these days from `today` on, but for what falls into a span.

    Months with a moment that does are written out day by day, their years month by month; all others are as ever.
    """
    left_out = {
        day
        for start, stop in held
        for day in _days_from(start.date(), stop.date())
        if day >= today and day.weekday() in weekdays and start <= datetime.combine(day, at) < stop
    }
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


def _once(event: Event, version: str, at: datetime, zone: str, now: datetime) -> Iterator[Edge]:
    if _utc(at, zone) > now:
        yield Edge(event, version, f"at({at:%Y-%m-%dT%H:%M:%S})")


def _utc(hands: datetime, zone: str) -> datetime:
    return hands.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

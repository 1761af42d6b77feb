"""When EventBridge has to fire: as a schedule's windows begin to warm up, as they end, and a while after.

Pure. Expressions are those of EventBridge Scheduler, in the schedule's own time zone; daylight saving that leaves one
out is made good by the sweep. Source: EventBridge Scheduler user guide, "Schedule types".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from customlabels.scheduler.uptime import Schedule, Window, versions

CLOSES_AFTER = timedelta(minutes=15)
"""How long after a window's end a version is stopped without a function: two sweeps, and some."""

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - the hands of a clock, in no zone
_LONGEST_LEAD = timedelta(hours=2)
_SOON = timedelta(hours=1)
"""What ends so soon is left out: it may be past when the stack is made."""


class Event(StrEnum):
    START = "start"
    STOP = "stop"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A schedule of EventBridge; `since` and `until` bound it, in UTC, where it is bounded.

    `version` is the one whose windows it is of; of a closing none, since it stops whatever is up.
    """

    event: Event
    version: str
    expression: str
    since: str = ""
    until: str = ""


def edges(schedule: Schedule, now: datetime) -> list[Edge]:
    """All that has to fire from `now` on, each once."""
    opened = {edge for version in versions(schedule) for edge in _of_version(schedule, version, now)}
    return sorted(opened | set(_closings(schedule, now)))


def _of_version(schedule: Schedule, version: str, now: datetime) -> Iterator[Edge]:
    windows = [window for window in schedule.windows if window.version == version]
    weekly = [span for window in windows for span in _weekly(window)]
    yield from (Edge(Event.START, version, text) for text in _crons(start - schedule.warm_up for start, _ in weekly))
    yield from (Edge(Event.STOP, version, text) for text in _crons(stop for _, stop in weekly))
    for start, stop in (span for window in windows for span in _dated(window)):
        yield from _once(Event.START, version, start - schedule.warm_up, schedule.zone, now)
        yield from _once(Event.STOP, version, stop, schedule.zone, now)


def _closings(schedule: Schedule, now: datetime) -> Iterator[Edge]:
    """When no window of any version is open any more, nor about to be: a champion may be another tomorrow."""
    lead = max(schedule.warm_up, _LONGEST_LEAD) if schedule.learns else schedule.warm_up
    weekly = [span for window in schedule.windows for span in _weekly(window)]
    dated = [span for window in schedule.windows for span in _dated(window) if _utc(span[1], schedule.zone) > now]
    closes = [stop + CLOSES_AFTER for _, stop in weekly]
    for text, moments in _crons(at for at in closes if not _in_week(at, weekly, lead)).items():
        for since, until in _cut(moments, dated, lead, schedule.zone, now):
            yield Edge(Event.CLOSE, "", text, since, until)
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


def _crons(moments: Iterable[datetime]) -> dict[str, list[datetime]]:
    """A cron expression for each time of day, and the moments of the week that it stands for."""
    at: dict[time, set[int]] = defaultdict(set)
    for moment in moments:
        at[moment.time()].add(moment.weekday())
    return {
        f"cron({hands.minute} {hands.hour} ? * {','.join(_DAYS[day] for day in sorted(days))} *)": [
            datetime.combine((_MONDAY + day * _DAY).date(), hands) for day in sorted(days)
        ]
        for hands, days in at.items()
    }


def _cut(
    moments: list[datetime], dated: list[Span], lead: timedelta, zone: str, now: datetime
) -> list[tuple[str, str]]:
    """The stretches to come in which a weekly moment may fire, so that no dated window is open then."""
    held: list[tuple[datetime, datetime]] = []
    for start, stop in sorted(dated):
        if any(_falls_in(moment, start - lead, stop) for moment in moments):
            first, last = _utc(start - lead, zone), _utc(stop, zone)
            if held and first <= held[-1][1]:
                held[-1] = (held[-1][0], max(last, held[-1][1]))
            else:
                held.append((first, last))
    bounds = [None, *(edge for span in held for edge in span), None]
    pieces = zip(bounds[::2], bounds[1::2], strict=True)
    return [
        (_stamp(since) if since else "", _stamp(until) if until else "")
        for since, until in pieces
        if until is None or until > now + _SOON
    ]


def _falls_in(moment: datetime, start: datetime, stop: datetime) -> bool:
    """Whether the weekly moment comes between the two."""
    first = start + (moment - start) % _WEEK
    return first < stop


def _once(event: Event, version: str, at: datetime, zone: str, now: datetime) -> Iterator[Edge]:
    if _utc(at, zone) > now:
        yield Edge(event, version, f"at({at:%Y-%m-%dT%H:%M:%S})")


def _utc(hands: datetime, zone: str) -> datetime:
    return hands.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

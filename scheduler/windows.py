"""Windows of a schedule within a stretch of time, cut at its ends, and what they cost: one clipping for all figures."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from customlabels.core.prices import hosting_cost
from customlabels.scheduler.uptime import Schedule, Span, closes, openings, spans, versions

_HOUR, _YEAR = timedelta(hours=1), timedelta(days=366)


def clipped(schedule: Schedule, start: datetime, stop: datetime) -> list[tuple[Span, str]]:
    """The spans of all versions from `start` to `stop`, cut there, in order."""
    cut = [
        (span._replace(start=max(span.start, start), stop=min(span.stop, stop)), version)
        for version in versions(schedule)
        for span in spans(schedule, start, stop, version)
    ]
    return sorted((span, version) for span, version in cut if span.start < span.stop)


def dollars(schedule: Schedule, start: datetime, stop: datetime) -> float:
    """What the windows from `start` to `stop` cost, warm-up apart."""
    return sum(hosting_cost((span.stop - span.start) / _HOUR, span.units) for span, _ in clipped(schedule, start, stop))


def window_rows(schedule: Schedule, start: datetime, stop: datetime) -> list[dict[str, Any]]:
    """The windows from `start` to `stop`, as they are shown: in the schedule's own zone, with hours and dollars.

    `hours` and `dollars` are those until `stop`; `closes` is when the window really ends, None where that is not known.
    """
    zone = ZoneInfo(schedule.zone)
    return [
        {
            "version": version,
            "opens": span.start.astimezone(zone).isoformat(timespec="minutes"),
            "closes": _shown(span.stop if span.stop < stop else closes(schedule, span.start, version), zone),
            "units": span.units,
            "hours": round((span.stop - span.start) / _HOUR, 2),
            "dollars": round(hosting_cost((span.stop - span.start) / _HOUR, span.units), 2),
        }
        for span, version in clipped(schedule, start, stop)
    ]


def unopened(schedule: Schedule, now: datetime) -> list[str]:
    """A sentence for each window that does not open within a year from now, though nothing is wrong with how it is
    written.
    """
    today, sentences = now.astimezone(ZoneInfo(schedule.zone)).date(), list[str]()
    for number, window in enumerate(schedule.windows, 1):
        if openings(replace(schedule, windows=(window,)), now, now + _YEAR, window.version):
            continue
        last = max(window.dates, default=None)
        if not window.weekdays and last is not None and last <= today:
            why = f"its last day, {last}, is past: it never opens again"
        else:
            why = "opens on no day of the year to come: each of its days is closed, or further off"
        sentences.append(f"schedule.window {number}: {why}")
    return sentences


def _shown(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else at.astimezone(zone).isoformat(timespec="minutes")

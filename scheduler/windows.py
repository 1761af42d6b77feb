"""Windows of a schedule within a stretch of time, cut at its ends, and what they cost: one clipping for all figures."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from customlabels.core.prices import hosting_cost
from customlabels.scheduler.uptime import Schedule, Span, closes, spans, versions

_HOUR = timedelta(hours=1)


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


def _shown(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else at.astimezone(zone).isoformat(timespec="minutes")

"""Requests over time, to try a schedule on: a few shapes, or a CSV of what really came."""

import csv
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from customlabels.core.errors import LayoutError
from customlabels.scheduler.simulation import Demand

_MOST_FAULTS = 50


def two_shift(zone: str, rate: float) -> Demand:
    """A factory from 6 to 22 on workdays, with a lull at the change of shifts."""
    local = ZoneInfo(zone)

    def demand(now: datetime) -> float:
        here = now.astimezone(local)
        if here.weekday() >= 5 or not 6 <= here.hour < 22:
            return 0.0
        return 0.1 * rate * 60 if here.hour == 14 and here.minute < 30 else 0.6 * rate * 60

    return demand


def batches(zone: str, rate: float) -> Demand:
    """A batch of half an hour at 9 and at 16 on workdays."""
    local = ZoneInfo(zone)

    def demand(now: datetime) -> float:
        here = now.astimezone(local)
        return 0.9 * rate * 60 if here.weekday() < 5 and here.hour in (9, 16) and here.minute < 30 else 0.0

    return demand


def around_the_clock(zone: str, rate: float) -> Demand:
    """Day and night from Monday to Friday, more by day; weekends off."""
    local = ZoneInfo(zone)

    def demand(now: datetime) -> float:
        here = now.astimezone(local)
        wave = 0.5 + 0.3 * math.sin(2 * math.pi * (here.hour + here.minute / 60 - 6) / 24)
        return wave * rate * 60 if here.weekday() < 5 else 0.0

    return demand


SHAPES: dict[str, Callable[[str, float], Demand]] = {
    "two-shift": two_shift,
    "batches": batches,
    "around-the-clock": around_the_clock,
}
"""By name; each is made for a time zone and the requests a second that a unit takes."""


def read_demand(path: Path) -> tuple[Demand, datetime, int]:
    """The demand in a CSV of `time` (ISO 8601, UTC unless it says otherwise) and `requests` until the next row; its
    first time, and how many whole days it covers.

    Raises
    ------
    LayoutError : with every row that cannot be read
    """
    rows: list[tuple[datetime, float]] = []
    faults: list[str] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if not {"time", "requests"} <= set(reader.fieldnames or ()):
                raise LayoutError(f"{path}: has no columns time and requests", hint="time,requests on the first line")
            for number, row in enumerate(reader, 2):
                try:
                    at = datetime.fromisoformat(row["time"].strip())
                    requests = float(row["requests"])
                    if not 0 <= requests < math.inf:
                        raise ValueError
                    rows.append((at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC), requests))
                except (ValueError, AttributeError, TypeError):
                    faults.append(f"{path}, row {number}: needs a time like 2026-11-21T06:00 and a count of requests")
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutError(f"{path}: cannot be read ({error})") from error
    faults += [
        f"{path}: the time {later[0].isoformat()} does not come after {earlier[0].isoformat()}"
        for earlier, later in pairwise(rows)
        if later[0] <= earlier[0]
    ]
    if faults or len(rows) < 2:
        told = faults or [f"{path}: has fewer than two rows"]
        raise LayoutError(told[0], details=told[1:_MOST_FAULTS])
    minutes: dict[datetime, float] = {}
    for (at, requests), (until, _) in pairwise(rows):
        first = at.replace(second=0, microsecond=0)
        span = max(1, int((until - first) / timedelta(minutes=1)))
        for minute in range(span):
            key = first + timedelta(minutes=minute)
            minutes[key] = minutes.get(key, 0.0) + requests / span
    days = max(1, int((rows[-1][0] - rows[0][0]) / timedelta(days=1)))
    return lambda now: minutes.get(now, 0.0), rows[0][0].replace(second=0, microsecond=0), days

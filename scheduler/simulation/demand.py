"""Requests over time, to try a schedule on: a few shapes, a CSV of what really came, or what CloudWatch counted."""

import csv
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from customlabels.aws.clients import explained
from customlabels.aws.metric_queries import metric_query
from customlabels.core.errors import LayoutError, ServiceError
from customlabels.scheduler.simulation.simulated import Demand

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

LONGEST_HISTORY = 63
"""Days. Source: CloudWatch user guide, "Metrics retention": 60 seconds for 15 days, 5 minutes for 63."""

_DAYS_BY_MINUTE = 15
_COUNTED = ("SuccessfulRequestCount", "ThrottledCount")
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_LONGEST = 104 * 7 * _DAY


class Trace(NamedTuple):
    """A demand, its first minute in UTC, and how many whole days it covers."""

    demand: Demand
    start: datetime
    days: int


def midnight(now: datetime, zone: str) -> datetime:
    """In UTC, when the day began on the zone's clock: days are those of the schedule's zone everywhere."""
    local = now.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(), local.tzinfo).astimezone(UTC)


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


def but_closed(demand: Demand, zone: str, closed: frozenset[date]) -> Demand:
    """The demand without that of days on which all is closed."""
    local = ZoneInfo(zone)
    return lambda now: 0.0 if now.astimezone(local).date() in closed else demand(now)


def read_demand(path: Path) -> Trace:
    """The demand in a CSV of `time` (ISO 8601, UTC unless it says otherwise) and `requests` until the next row.

    The last row holds for as long as the shortest of the others.

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
                except (ValueError, AttributeError, TypeError, OverflowError):
                    faults.append(f"{path}, row {number}: needs a time like 2026-11-21T06:00 and a count of requests")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LayoutError(f"{path}: cannot be read ({error})") from error
    faults += [
        f"{path}: the time {later[0].isoformat()} does not come after {earlier[0].isoformat()}"
        for earlier, later in pairwise(rows)
        if later[0] <= earlier[0]
    ]
    if faults or len(rows) < 2:
        faults = faults or [f"{path}: has fewer than two rows"]
        raise LayoutError(faults[0], details=faults[1:])
    if rows[-1][0] - rows[0][0] > _LONGEST:
        raise LayoutError(f"{path}: covers more than {_LONGEST // _DAY} days")
    shortest = min(later[0] - earlier[0] for earlier, later in pairwise(rows))
    stop = rows[-1][0] + shortest
    minutes: dict[datetime, float] = {}
    for (at, requests), (until, _) in pairwise([*rows, (stop, 0.0)]):
        first = at.replace(second=0, microsecond=0)
        span = max(1, int((until - first) / _MINUTE))
        for minute in range(span):
            key = first + minute * _MINUTE
            minutes[key] = minutes.get(key, 0.0) + requests / span
    start = rows[0][0].replace(second=0, microsecond=0)
    return Trace(lambda now: minutes.get(now, 0.0), start, max(1, (stop - start) // _DAY))


def read_history(cloudwatch: "CloudWatchClient", now: datetime, days: int) -> Trace:
    """What CloudWatch counted of DetectCustomLabels in the days before `now`: calls that were answered or throttled.

    Of the whole account in that region: these metrics do not tell models apart. Calls to a model that is not running
    are not among them, and one that was throttled and tried again counts twice.

    Source: Rekognition developer guide, "Monitoring Rekognition with Amazon CloudWatch".

    Raises
    ------
    ServiceError : there was no call
    """
    period = 1 if days <= _DAYS_BY_MINUTE else 5
    stop = now.astimezone(UTC).replace(second=0, microsecond=0)
    stop -= timedelta(minutes=stop.minute % period)
    start = stop - days * _DAY
    queries = [
        metric_query(name.lower(), name, {"Operation": "DetectCustomLabels"}, period=period * _MINUTE)
        for name in _COUNTED
    ]
    minutes: dict[datetime, float] = {}
    with explained("reading CloudWatch's counts of DetectCustomLabels"):
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=stop
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                for at, requests in zip(result["Timestamps"], result["Values"], strict=True):
                    for minute in range(period):
                        key = at.astimezone(UTC) + minute * _MINUTE
                        minutes[key] = minutes.get(key, 0.0) + requests / period
    if not any(minutes.values()):
        raise ServiceError(
            f"CloudWatch counted no DetectCustomLabels call in the last {days} days",
            hint="name another region or profile, or a shape or CSV instead of cloudwatch",
        )
    return Trace(lambda now: minutes.get(now, 0.0), start, days)

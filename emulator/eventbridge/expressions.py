"""Schedule expressions of EventBridge: cron, rate and at, in a time zone; what a schedule's input says of itself.

Cron is evaluated by aws-croniter, on the hands of the zone's clock: a time that daylight saving leaves out does not
come, one that comes twice fires the first time. Source: EventBridge Scheduler user guide, "Schedule types".
"""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aws_croniter import AwsCroniter

_FORM = re.compile(r"(cron|rate|at)\((.+)\)")
_RATE = re.compile(r"(\d+) (minute|hour|day)(s?)")
_SPANS = {"minute": 60, "hour": 3600, "day": 86400}
_CONTEXT = re.compile(r"<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>")
_MOST_SKIPPED = 400
"""Times in a row that may be left out by daylight saving: a year of days, and some."""


def next_time(expression: str, zone: str, after: float, anchor: float) -> float | None:
    """When the schedule fires next; None where it never does again.

    Parameters
    ----------
    after, anchor : seconds since 1970; the time to come after, and that from which a rate counts

    Raises
    ------
    ValueError : no such expression, or no such zone
    """
    match = _FORM.fullmatch(expression.strip())
    if match is None:
        raise ValueError(f"{expression!r} is no cron(…), rate(…) or at(…)")
    kind, inner = match[1], match[2].strip()
    if kind == "rate":
        span = _span(inner)
        return anchor + (max(0, int((after - anchor) // span)) + 1) * span if after >= anchor else anchor + span
    local = _zone(zone)
    if kind == "at":
        try:
            at = datetime.fromisoformat(inner).replace(tzinfo=local).timestamp()
        except ValueError as error:
            raise ValueError(f"{expression!r} is no date and time") from error
        return at if at > after else None
    cron = _cron(inner)
    hands = datetime.fromtimestamp(after, local).replace(tzinfo=UTC) - timedelta(hours=3)
    for _ in range(_MOST_SKIPPED):
        coming = cron.get_next(hands)
        if not coming or coming[0] is None:
            # Its years are past.
            return None
        hands = coming[0]
        shown = _instant(hands, local)
        if shown is not None and shown > after:
            return shown
    return None


def with_context(payload: str, schedule: str, at: float, attempt: int) -> str:
    """A schedule's input as its target gets it; that of any other source as it is.

    Parameters
    ----------
    schedule, at, attempt : the ARN, the time it was due in seconds since 1970, which attempt at the target (from 1)

    Source: EventBridge Scheduler user guide, "Adding context attributes".
    """
    if ":scheduler:" not in schedule or "<aws.scheduler." not in payload:
        return payload
    values = {
        "schedule-arn": schedule,
        "scheduled-time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": hashlib.sha256(f"{schedule} {at} {attempt}".encode()).hexdigest()[:16],
        "attempt-number": str(attempt),
    }
    return _CONTEXT.sub(lambda match: values[match[1]], payload)


def _instant(hands: datetime, zone: ZoneInfo) -> float | None:
    """The first moment at which the zone's clock shows a time; None where it never does."""
    shown = hands.replace(tzinfo=zone, fold=0)
    at = shown.timestamp()
    return at if datetime.fromtimestamp(at, zone).replace(tzinfo=None) == shown.replace(tzinfo=None) else None


def _span(text: str) -> int:
    match = _RATE.fullmatch(text)
    if match is None or not int(match[1]) or (int(match[1]) == 1) == bool(match[3]):
        raise ValueError(f"rate({text}) is no rate: rate(1 minute), rate(5 minutes), rate(2 hours)")
    return int(match[1]) * _SPANS[match[2]]


@lru_cache(maxsize=256)
def _cron(text: str) -> AwsCroniter:
    try:
        return AwsCroniter(text)
    except (ValueError, KeyError, IndexError) as error:
        raise ValueError(f"cron({text}) is no cron expression: {error}") from error


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone") from error

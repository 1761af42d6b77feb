"""A schedule and its overrides as the text of SSM parameters, which the Lambda functions read; and back.

Pure: standard library alone. Source of the limit: Systems Manager, "Managing parameter tiers".
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from customlabels.pipelines.service.arns import CHAMPION
from customlabels.scheduler.uptime import USUAL_RATE, Override, Schedule, Window

LONGEST = 4096
"""Characters that a standard parameter holds."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a project's inspection tells of itself: its queue, the mapping that feeds its function, its table.

    Parameters
    ----------
    deadline : how long an image may wait
    machine : ARN of the state machine of its batches; empty where it does not tell
    """

    queue_url: str
    queue_arn: str
    mapping: str
    table: str
    deadline: timedelta
    machine: str = ""


_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def schedule_text(schedule: Schedule) -> str:
    """The schedule without its overrides, the same text for the same schedule; its spans are of whole minutes."""
    idle = schedule.idle_stop
    document = {
        "zone": schedule.zone,
        "windows": [_of_window(window) for window in schedule.windows],
        "closed": [f"{first}/{last}" for first, last in _periods(schedule.closed)],
        "warm_up": schedule.warm_up // _MINUTE,
        "learns": schedule.learns,
        "known_until": schedule.known_until and schedule.known_until.isoformat(),
        "idle_stop": None if idle is None else idle // _MINUTE,
        "max_units": schedule.max_units,
        "monthly_budget": schedule.monthly_budget,
        "units": schedule.units,
        "rate": schedule.rate,
    }
    return json.dumps(document, separators=(",", ":"))


def read_schedule_text(text: str) -> Schedule:
    """The schedule that `schedule_text` wrote.

    Raises
    ------
    ValueError : it is something else
    """
    try:
        given = json.loads(text)
        idle = given["idle_stop"]
        return Schedule(
            zone=given["zone"],
            windows=tuple(_window(window) for window in given["windows"]),
            closed=frozenset(day for period in given["closed"] for day in _days(period)),
            warm_up=given["warm_up"] * _MINUTE,
            learns=given["learns"],
            known_until=date.fromisoformat(given["known_until"]) if given["known_until"] else None,
            idle_stop=None if idle is None else idle * _MINUTE,
            max_units=given["max_units"],
            monthly_budget=given["monthly_budget"],
            units=given.get("units", 1),
            rate=given.get("rate", USUAL_RATE),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no schedule of customlabels: {text[:100]!r}") from error


def overrides_text(overrides: Sequence[Override]) -> str:
    """The overrides, the newest last."""
    return json.dumps([of_override(override) for override in overrides], separators=(",", ":"))


def read_overrides_text(text: str) -> tuple[Override, ...]:
    """The overrides that `overrides_text` wrote.

    Raises
    ------
    ValueError : it is something else
    """
    try:
        return tuple(override(written) for written in json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no overrides of customlabels: {text[:100]!r}") from error


def read_inspection_text(text: str) -> Inspection:
    """What an inspection wrote of itself.

    Raises
    ------
    ValueError : it is something else
    """
    try:
        given = json.loads(text)
        texts = [given[name] for name in ("queue_url", "queue_arn", "mapping_uuid", "table")]
        seconds = given["deadline_seconds"]
        machine = given.get("machine", "")
        if not all(isinstance(value, str) and value for value in texts) or isinstance(seconds, bool) or seconds <= 0:
            raise TypeError
        if not isinstance(machine, str):
            raise TypeError
        url, arn, mapping, table = texts
        return Inspection(url, arn, mapping, table, timedelta(seconds=seconds), machine)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"no inspection of customlabels: {text[:100]!r}") from error


def of_override(override: Override) -> dict[str, Any]:
    """The override as it is written."""
    return {
        "up": override.up,
        "until": override.until.isoformat(),
        "by": override.by,
        "why": override.why,
        "units": override.units,
        "version": override.version,
    }


def override(given: dict[str, Any]) -> Override:
    """The override that was written so."""
    return Override(
        bool(given["up"]),
        datetime.fromisoformat(given["until"]),
        given.get("by", ""),
        given.get("why", ""),
        given.get("units", 1),
        given.get("version", CHAMPION),
    )


def _of_window(window: Window) -> dict[str, Any]:
    return {
        "start": window.start.isoformat("minutes"),
        "stop": window.stop.isoformat("minutes"),
        "weekdays": sorted(window.weekdays),
        "dates": sorted(day.isoformat() for day in window.dates),
        "units": window.units,
        "version": window.version,
    }


def _window(given: dict[str, Any]) -> Window:
    return Window(
        time.fromisoformat(given["start"]),
        time.fromisoformat(given["stop"]),
        frozenset(given["weekdays"]),
        frozenset(date.fromisoformat(day) for day in given["dates"]),
        given["units"],
        given["version"],
    )


def _periods(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days in a row as their first and last."""
    periods: list[tuple[date, date]] = []
    for day in sorted(days):
        if periods and day - periods[-1][1] == _DAY:
            periods[-1] = (periods[-1][0], day)
        else:
            periods.append((day, day))
    return periods


def _days(period: str) -> list[date]:
    first, last = (date.fromisoformat(part) for part in period.split("/"))
    return [first + _DAY * day for day in range((last - first).days + 1)]

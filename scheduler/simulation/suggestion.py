"""Windows that bill least for a demand at a wanted coverage, as a person would write them.

What `hours` finds is walked through like any schedule: none is suggested that was not seen to meet what was asked for.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from customlabels.core.errors import SettingsError
from customlabels.pipelines.service.hosting import MAX_UNITS
from customlabels.scheduler.schedule_settings import DAYS
from customlabels.scheduler.simulation.demand import Trace
from customlabels.scheduler.simulation.foresight import units_for
from customlabels.scheduler.simulation.hours import best_hours
from customlabels.scheduler.simulation.quarters import DAY, MINUTES, WEEK, Array, Week, openings
from customlabels.scheduler.simulation.simulated import Simulated, simulate
from customlabels.scheduler.simulation.walk import STOP_TAKES
from customlabels.scheduler.uptime import Schedule, Window

_QUARTER = timedelta(minutes=MINUTES)
_MINUTE = timedelta(minutes=1)

_ROUNDS = 6
"""How often a wish is raised by what the walk lacked."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A schedule that meets a share of a demand, and how it fared."""

    schedule: Schedule
    result: Simulated


def suggest(
    schedule: Schedule,
    trace: Trace,
    *,
    coverage: float,
    rate: float,
    start_takes: timedelta,
    most_units: int = MAX_UNITS,
) -> Suggestion:
    """The windows that bill least for a demand; zone, closed days and warm-up are the schedule's.

    Parameters
    ----------
    trace : at least a week; where it is longer, its weeks are laid over each other
    coverage : share of the requests that are to be met, 0..1
    rate : requests a second that a unit takes

    Raises
    ------
    SettingsError : the trace is too short, or no windows reach the coverage
    """
    if trace.days < 7:
        raise SettingsError(
            f"windows repeat weekly, and the demand covers {trace.days} days only",
            hint="give a demand of a week or more",
        )
    bare = replace(schedule, windows=(), idle_stop=None, monthly_budget=None, max_units=None, overrides=())
    week = _laid_over(bare, trace, rate, start_takes, most_units)
    if not week.total:
        raise SettingsError("no request comes in this demand, so nothing has to be up")

    def tried(units: Array) -> Suggestion:
        tentative = replace(bare, windows=_windows(units, week))
        return Suggestion(
            tentative,
            simulate(tentative, trace.start, trace.days, start_takes=start_takes, demand=trace.demand, rate=rate),
        )

    wish = coverage
    for _ in range(_ROUNDS):
        units = best_hours(week, wish)
        if units is None:
            break
        suggestion = tried(units)
        if suggestion.result.coverage >= coverage:
            return suggestion
        wish = min(1.0, wish + max(coverage - suggestion.result.coverage, 1e-4))
    suggestion = tried(np.full(WEEK, week.met.shape[1] - 1))
    if suggestion.result.coverage >= coverage:
        return suggestion
    raise SettingsError(
        f"no windows meet {coverage:.2%} of the requests: {most_units} units that are always on, closed days apart, "
        f"meet {suggestion.result.coverage:.2%}",
        hint="ask for a lower --coverage; customlabels schedule capacity shows the units that are needed",
    )


def window_settings(window: Window) -> dict[str, Any]:
    """The window as it stands in the settings."""
    days = _days_in_words(window.weekdays)
    stop = "24:00" if window.stop == time() else f"{window.stop:%H:%M}"
    return {
        "days": days[0] if len(days) == 1 else days,
        "start": f"{window.start:%H:%M}",
        "stop": stop,
        "units": window.units,
    }


def as_toml(schedule: Schedule) -> str:
    """The windows as they stand in customlabels.toml."""
    # JSON's texts, lists and numbers are TOML's too.
    blocks = [
        [f"{key} = {json.dumps(value)}" for key, value in window_settings(window).items()]
        for window in schedule.windows
    ]
    return "\n".join("\n".join(["[[schedule.window]]", *lines]) + "\n" for lines in blocks)


def _days_in_words(days: frozenset[int]) -> list[str]:
    if len(days) == 7:
        return ["daily"]
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs]


def _laid_over(schedule: Schedule, trace: Trace, rate: float, start_takes: timedelta, most_units: int) -> Week:
    zone = ZoneInfo(schedule.zone)
    come = np.array([trace.demand(trace.start + minute * _MINUTE) for minute in range(trace.days * 24 * 60)])
    most = max(1, min(most_units, units_for(float(come.max()), rate * 60)))
    quarters = np.fromiter(_quarters(trace, zone, schedule), dtype=np.int64, count=len(come))
    met = np.zeros((WEEK, most + 1))
    kept = quarters >= 0
    for units in range(1, most + 1):
        np.add.at(met[:, units], quarters[kept], np.minimum(come, units * rate * 60)[kept])
    late = max(timedelta(), start_takes - schedule.warm_up)
    early = math.ceil(late / _QUARTER)
    lead = math.ceil((early * _QUARTER + schedule.warm_up - start_takes) / _MINUTE)
    apart = math.ceil((schedule.warm_up + STOP_TAKES) / _QUARTER) + early
    return Week(met, float(come.sum()), early, lead, apart)


def _quarters(trace: Trace, zone: ZoneInfo, schedule: Schedule) -> Iterator[int]:
    """For each minute its quarter of the week; -1 on closed days, on which no window opens."""
    quarter = -1
    for minute in range(trace.days * 24 * 60):
        at = trace.start + minute * _MINUTE
        if not minute or not at.minute % MINUTES:
            here = at.astimezone(zone)
            quarter = here.weekday() * DAY + here.hour * 4 + here.minute // MINUTES
            quarter = -1 if here.date() in schedule.closed else quarter
        yield quarter


def _windows(units: Array, week: Week) -> tuple[Window, ...]:
    opened = openings(units, week).items()
    return tuple(
        Window(_hands(opens), _hands(closes), frozenset(on), units=many)
        for (opens, closes, many), on in sorted(opened, key=lambda opening: (min(opening[1]), opening[0]))
    )


def _hands(quarter: int) -> time:
    return time(quarter // 4, quarter % 4 * MINUTES)

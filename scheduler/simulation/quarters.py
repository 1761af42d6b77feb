"""A week in quarters of an hour on a zone's clock: what each asks for, and what units in each of them are worth.

A plan is an array of units, one for each quarter; its week begins on Monday, and comes again after Sunday.
"""

from typing import Any, NamedTuple

import numpy as np

MINUTES = 15
DAY = 96
WEEK = 7 * DAY

SAME = 1e-9
"""Share of the requests that is taken for nothing, so that sums of fractions do not decide."""

Array = np.ndarray[Any, np.dtype[Any]]


class Week(NamedTuple):
    """What a week of the demand asks for, and what starts cost.

    Parameters
    ----------
    met : requests that so many units meet (second axis) in each quarter of the week (first), of all weeks together
    total : requests that come in all
    early : quarters by which a window opens before requests can be met, for a start longer than the warm-up
    lead : minutes that are billed before them
    apart : quarters between two windows in which a model is stopped and started again
    """

    met: Array
    total: float
    early: int
    lead: int
    apart: int


def enough(week: Week) -> Array:
    """The fewest units that meet all that comes in each quarter."""
    fewest: Array = (week.met < week.met[:, -1:] - 1e-9).sum(axis=1)
    return fewest


def quietest(week: Week) -> int:
    """The quarter of a day at which least is lost by cutting it."""
    by_day = week.met[:, -1].reshape(7, DAY).sum(axis=0)
    return int(np.argmin(by_day + np.roll(by_day, 1)))


class Run(NamedTuple):
    """Quarters in a row on the same units, counted around the week."""

    start: int
    length: int
    units: int


def runs_of(units: Array) -> list[Run]:
    changes = [quarter for quarter in range(WEEK) if units[quarter] != units[quarter - 1]]
    if not changes:
        return [Run(0, WEEK, int(units[0]))] if units[0] else []
    lengths = [
        (changes[(number + 1) % len(changes)] - quarter) % WEEK or WEEK for number, quarter in enumerate(changes)
    ]
    return [
        Run(quarter, many, int(units[quarter]))
        for quarter, many in zip(changes, lengths, strict=True)
        if units[quarter]
    ]


def mended(units: Array, week: Week) -> Array:
    """Gaps too short to stop and start are closed between equal units, and made long enough between others."""
    units = units.copy()
    while True:
        runs = runs_of(units)
        for number, after in enumerate(runs):
            before = runs[number - 1]
            gap = (after.start - before.start - before.length) % WEEK
            if after is before or gap >= week.apart:
                continue
            if after.units == before.units:
                units[np.arange(after.start - gap, after.start) % WEEK] = after.units
            else:
                lost = np.arange(after.start - gap, after.start - gap + week.apart)
                earlier = (lost - (week.apart - gap)) % WEEK
                cheapest = min((earlier, lost % WEEK), key=lambda gone: float(week.met[gone, units[gone]].sum()))
                units[cheapest] = 0
            break
        else:
            return units


def share(units: Array, week: Week) -> float:
    return float(week.met[np.arange(WEEK), units].sum()) / week.total


def bill(units: Array, week: Week) -> float:
    """Minutes of units in a week."""
    runs = runs_of(units)
    starts = 0 if len(runs) == 1 and runs[0].length == WEEK else sum(run.units for run in runs)
    return float(units.sum()) * MINUTES + starts * week.lead


def trimmed(units: Array, week: Week, coverage: float) -> Array:
    """The plan, its windows shortened by quarters while the coverage is met, what saves most for its loss first."""
    spare = share(units, week) - coverage
    while spare > 0:
        options = []
        for group in _groups(units):
            if group[0].length == WEEK:
                continue
            for edge in (0, -1):
                gone = np.array([(run.start + (run.length - 1 if edge else 0)) % WEEK for run in group])
                lost = float(week.met[gone, units[gone]].sum()) / week.total
                if lost <= spare:
                    options.append((lost / (len(gone) * group[0].units), edge, lost, gone))
        if not options:
            break
        _, _, lost, gone = min(options, key=lambda option: option[:3])
        units = units.copy()
        units[gone] = 0
        spare -= lost
    return units


def _groups(units: Array) -> list[list[Run]]:
    """Runs at the same hours of different days."""
    groups: dict[tuple[int, int, int], list[Run]] = {}
    for run in runs_of(units):
        groups.setdefault((run.start % DAY, run.length, run.units), []).append(run)
    return list(groups.values())


def openings(units: Array, week: Week) -> dict[tuple[int, int, int], set[int]]:
    """Where windows open and close in a day, and their units, with their weekdays.

    Each opens early enough for its start; a run of more than a day is several windows.
    """
    days: dict[tuple[int, int, int], set[int]] = {}
    for run in runs_of(units):
        early = week.early if run.length < WEEK else 0
        start, length = run.start - early, run.length + early
        while length > 0:
            piece = min(DAY, length)
            day, opens = divmod(start % WEEK, DAY)
            days.setdefault((opens, (opens + piece) % DAY, run.units), set()).add(day)
            start, length = start + piece, length - piece
    return days

"""The hours of a week that cost least, where each request is worth so many minutes of a unit.

The best hours of each set of weekdays are found by a dynamic program over the quarters of a day, the best division of
the week into such sets by another.
"""

import math
from collections.abc import Iterator

import numpy as np

from customlabels.scheduler.simulation.quarters import (
    DAY,
    MINUTES,
    SAME,
    Array,
    Week,
    bill,
    enough,
    mended,
    openings,
    quietest,
    share,
    trimmed,
)

_WORTH = 0.01
"""Part of the bill that a further window has to save."""

_PRICES = 10
"""Prices of a missed request that are tried."""


def best_hours(week: Week, coverage: float) -> Array | None:
    """Units in each quarter of the week that meet the coverage at the least bill, further windows weighed; or None."""
    best: tuple[float, Array] | None = None
    most = week.met.shape[1] - 1
    choices = [(units,) for units in range(1, most + 1)] + ([tuple(range(1, most + 1))] if most > 1 else [])
    worth = _WORTH * bill(enough(week), week)
    for turn in sorted({0, quietest(week)}):
        for choice in choices:
            for units in _priced(week, coverage, choice, turn, worth):
                shorter = trimmed(units, week, coverage)
                score = bill(shorter, week) + worth * len(openings(shorter, week))
                if best is None or score < best[0]:
                    best = score, shorter
    return None if best is None else best[1]


def _priced(week: Week, coverage: float, choice: tuple[int, ...], turn: int, worth: float) -> Iterator[Array]:
    """Plans that meet the coverage, for prices closing in on the one that just does."""
    low, high = 1e-3, 1e5
    scale = 7 * 24 * 60 * max(choice) / week.total
    for _ in range(_PRICES):
        price = math.sqrt(low * high)
        units = mended(_planned(week, price * scale, choice, turn, worth), week)
        if share(units, week) >= coverage - SAME:
            yield units
            high = price
        else:
            low = price


def _planned(week: Week, price: float, choice: tuple[int, ...], turn: int, worth: float) -> Array:
    """The week's units that cost least where each request is worth so many minutes of a unit; `turn` begins a day."""
    gain = np.roll(week.met, -turn, axis=0).reshape(7, DAY, -1) * price
    alike: list[list[int]] = []
    for day in range(7):
        same = next((group for group in alike if np.array_equal(gain[group[0]], gain[day])), None)
        if same is None:
            alike.append([day])
        else:
            same.append(day)
    masks = np.arange(1, 1 << len(alike))
    member = (masks[:, None] >> np.arange(len(alike)) & 1).astype(float)
    counts = member @ np.array([len(group) for group in alike], dtype=float)
    sums = np.einsum("gk,ksu->gsu", member, np.array([gain[group].sum(axis=0) for group in alike]))
    costs, hours = _days(sums, counts, choice, week, worth)
    units = np.zeros((7, DAY), dtype=np.int64)
    for mask in _division(costs, len(alike)):
        for kind, days in enumerate(alike):
            if mask >> kind & 1:
                units[days] = hours[mask - 1]
    return np.roll(units.reshape(-1), turn)


def _division(costs: Array, kinds: int) -> list[int]:
    """The sets, as bits, into which all kinds of days are divided at the least cost."""
    whole = (1 << kinds) - 1
    best: list[tuple[float, int]] = [(0.0, 0)] + [(math.inf, 0)] * whole
    for mask in range(1, whole + 1):
        first, part = mask & -mask, mask
        while part:
            if part & first and best[mask ^ part][0] + costs[part - 1] < best[mask][0]:
                best[mask] = float(best[mask ^ part][0] + costs[part - 1]), part
            part = (part - 1) & mask
    sets = []
    while whole:
        sets.append(best[whole][1])
        whole ^= best[whole][1]
    return sets


def _days(gain: Array, counts: Array, choice: tuple[int, ...], week: Week, worth: float) -> tuple[Array, Array]:
    """For each set of days the cost of its best hours, and those: units in each quarter.

    States: down for long enough to be started, down since 1, 2, … quarters, up on one of the units. A day begins down
    or, free of a start, as it ends.
    """
    sets, downs = len(counts), week.apart
    ups = np.array(choice)
    running = counts[:, None, None] * ups * MINUTES - gain[:, :, ups]
    start = counts[:, None] * ups * week.lead + worth
    cost, hours = np.full(sets, np.inf), np.zeros((sets, DAY), dtype=np.int64)
    for begins in range(-1, len(ups)):
        state = np.full((sets, downs + len(ups)), np.inf)
        if begins < 0:
            state[:, 0] = 0.0
        else:
            state[:, downs + begins] = worth
        came = np.zeros((DAY, sets, downs + len(ups)), dtype=np.int8)
        for quarter in range(DAY):
            state, came[quarter] = _quarter_on(state, running[:, quarter], start, downs)
        ends = np.argmin(state, axis=1) if begins < 0 else np.full(sets, downs + begins)
        final = state[np.arange(sets), ends]
        better = final < cost
        cost = np.where(better, final, cost)
        hours[better] = _walked_back(came, ends, downs, ups)[better]
    return cost, hours


def _quarter_on(state: Array, running: Array, start: Array, downs: int) -> tuple[Array, Array]:
    """Costs after a quarter more, by the state in it, and the state before."""
    rows = np.arange(len(state))
    after, came = np.full_like(state, np.inf), np.zeros(state.shape, dtype=np.int8)
    last = downs + np.argmin(state[:, downs:], axis=1)
    fallen = state[rows, last]
    if downs > 1:
        after[:, 1], came[:, 1] = fallen, last
        after[:, 2:downs], came[:, 2:downs] = state[:, 1 : downs - 1], np.arange(1, downs - 1)
        older, waited = downs - 1, state[:, downs - 1]
    else:
        older, waited = last, fallen
    after[:, 0] = np.minimum(state[:, 0], waited)
    came[:, 0] = np.where(state[:, 0] <= waited, 0, older)
    begun = state[:, :1] + start
    stayed = state[:, downs:]
    after[:, downs:] = np.minimum(begun, stayed) + running
    came[:, downs:] = np.where(begun < stayed, 0, np.arange(downs, state.shape[1]))
    return after, came


def _walked_back(came: Array, ends: Array, downs: int, ups: Array) -> Array:
    rows, at = np.arange(len(ends)), ends
    hours = np.zeros((len(ends), DAY), dtype=np.int64)
    for quarter in range(DAY - 1, -1, -1):
        hours[:, quarter] = np.where(at >= downs, ups[np.maximum(at - downs, 0)], 0)
        at = came[quarter, rows, at]
    return hours

"""The least that any schedule could be billed for a demand: that of one who knows every request in advance."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

_MINUTE = timedelta(minutes=1)
_SAME = 1e-9
"""Part of a unit's minute that is taken for nothing, so that sums of fractions do not ask for a unit more."""


class Stretch(NamedTuple):
    """Minutes without a break in which a model is up, counted from the first; `stop` is the first that is not."""

    start: int
    stop: int
    units: int


class Least(NamedTuple):
    """Minutes of units that have to be RUNNING, and STARTING for them; and when."""

    billed: int
    starting: int
    stretches: tuple[Stretch, ...]


def units_for(requests: float, takes: float) -> int:
    """Units that meet so many requests in a minute, where a unit takes `takes`."""
    return math.ceil(requests / takes - _SAME)


def least(requests: Sequence[float], takes: float, start_takes: timedelta, stop_takes: timedelta) -> Least:
    """The least bill at which one model meets every request.

    It is up in each minute with requests. A gap in which it cannot be stopped and started again is billed through;
    units change only in a longer one, so a stretch between two of those is on the most units that it ever needs.
    Every longer gap is left: that saves at least its minutes on the smaller side's units, and costs, where STARTING is
    billed at all, a start on them, which is shorter. So this is the least exactly, whether STARTING is billed or not.

    Parameters
    ----------
    requests : in each minute
    takes : requests a minute that a unit takes
    """
    turn = math.ceil((start_takes + stop_takes) / _MINUTE)
    stretches: list[Stretch] = []
    for minute, come in enumerate(requests):
        needed = units_for(come, takes) if come else 0
        if not needed:
            continue
        if stretches and minute - stretches[-1].stop < turn:
            stretches[-1] = Stretch(stretches[-1].start, minute + 1, max(needed, stretches[-1].units))
        else:
            stretches.append(Stretch(minute, minute + 1, needed))
    billed = sum((stretch.stop - stretch.start) * stretch.units for stretch in stretches)
    return Least(
        billed, sum(stretch.units for stretch in stretches) * math.ceil(start_takes / _MINUTE), tuple(stretches)
    )

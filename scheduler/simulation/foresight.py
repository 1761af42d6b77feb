"""The least that any schedule could be billed for a demand: that of one who knows every request in advance."""

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
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


def least_by(
    requests: Sequence[float], takes: float, start_takes: timedelta, stop_takes: timedelta, deadline: timedelta
) -> Least:
    """The least bill at which one model meets every request within a deadline, to the last minute of each stretch.

    A stretch begins as late as it may, and ends when all is done: until then each of its minutes is full, and none that
    is not full is billed. It is on the fewest units that keep the deadline were they always on. Where stretches lie too
    close together for a stop and a start the time between is billed, and where meeting all at once bills less, that is
    the least.

    Parameters
    ----------
    deadline : from the minute in which a request comes to the end of that in which it is met, that minute apart
    """
    at_once = least(requests, takes, start_takes, stop_takes)
    wait, turn = deadline // _MINUTE, math.ceil((start_takes + stop_takes) / _MINUTE)
    # What comes in the end may be done after it.
    requests = [*requests, *[0.0] * wait]
    come = [0.0, *accumulate(requests)]
    most = max((stretch.units for stretch in at_once.stretches), default=1)
    units = next((units for units in range(1, most) if _keeps(requests, units * takes, wait)), most)
    stretches: list[Stretch] = []
    first = 0
    while (ends := _stretch(come, units * takes, wait, first)) is not None:
        start, first = ends
        if stretches and start - stretches[-1].stop < turn:
            start = stretches.pop().start
        stretches.append(Stretch(start, first, units))
    billed = sum((stretch.stop - stretch.start) * stretch.units for stretch in stretches)
    if billed >= at_once.billed:
        return at_once
    return Least(billed, len(stretches) * units * math.ceil(start_takes / _MINUTE), tuple(stretches))


def _keeps(requests: Sequence[float], takes: float, wait: int) -> bool:
    """Whether a model that is always up, and takes so many requests a minute, has none wait longer."""
    done, come = 0.0, [0.0, *accumulate(requests)]
    for minute in range(len(requests)):
        done = min(come[minute + 1], done + takes)
        if done < come[max(0, minute - wait + 1)] - _SAME * takes:
            return False
    return True


def _stretch(come: Sequence[float], takes: float, wait: int, first: int) -> tuple[int, int] | None:
    """Where the next stretch begins and ends, all that came before `first` being done; None where nothing comes.

    Parameters
    ----------
    come : requests before each minute, and in the end all
    """
    end, done = len(come) - 1, come[first]
    start = end
    for minute in range(first, end):
        due = come[max(0, minute - wait + 1)]
        if due - done > _SAME * takes:
            start = max(first, min(start, minute + 1 - math.ceil((due - done) / takes - _SAME)))
        if minute >= start and done + takes * (minute + 1 - start) >= come[minute + 1] - _SAME * takes:
            break
    else:
        return None if start == end else (start, end)
    stop = next(
        stop for stop in range(start + 1, end + 1) if done + takes * (stop - start) >= come[stop] - _SAME * takes
    )
    return start, stop

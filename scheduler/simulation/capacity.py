"""Inference units that a demand needs, hour by hour of the week, from the rate that one unit takes."""

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from customlabels.core.errors import LayoutError
from customlabels.scheduler.simulation.demand import Trace
from customlabels.scheduler.simulation.foresight import units_for

HEADROOM = 0.2
"""Part of the busiest minute that is kept free."""

_HOURS = 7 * 24
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a demand needs.

    Parameters
    ----------
    hours : units in each hour of the week, Monday's first hour in the zone first: for its busiest minute, with headroom
    peak : requests a second in the busiest minute of all
    at : when that was, in UTC; None where nothing comes
    units : for that minute, with headroom
    most : units that a model may have
    """

    hours: tuple[int, ...]
    peak: float
    at: datetime | None
    units: int
    most: int

    @property
    def exceeded(self) -> bool:
        return self.units > self.most


def capacity(trace: Trace, zone: str, *, rate: float, most: int, headroom: float = HEADROOM) -> Capacity:
    """The units that meet a demand.

    Parameters
    ----------
    rate : requests a second that a unit takes
    headroom : 0.2 leaves room for a fifth more than came
    """
    local, busiest = ZoneInfo(zone), [0.0] * _HOURS
    top, at = 0.0, None
    hour = 0
    for minute in range(trace.days * 24 * 60):
        now = trace.start + minute * _MINUTE
        if not minute or now.minute % 15 == 0:
            here = now.astimezone(local)
            hour = here.weekday() * 24 + here.hour
        come = trace.demand(now)
        busiest[hour] = max(busiest[hour], come)
        if come > top:
            top, at = come, now
    hours = tuple(units_for(come * (1 + headroom), rate * 60) for come in busiest)
    return Capacity(hours, top / 60, at, max(hours), most)


def measured_rate(path: Path) -> float:
    """Requests a second that a unit takes, as `customlabels detect --measure` wrote it.

    Raises
    ------
    LayoutError : the file cannot be read, or holds no such figure
    """
    try:
        rate = float(json.loads(path.read_text(encoding="utf-8"))["rate_per_unit"])
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutError(f"{path}: cannot be read ({error})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LayoutError(
            f"{path}: holds no rate_per_unit", hint="customlabels detect --measure FILE writes one; or give --rate"
        ) from error
    if not 0 < rate < math.inf:
        raise LayoutError(f"{path}: rate_per_unit is {rate}, which is no rate")
    return rate

"""A schedule tried out before it is deployed: what it bills, what it meets, and what was there to be saved.

Source of the prices: core/prices.py. Whether a model is billed while it is STARTING is documented nowhere; here it is
not, and those minutes are given beside the bill.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import NamedTuple

from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.scheduler.memory import TICK
from customlabels.scheduler.simulation.foresight import Least, least, least_by, units_for
from customlabels.scheduler.simulation.waiting import Waiting
from customlabels.scheduler.simulation.walk import STOP_TAKES, Track, walked
from customlabels.scheduler.uptime import Schedule, Window, versions

_MINUTE = timedelta(minutes=1)
MONTH = 365.25 / 12
"""Days."""

Demand = Callable[[datetime], float]
"""Requests in the minute that begins then, in UTC."""


class Minutes(NamedTuple):
    """What was so in each minute, the first of which begins at `start`; units are those of all versions together.

    Parameters
    ----------
    asked, up, starting : units that windows ask for, that are RUNNING, and that are STARTING
    requests, missed : that came, and those of them that were not met
    """

    start: datetime
    asked: list[int]
    up: list[int]
    starting: list[int]
    requests: list[float]
    missed: list[float]


@dataclass(frozen=True, slots=True)
class Model:
    """How a version fared; minutes of units, and minutes.

    Parameters
    ----------
    billed, starting : minutes of units that were RUNNING, and STARTING
    asked, covered : minutes in which a window was open, and those of them in which the model ran
    """

    version: str
    billed: int
    starting: int
    starts: int
    asked: int
    covered: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """How a schedule fared; minutes of units, minutes, and requests.

    Parameters
    ----------
    units : those that would be up were every version always on, on the most that it is ever given
    models : a version each; requests go to the first
    requests, stopped, saturated : all, those that met a model that was not running, and those above what its units take
    deadline : how long requests may wait; None where they do not wait
    late, longest : those that waited longer, and the longest that one waited
    least : with which perfect foresight would have met the same requests; None without a demand
    """

    days: int
    units: int
    models: tuple[Model, ...]
    requests: float
    stopped: float
    saturated: float
    least: Least | None
    minutes: Minutes = field(repr=False)
    deadline: timedelta | None = None
    late: float = 0.0
    longest: timedelta | None = None

    @property
    def billed(self) -> int:
        return sum(model.billed for model in self.models)

    @property
    def starting(self) -> int:
        return sum(model.starting for model in self.models)

    @property
    def starts(self) -> int:
        return sum(model.starts for model in self.models)

    @property
    def asked(self) -> int:
        return sum(model.asked for model in self.models)

    @property
    def covered(self) -> int:
        return sum(model.covered for model in self.models)

    @property
    def dollars(self) -> float:
        return hosting_cost(self.billed / 60, 1)

    @property
    def dollars_a_week(self) -> float:
        return self.dollars / self.days * 7

    @property
    def dollars_a_month(self) -> float:
        return self.dollars / self.days * MONTH

    @property
    def always_on_a_week(self) -> float:
        """What the same units cost that are never stopped."""
        return hosting_cost(24 * 7, self.units)

    @property
    def hours_saved_a_week(self) -> float:
        """Hours of units, beside the same units that are never stopped."""
        return 24 * 7 * self.units - self.billed / 60 / self.days * 7

    @property
    def coverage(self) -> float:
        """Share of the requests that met a model that took them; of the windows' minutes where there is no demand."""
        if self.requests:
            return 1 - (self.stopped + self.saturated + self.late) / self.requests
        return self.covered / self.asked if self.asked else 1.0


def simulate(
    schedule: Schedule,
    start: datetime,
    days: int,
    *,
    start_takes: timedelta = timedelta(minutes=15),
    demand: Demand | None = None,
    rate: float = 5.0,
    deadline: timedelta | None = None,
) -> Simulated:
    """The schedule walked minute by minute: `plan` is asked at each sweep and at each edge, as it is once deployed.

    The schedule has been in force before: a model that is to be up at `start` is up.

    Parameters
    ----------
    start : in UTC
    start_takes : from StartProjectVersion to RUNNING
    rate : requests a second that an inference unit takes
    deadline : how long a request may wait, in a queue for which the model comes up; None where none waits
    """
    if deadline is not None and demand is not None:
        schedule = replace(schedule, rate=rate)
    names = versions(schedule) or [CHAMPION]
    names.sort(key=lambda name: name != CHAMPION)
    start = start.replace(second=0, microsecond=0)
    stop, length = start + timedelta(days=days), days * 24 * 60
    before = math.ceil((schedule.warm_up + start_takes + TICK) / _MINUTE)
    requests = [demand(start + minute * _MINUTE) for minute in range(length)] if demand else [0.0] * length
    first, all_of_them = start - before * _MINUTE, [0.0] * before + requests
    waiting = Waiting(first, all_of_them, deadline) if deadline is not None and demand is not None else None
    tracks = walked(schedule, names, first, stop, start_takes, all_of_them, waiting)
    for track in tracks:
        for minutes in (track.asked, track.up, track.starting):
            del minutes[:before]
    stopped, saturated, missed = _met(requests, tracks[0].up, rate * 60)
    lowest = least(requests, rate * 60, start_takes, STOP_TAKES) if demand else None
    if waiting is not None:
        stopped, saturated, missed = 0.0, 0.0, waiting.late[before:]
        done = [come - left for come, left in zip(requests, waiting.left[before:], strict=True)]
        lowest = least_by(done, rate * 60, start_takes, STOP_TAKES, waiting.deadline)
    together = [[sum(units) for units in zip(*lists, strict=True)] for lists in _lists(tracks)]
    return Simulated(
        days=days,
        units=sum(_most_units(schedule, name) for name in names) or (schedule.units if waiting else 0),
        models=tuple(_model(track, start) for track in tracks),
        requests=sum(requests),
        stopped=stopped,
        saturated=saturated,
        least=lowest,
        minutes=Minutes(start, together[0], together[1], together[2], requests, missed),
        deadline=deadline if waiting else None,
        late=sum(missed) if waiting else 0.0,
        longest=waiting.longest * _MINUTE if waiting else None,
    )


def _met(requests: Sequence[float], up: Sequence[int], takes: float) -> tuple[float, float, list[float]]:
    """Requests that met no model, and those above what its units take, in all; and both together in each minute.

    Parameters
    ----------
    takes : requests a minute that a unit takes
    """
    missed = [
        come - units * takes if come and units_for(come, takes) > units else 0.0
        for come, units in zip(requests, up, strict=True)
    ]
    stopped = sum(many for many, units in zip(missed, up, strict=True) if not units)
    saturated = sum(many for many, units in zip(missed, up, strict=True) if units)
    return stopped, saturated, missed


def _lists(tracks: Sequence[Track]) -> tuple[list[list[int]], ...]:
    return [track.asked for track in tracks], [track.up for track in tracks], [track.starting for track in tracks]


def _model(track: Track, start: datetime) -> Model:
    return Model(
        version=track.model.version,
        billed=sum(track.up),
        starting=sum(track.starting),
        starts=sum(at >= start for at in track.started),
        asked=sum(map(bool, track.asked)),
        covered=sum(bool(asked and up) for asked, up in zip(track.asked, track.up, strict=True)),
    )


def _most_units(schedule: Schedule, version: str) -> int:
    asked = [window.units for window in schedule.windows if window.version == version]
    asked += [override.units for override in schedule.overrides if override.version == version and override.up]
    return max(asked, default=0)


def always_on(zone: str, units: int) -> Schedule:
    """A model that is never stopped."""
    return Schedule(zone, (Window(time(), time(), frozenset(range(7)), units=units),))


def office_hours(zone: str, units: int) -> Schedule:
    """What tutorials set up: told to start at 8 and to stop at 20 on workdays, without warm-up or holidays."""
    window = Window(time(8), time(20), frozenset(range(5)), units=units)
    return Schedule(zone, (window,), warm_up=timedelta())

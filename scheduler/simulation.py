"""A schedule tried out before it is deployed: the same plan, walked through the weeks, on a model that takes its time.

Source of the prices: core/prices.py. Whether a model is billed while it is STARTING is documented nowhere; here it is
not, and those minutes are given beside the bill.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from customlabels.core.prices import hosting_cost
from customlabels.scheduler.plan import Kind, Observed, plan
from customlabels.scheduler.uptime import Override, Schedule, spans, wanted

SWEEP = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_STOP_TAKES = timedelta(minutes=3)
_MONTH = 365.25 / 12
_MODEL = "model"

Demand = Callable[[datetime], float]
"""Requests in the minute that begins then, in UTC."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """How a schedule fared; minutes of units, minutes, and requests.

    Parameters
    ----------
    billed, starting : minutes of units that were RUNNING, and STARTING
    asked, covered : minutes in which a window was open, and those of them in which the model ran
    requests, stopped, saturated : all, those that met a model that was not running, and those above what its units take
    least : minutes of units with which perfect foresight would have met the same requests; None without a demand
    """

    days: int
    billed: int
    starting: int
    starts: int
    asked: int
    covered: int
    requests: float = 0.0
    stopped: float = 0.0
    saturated: float = 0.0
    least: int | None = None

    @property
    def dollars(self) -> float:
        return hosting_cost(self.billed / 60, 1)

    @property
    def dollars_a_week(self) -> float:
        return self.dollars / self.days * 7

    @property
    def dollars_a_month(self) -> float:
        return self.dollars / self.days * _MONTH

    @property
    def always_on_a_week(self) -> float:
        """What one unit costs that is never stopped."""
        return hosting_cost(24 * 7, 1)

    @property
    def hours_saved_a_week(self) -> float:
        """Beside one unit that is never stopped."""
        return 24 * 7 - self.billed / 60 / self.days * 7

    @property
    def coverage(self) -> float:
        """Share of the windows' minutes, or of the requests where there is a demand, that met a model."""
        if self.requests:
            return 1 - (self.stopped + self.saturated) / self.requests
        return self.covered / self.asked if self.asked else 1.0


def simulate(
    schedule: Schedule,
    start: datetime,
    days: int,
    *,
    start_takes: timedelta = timedelta(minutes=15),
    demand: Demand | None = None,
    rate: float = 5.0,
) -> Simulated:
    """The schedule walked minute by minute.

    Parameters
    ----------
    start : in UTC
    start_takes : from StartProjectVersion to RUNNING
    rate : requests a second that an inference unit takes
    """
    model = Observed(_MODEL, "STOPPED", since=start)
    billed = starting = starts = asked = covered = 0
    requests = stopped = saturated = 0.0
    quiet: Override | None = None
    stop = start + timedelta(days=days)
    opened = spans(schedule, start - timedelta(days=1), stop + timedelta(days=1))
    edges = {edge for span in opened for edge in (span.start - schedule.warm_up, span.start, span.stop)}
    month, before = (start.year, start.month), 0
    now = start
    while now < stop:
        if (now.year, now.month) != month:
            month, before = (now.year, now.month), billed
        model = _moved(model, now, start_takes)
        if now in edges or not (now - start) % SWEEP:
            held = replace(schedule, overrides=(quiet,)) if quiet and now < quiet.until else schedule
            for action in plan(now, held, [model], _MODEL, hosting_cost((billed - before) / 60, 1)):
                if action.kind is Kind.START:
                    model, starts = replace(model, status="STARTING", since=now, units=action.units), starts + 1
                elif action.kind is Kind.STOP:
                    model = replace(model, status="STOPPING", since=now)
                    quiet = Override(False, action.quiet_until, why=action.why) if action.quiet_until else quiet
        running = model.status == "RUNNING"
        billed += model.units * running
        starting += model.units * (model.status == "STARTING")
        if wanted(now, schedule).open:
            asked += 1
            covered += running
        if demand is not None:
            come = demand(now)
            requests += come
            stopped += 0.0 if running else come
            saturated += max(0.0, come - model.units * rate * 60) if running else 0.0
            if come and running:
                model = replace(model, last_request=now)
        now += _MINUTE
    least = None if demand is None else _least(demand, start, stop, start_takes + _STOP_TAKES, rate)
    return Simulated(days, billed, starting, starts, asked, covered, requests, stopped, saturated, least)


def _moved(model: Observed, now: datetime, start_takes: timedelta) -> Observed:
    since = model.since or now
    if model.status == "STARTING" and now - since >= start_takes:
        return replace(model, status="RUNNING", since=now)
    if model.status == "STOPPING" and now - since >= _STOP_TAKES:
        return replace(model, status="STOPPED", since=now, units=0)
    return model


def _least(demand: Demand, start: datetime, stop: datetime, turn: timedelta, rate: float) -> int:
    """Minutes of units that meet every request: up for each, and through every gap too short to stop and start."""
    total, gap, now = 0, 0, start
    units = 0
    while now < stop:
        needed = math.ceil(demand(now) / (rate * 60))
        if needed:
            if units and gap * _MINUTE < turn:
                total += gap
            total, units, gap = total + needed, needed, 0
        else:
            gap += 1
        now += _MINUTE
    return total

"""The demand that schedules are tried on, as commands are given it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.core.errors import SettingsError
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.scheduler.simulation.demand import Trace
    from customlabels.scheduler.uptime import Schedule

_CLOUDWATCH = re.compile(r"cloudwatch(?::(\d{1,3}))?")
_HISTORY = 14
"""Days of CloudWatch's history that are read where none are named."""

demand_option = click.option(
    "--demand",
    metavar="SHAPE|FILE|cloudwatch[:DAYS]",
    help="Requests that come: two-shift, batches, around-the-clock; a CSV of time and requests; or what CloudWatch "
    f"counted, of the whole account, in the last days, {_HISTORY} unless told.",
)

weeks_option = click.option(
    "--weeks",
    default=4,
    show_default=True,
    type=click.IntRange(1, 104),
    help="How long; a CSV and CloudWatch's history are as long as they are.",
)
start_takes_option = click.option(
    "--start-takes", default="15m", show_default=True, help="How long your model takes to start."
)


def unopened_schedule(session: Session) -> "Schedule":
    """The schedule of the settings, which may have no window yet."""
    from customlabels.scheduler.schedule_settings import read_schedule

    return read_schedule(session.settings.schedule, session.now().year, rate=session.settings.detect.rate)


def demand_trace(session: Session, demand: str, schedule: "Schedule", rate: float, weeks: int) -> "Trace":
    """The demand that is named.

    Raises
    ------
    CustomLabelsError : it cannot be read
    """
    from customlabels.scheduler.simulation.demand import (
        LONGEST_HISTORY,
        SHAPES,
        Trace,
        but_closed,
        midnight,
        read_demand,
        read_history,
    )

    if demand in SHAPES:
        start = midnight(session.now(), schedule.zone)
        shape = SHAPES[demand](schedule.zone, rate)
        return Trace(but_closed(shape, schedule.zone, schedule.closed), start, weeks * 7)
    history = _CLOUDWATCH.fullmatch(demand)
    if history is None:
        return read_demand(Path(demand))
    days = int(history[1] or _HISTORY)
    if not 1 <= days <= LONGEST_HISTORY:
        raise SettingsError(f"cloudwatch:{days}: CloudWatch keeps counts of minutes for {LONGEST_HISTORY} days")
    session.console.note(
        "CloudWatch's counts are of the whole account in this region: of all models, without calls to one that was down"
    )
    return read_history(session.clients.cloudwatch, session.now(), days)

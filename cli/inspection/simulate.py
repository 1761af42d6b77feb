"""customlabels inspection simulate."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.demand_options import (
    demand_option,
    demand_trace,
    start_takes_option,
    unopened_schedule,
    weeks_option,
)
from customlabels.cli.group import Command, Figure, pass_session
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.core.spans import parse_minutes
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.scheduler.simulation.simulated import Simulated

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_LONGEST_START = 6 * _HOUR
_WEEKS_A_MONTH = 365.25 / 12 / 7


@click.command(cls=Command)
@demand_option
@weeks_option
@start_takes_option
@click.option("--rate", type=Figure(0, min_open=True), help="Images a second that an inference unit takes.")
@pass_session
def simulate(session: Session, demand: str | None, weeks: int, start_takes: str, rate: float | None) -> None:
    """Walk weeks of arriving images through the schedule: what they cost, and how long they wait.

    The model comes up for what waits, as late as the deadline of [inspection] lets, as the deployed schedule does it.

    Example: customlabels inspection simulate --demand two-shift
    """
    from customlabels.inspection.analyzers import price
    from customlabels.inspection.inspection_settings import most_units
    from customlabels.inspection.own_cost import dollars_an_image, standing_charges
    from customlabels.scheduler.simulation.simulated import always_on
    from customlabels.scheduler.simulation.simulated import simulate as walk

    asked = session.asked_inspection()
    if demand is None:
        raise SettingsError("simulate needs to know what arrives", hint="name it with --demand")
    schedule, takes = unopened_schedule(session), parse_minutes(start_takes)
    if takes > _LONGEST_START:
        raise SettingsError(f"--start-takes {start_takes}: no start takes longer than {_LONGEST_START // _HOUR} hours")
    rate = rate or session.settings.detect.rate
    trace = demand_trace(session, demand, schedule, rate, weeks)
    about: dict[str, Any] = {"start_takes": takes, "demand": trace.demand, "rate": rate}
    with session.console.step(f"walking through {trace.days} days"):
        simulated = walk(schedule, trace.start, trace.days, deadline=asked.deadline, **about)
        always = walk(always_on(schedule.zone, schedule.units), trace.start, trace.days, **about)
    days = trace.days / 7
    image = dollars_an_image(asked.workers, rate * most_units(session.settings))
    image += price(asked.inspection.analyzers, 1)
    around = image * simulated.requests / days
    standing = sum(charge.dollars for charge in standing_charges()) / _WEEKS_A_MONTH
    document = {
        "days": trace.days,
        "images_a_week": round(simulated.requests / days, 2),
        "deadline_minutes": asked.deadline / _MINUTE,
        "longest_wait_minutes": None if simulated.longest is None else simulated.longest / _MINUTE,
        "late_a_week": round(simulated.late / days, 2),
        "starts_a_week": round(simulated.starts / days, 2),
        "model_dollars_a_week": round(simulated.dollars_a_week, 2),
        "around_dollars_a_week": round(around + standing, 2),
        "dollars_a_thousand": round(1000 * (simulated.dollars_a_week + around) * days / simulated.requests, 4)
        if simulated.requests
        else None,
        "always_on_dollars_a_week": round(always.dollars_a_week, 2),
        "least_billed": simulated.least and simulated.least.billed,
        "ratio": round(simulated.billed / simulated.least.billed, 4)
        if simulated.least and simulated.least.billed
        else None,
    }
    session.console.result(document, lambda _: _show(session, simulated, document))


def _show(session: Session, simulated: "Simulated", document: dict[str, Any]) -> None:
    longest = document["longest_wait_minutes"]
    rows: list[tuple[str, str]] = [
        ("images a week", f"{document['images_a_week']:,.0f}"),
        ("longest wait", "–" if longest is None else _in_words(longest)),
        ("an image may wait", _in_words(document["deadline_minutes"])),
        ("done after their deadline, a week", f"{document['late_a_week']:,.0f}"),
        ("starts a week", f"{document['starts_a_week']:.1f}"),
        ("$ a week for the model", f"{document['model_dollars_a_week']:.2f}"),
        ("$ a week for a model that is always on", f"{document['always_on_dollars_a_week']:.2f}"),
        ("$ a week around it", f"{document['around_dollars_a_week']:.2f}"),
    ]
    if document["dollars_a_thousand"] is not None:
        rows.append(("$ for a thousand images", f"{document['dollars_a_thousand']:.4f}"))
    if document["ratio"] is not None:
        rows.append(("bill over the least possible", f"{document['ratio']:.2f}"))
    session.console.table((counted(simulated.days, "day"), "this inspection"), rows, give_way=())


def _in_words(minutes: float) -> str:
    return f"{minutes // 60:.0f} h {minutes % 60:.0f} min"

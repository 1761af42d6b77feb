"""customlabels schedule capacity."""

from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from customlabels.cli.demand_options import demand_option, demand_trace, unopened_schedule
from customlabels.cli.group import Command, Figure, pass_session
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.pipelines.service.hosting import MAX_UNITS
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.scheduler.simulation.capacity import Capacity


@click.command("capacity", cls=Command)
@demand_option
@click.option("--rate", type=Figure(0, min_open=True), help="Requests a second that an inference unit takes.")
@click.option(
    "--measured",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What customlabels detect --measure wrote, in place of --rate.",
)
@click.option(
    "--headroom",
    default=0.2,
    show_default=True,
    type=Figure(0, 10),
    help="Room above the busiest minute: 0.2 is a fifth more.",
)
@pass_session
def capacity_(session: Session, demand: str | None, rate: float | None, measured: Path | None, headroom: float) -> None:
    """Show the inference units that a demand needs in each hour of the week, and at its peak.

    Example: customlabels schedule capacity --rate 6.5 --demand requests.csv
    """
    from customlabels.scheduler.schedule_settings import DAYS
    from customlabels.scheduler.simulation.capacity import capacity, measured_rate

    if demand is None:
        raise SettingsError("capacity needs to know what comes", hint="name it with --demand")
    if (rate is None) == (measured is None):
        raise SettingsError("how much does a unit take?", hint="give either --rate or --measured")
    taken = measured_rate(measured) if measured else rate or 0.0
    schedule = unopened_schedule(session)
    trace = demand_trace(session, demand, schedule, session.settings.detect.rate, weeks=1)
    demanded = capacity(trace, schedule.zone, rate=taken, most=schedule.max_units or MAX_UNITS, headroom=headroom)
    document = {
        "rate": taken,
        "headroom": headroom,
        "time_zone": schedule.zone,
        "peak_requests_a_second": round(demanded.peak, 3),
        "peak_at": demanded.at and demanded.at.isoformat(),
        "units": demanded.units,
        "max_units": demanded.most,
        "exceeded": demanded.exceeded,
        "units_by_hour": {day: list(demanded.hours[24 * number :][:24]) for number, day in enumerate(DAYS)},
    }
    session.console.result(document, lambda _: _show_capacity(session, demanded, schedule.zone, taken, headroom))


def _show_capacity(session: Session, demanded: "Capacity", zone: str, rate: float, headroom: float) -> None:
    from customlabels.scheduler.schedule_settings import DAYS

    if demanded.at is None:
        session.console.text("no request comes in this demand, so no unit is needed")
        return
    rows = [(f"{hour:02}:00", *(demanded.hours[24 * day + hour] for day in range(7))) for hour in range(24)]
    session.console.table(
        (zone, *DAYS), rows, title=f"inference units, of {rate:g} requests a second each", give_way=()
    )
    at = demanded.at.astimezone(ZoneInfo(zone))
    session.console.text(
        f"most comes on {at:%a %Y-%m-%d} at {at:%H:%M}: {demanded.peak:.2f} requests a second, "
        f"{counted(demanded.units, 'unit')} with {headroom:.0%} of headroom"
    )
    if demanded.exceeded:
        session.console.text(f"that is more than the {demanded.most} units that a model may have")

"""customlabels schedule simulate and capacity."""

from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from customlabels.cli.group import Command, Figure
from customlabels.cli.session import Session, pass_session
from customlabels.core.spans import parse_span
from customlabels.scheduler.demand import SHAPES, read_demand
from customlabels.scheduler.simulation import Simulated, simulate


@click.command("simulate", cls=Command)
@click.option("--weeks", default=4, show_default=True, type=click.IntRange(1, 104), help="How long.")
@click.option("--demand", help=f"Requests that come: {', '.join(SHAPES)}, or a CSV of time and requests.")
@click.option("--start-takes", default="15m", show_default=True, help="How long your model takes to start.")
@click.option("--rate", type=Figure(0, min_open=True), help="Requests a second that an inference unit takes.")
@pass_session
def simulate_(session: Session, weeks: int, demand: str | None, start_takes: str, rate: float | None) -> None:
    """Walk the schedule through weeks to come: what it costs, what it saves, which requests it meets.

    Example: customlabels schedule simulate --demand two-shift
    """
    found = session.schedule()
    rate = rate or session.settings.detect.rate
    start = session.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days, asked = weeks * 7, None
    if demand in SHAPES:
        asked = SHAPES[demand](found.zone, rate)
    elif demand is not None:
        asked, start, days = read_demand(Path(demand))
    with session.console.step(f"walking through {days} days"):
        result = simulate(found, start, days, start_takes=parse_span(start_takes), demand=asked, rate=rate)
    document = asdict(result) | {
        "dollars_a_week": round(result.dollars_a_week, 2),
        "dollars_a_month": round(result.dollars_a_month, 2),
        "always_on_a_week": round(result.always_on_a_week, 2),
        "hours_saved_a_week": round(result.hours_saved_a_week, 2),
        "coverage": round(result.coverage, 4),
    }
    session.console.result(document, lambda _: _show(session, result))


def _show(session: Session, result: Simulated) -> None:
    rows: list[tuple[str, Any]] = [
        ("billed unit-hours", f"{result.billed / 60:.1f}"),
        ("... and STARTING, if that is billed", f"{result.starting / 60:.1f}"),
        ("starts", result.starts),
        ("$ a week", f"{result.dollars_a_week:.2f}"),
        ("$ a month", f"{result.dollars_a_month:.2f}"),
        ("$ a week of one unit that is never stopped", f"{result.always_on_a_week:.2f}"),
        ("hours a week saved beside it", f"{result.hours_saved_a_week:.1f}"),
        ("windows' minutes with a model", f"{result.covered / result.asked:.2%}" if result.asked else "–"),
    ]
    if result.least is not None:
        ratio = f"{result.billed / result.least:.2f}" if result.least else "–"
        rows += [
            ("requests met", f"{result.coverage:.2%} of {result.requests:.0f}"),
            ("requests that met no model", f"{result.stopped:.0f}"),
            ("requests above what its units take", f"{result.saturated:.0f}"),
            ("least possible unit-hours for them", f"{result.least / 60:.1f}"),
            ("billed beside that", ratio),
        ]
    session.console.table((f"{result.days} days", ""), rows)

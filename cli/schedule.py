"""customlabels schedule."""

from dataclasses import asdict
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from customlabels.cli.group import Figure, Group
from customlabels.cli.session import Session, pass_session
from customlabels.core.errors import SettingsError
from customlabels.core.prices import hosting_cost
from customlabels.core.spans import parse_span
from customlabels.scheduler.demand import SHAPES, read_demand
from customlabels.scheduler.reading import read_schedule
from customlabels.scheduler.simulation import Simulated, simulate
from customlabels.scheduler.uptime import Schedule, spans, wanted


@click.group(cls=Group)
def schedule() -> None:
    """When models are to be up, by [schedule] of the settings: shown, and tried out."""


@schedule.command()
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 366), help="How far to look.")
@pass_session
def show(session: Session, days: int) -> None:
    """Show what is wanted now and why, the windows to come, and what they cost.

    Example: customlabels schedule show --days 14
    """
    found, now = _schedule(session), session.now()
    asked = wanted(now, found)
    rows: list[dict[str, Any]] = [
        {
            "opens": span.start.astimezone(ZoneInfo(found.zone)).isoformat(timespec="minutes"),
            "closes": span.stop.astimezone(ZoneInfo(found.zone)).isoformat(timespec="minutes"),
            "units": span.units,
            "hours": round((span.stop - span.start) / timedelta(hours=1), 2),
            "dollars": round(hosting_cost((span.stop - span.start) / timedelta(hours=1), span.units), 2),
        }
        for span in spans(found, now, now + timedelta(days=days))
    ]
    total = sum(hosting_cost(row["hours"], row["units"]) for row in rows)
    document = {
        "now": {"units": asked.units, "why": asked.why, "until": asked.until.isoformat() if asked.until else None},
        "windows": rows,
        "dollars": round(total, 2),
    }

    def in_words(_: object) -> None:
        session.console.text(f"now: {asked.units or 'no'} units wanted, {asked.why}")
        session.console.table(("opens", "closes", "units", "hours", "$"), [tuple(row.values()) for row in rows])
        always = hosting_cost(24 * days, 1)
        session.console.text(
            f"${total:.2f} in {days} days, warm-up apart; one unit that is never stopped costs ${always:.2f}"
        )

    session.console.result(document, in_words)


@schedule.command("simulate")
@click.option("--weeks", default=4, show_default=True, type=click.IntRange(1, 104), help="How long.")
@click.option("--demand", help=f"Requests that come: {', '.join(SHAPES)}, or a CSV of time and requests.")
@click.option("--start-takes", default="15m", show_default=True, help="How long your model takes to start.")
@click.option("--rate", type=Figure(0, min_open=True), help="Requests a second that an inference unit takes.")
@pass_session
def simulate_(session: Session, weeks: int, demand: str | None, start_takes: str, rate: float | None) -> None:
    """Walk the schedule through weeks to come: what it costs, what it saves, which requests it meets.

    Example: customlabels schedule simulate --demand two-shift
    """
    found = _schedule(session)
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


def _schedule(session: Session) -> Schedule:
    found = read_schedule(session.settings.schedule, session.now().year)
    if not found.windows:
        raise SettingsError(
            "no window is set", hint="add a [[schedule.window]] to customlabels.toml; customlabels init shows one"
        )
    return found

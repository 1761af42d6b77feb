"""customlabels schedule."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from customlabels.cli.group import Group
from customlabels.cli.session import Session, pass_session
from customlabels.cli.simulating import simulate_
from customlabels.core.prices import hosting_cost
from customlabels.scheduler.uptime import spans, wanted


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
    found, now = session.schedule(), session.now()
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


schedule.add_command(simulate_)

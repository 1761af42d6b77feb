"""customlabels schedule show."""

from datetime import timedelta

import click

from customlabels.cli.group import Command, pass_session
from customlabels.core.console import in_money
from customlabels.core.plurals import counted
from customlabels.core.prices import hosting_cost
from customlabels.scheduler.uptime import versions, wanted
from customlabels.scheduler.windows import dollars, window_rows
from customlabels.session import Session


@click.command(cls=Command)
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 366), help="How far to look.")
@pass_session
def show(session: Session, days: int) -> None:
    """Show what is wanted now and why, the windows to come, and what they cost.

    Example: customlabels schedule show --days 14
    """
    schedule, now = session.schedule(), session.now()
    rows = window_rows(schedule, now, now + timedelta(days=days))
    total = dollars(schedule, now, now + timedelta(days=days))
    wants = {version: wanted(now, schedule, version) for version in versions(schedule)}
    document = {
        "now": [
            {"version": version, "units": want.units, "why": want.why, "until": want.until and want.until.isoformat()}
            for version, want in wants.items()
        ],
        "windows": rows,
        "dollars": round(total, 2),
    }

    def in_words(_: object) -> None:
        for version, want in wants.items():
            session.console.text(
                f"now: {counted(want.units, 'unit') if want.units else 'no units'} of {version} wanted, {want.why}"
            )
        session.console.table(
            ("version", "opens", "closes", "units", "hours", "$"),
            in_money(rows, "dollars"),
            give_way=("hours", "$"),
        )
        always = hosting_cost(24 * days, 1)
        session.console.text(
            f"${total:.2f} in {counted(days, 'day')}, warm-up apart; one unit that is never stopped costs ${always:.2f}"
        )

    session.console.result(document, in_words)

"""customlabels model status."""

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.console import in_money
from customlabels.core.plurals import counted
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 455), help="How far to look back.")
@pass_session
def status(session: Session, project: str | None, days: int) -> None:
    """Show which versions of the project are up, on how many units, at what price, and what they have cost.

    Example: customlabels model status --days 7
    """
    rows = session.status(project=project, days=days).documents()
    hours = f"unit hours in {counted(days, 'day')}"
    columns: tuple[str, ...] = ("version", "status", "units", "$ an hour", hours, "$")
    priced, shown = ("dollars_an_hour", "dollars"), rows
    if session.local:
        # Nobody pays for what is up here.
        columns = tuple(column for column in columns if "$" not in column)
        shown = [{name: value for name, value in row.items() if name not in priced} for row in rows]
    session.console.result(
        rows, lambda _: session.console.table(columns, in_money(shown, *priced), give_way=(hours, "$ an hour"))
    )

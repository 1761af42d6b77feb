"""customlabels schedule status."""

from datetime import datetime
from typing import Any

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.console import in_money
from customlabels.scheduler.deployed import Deployed, deployed
from customlabels.scheduler.uptime_status import local_time, uptime_status
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@pass_session
def status(session: Session, project: str | None) -> None:
    """Show what is up and why, what comes next, what the month has cost, and what was done lately.

    Example: customlabels schedule status
    """
    stack = deployed(session.clients, session.project(project), session.now())
    document = uptime_status(session.clients, stack, session.now())
    session.console.result(document, lambda _: _show(session, stack, document))


def _show(session: Session, stack: Deployed, document: dict[str, Any]) -> None:
    console = session.console
    if document["champion_lost"]:
        console.text(document["champion_lost"])
    elif stack.champion is None:
        console.text("there is no champion: customlabels versions promote VERSION makes one")
    if document["queue"]:
        console.text(f"queue: {document['queue']['says']}")
    columns = ("version", "status", "units wanted", "why", "$ this month")
    console.table(columns, in_money(document["models"], "dollars"), give_way=("why",))
    budget = stack.schedule.monthly_budget
    unknown = [model["version"] for model in document["models"] if model["dollars"] is None]
    console.text(
        f"${document['dollars']:.2f} this month"
        + (f" of ${budget:.2f}" if budget is not None else "")
        + (f", and what {', '.join(unknown)} has cost, of which CloudWatch has no datapoint" if unknown else "")
    )
    for alarm in document["alarms"]:
        console.text(f"ALARM: {alarm}")
    for override in document["overrides"]:
        way, until = "up" if override["up"] else "down", local_time(datetime.fromisoformat(override["until"]), stack)
        reason = " ".join(
            filter(None, (override["by"] and f"by {override['by']}", override["why"] and f"({override['why']})"))
        )
        console.text(
            f"{'override' if override['by'] else 'idle'}: {override['version']} {way} until {until} {reason}".rstrip()
        )
    console.table(
        ("version", "opens", "closes", "units", "hours", "$"),
        in_money(document["next"], "dollars"),
        title="windows to come, hours and dollars of the next two weeks",
        give_way=("hours", "$"),
    )
    console.table(
        ("at", "what", "version", "why"),
        [tuple(row.values()) for row in document["done"]],
        title="done lately",
        give_way=("why",),
    )

"""customlabels inspection status."""

from typing import Any

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.console import Console
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@pass_session
def status(session: Session, project: str | None) -> None:
    """Show what waits, what could not be inspected, what was found in the last day, and which alarms are raised.

    Example: customlabels inspection status
    """
    document = session.inspection_status(project=project)
    session.console.result(document, lambda _: _show(session.console, document))


def _show(console: Console, document: dict[str, Any]) -> None:
    counted = document["last_day"]
    console.table(
        ("waiting", "under way", "dead letters", "inspected in 24 h", "defects", "unsure"),
        [
            (
                *(document[name] for name in ("waiting", "under_way", "dead_letters")),
                *(counted[name] for name in ("inspected", "defects", "unsure")),
            )
        ],
        title=document["source"],
        give_way=("unsure", "under way"),
    )
    stream = document["stream"]
    if stream is not None:
        how = f"an image each {stream['every_seconds']:g} s" if stream["writes"] else "none any more"
        again = "" if stream["writes"] else ": customlabels inspection deploy puts it right"
        console.text(f"stream {stream['name']} writes {how}{again}")
    if not document["told_of_arrivals"]:
        console.text("the bucket does not tell of arrivals any more: customlabels inspection deploy puts it right")
    if not document["open"]:
        console.text("the queue is closed while the model is down: what arrives waits, and costs nothing")
    if document["dead_letters"]:
        console.text("customlabels inspection retry shows what ails the dead letters, and puts them back")
    for alarm in document["alarms"]:
        console.text(f"ALARM: {alarm}")

"""customlabels local advance."""

from datetime import UTC, datetime

import click

from customlabels.cli.group import Command, pass_session
from customlabels.core.spans import parse_span
from customlabels.emulator.server import address
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("span")
@pass_session
def advance(session: Session, span: str) -> None:
    """Move its clock on by SPAN (90s, 25m, 8h, 2d): states, billing and all that is due follow.

    Example: customlabels local advance 8h
    """
    now = datetime.fromtimestamp(address.advance(session.state, parse_span(span).total_seconds()), UTC)
    session.console.done(f"it is {now:%Y-%m-%d %H:%M:%S} UTC there now", now=now.isoformat())

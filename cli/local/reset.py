"""customlabels local reset."""

import click

from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session
from customlabels.emulator.server import address
from customlabels.session import Session


@click.command(cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def reset(session: Session, yes: bool) -> None:
    """Stop it and delete everything it holds.

    Example: customlabels local reset
    """
    ask(f"Delete every bucket, project and version in {session.state}?", yes=yes)
    address.reset(session.state)
    session.console.done(f"{session.state} is empty", state=str(session.state))

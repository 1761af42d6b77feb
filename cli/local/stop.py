"""customlabels local stop."""

import click

from customlabels.cli.group import Command, pass_session
from customlabels.emulator.server import address
from customlabels.session import Session


@click.command(cls=Command)
@pass_session
def stop(session: Session) -> None:
    """Stop it; what it holds stays on disk.

    Example: customlabels local stop
    """
    stopped = address.stop(session.state)
    session.console.done("stopped" if stopped else "was not running", stopped=stopped)

"""customlabels local status."""

import click

from customlabels.cli.group import Command, pass_session
from customlabels.emulator.server import address
from customlabels.session import Session


@click.command(cls=Command)
@pass_session
def status(session: Session) -> None:
    """Show whether it runs, where, and where its state lies.

    Example: customlabels local status
    """
    service = address.running(session.state)
    document = {"running": service is not None, "state": str(session.state)}
    if service:
        document |= {"endpoint_url": service.endpoint_url, "pid": service.pid}
    where = f"running at {service.endpoint_url} (process {service.pid})" if service else "not running"
    session.console.result(document, lambda _: session.console.text(f"{where}, state in {session.state}"))

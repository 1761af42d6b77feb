"""customlabels dataset formats."""

import click

from customlabels.cli.group import Command, pass_session
from customlabels.manifests.formats import FORMATS
from customlabels.session import Session


@click.command(cls=Command)
@pass_session
def formats(session: Session) -> None:
    """List the formats that are read and written.

    Example: customlabels dataset formats
    """
    session.console.result(
        {name: format_.summary for name, format_ in FORMATS.items()},
        lambda rows: session.console.table(("format", "what it is"), list(rows.items())),
    )

"""customlabels versions rollback."""

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.shown import note_schedule
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@click.option("--why", default="", help="Noted in the history.")
@pass_session
def rollback(session: Session, project: str | None, why: str) -> None:
    """Make the champion before this one the champion again.

    Example: customlabels versions rollback --why "misses cracks on line 2"
    """
    back = session.rollback(project=project, why=why)
    note_schedule(session, back.project)
    session.console.done(
        f"{back.version} is the champion of {back.project} again, in place of {back.before}",
        version=back.version,
        before=back.before,
    )

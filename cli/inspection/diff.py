"""customlabels inspection diff."""

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.stack_options import code_bucket_option, show_difference
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@code_bucket_option
@pass_session
def diff(session: Session, project: str | None, bucket: str | None) -> None:
    """Show what deploying would change in the template, and in the stream; nothing is written.

    Example: customlabels inspection diff
    """
    assembled = session.inspection_stack(project, bucket)
    for change in session.stream_changes(assembled):
        session.console.note(change)
    show_difference(session, assembled.stack)

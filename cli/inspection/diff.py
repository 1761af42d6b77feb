"""customlabels inspection diff."""

import click

from customlabels.aws.stacks import deployment
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.stack_options import code_bucket_option
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@code_bucket_option
@pass_session
def diff(session: Session, project: str | None, bucket: str | None) -> None:
    """Show what deploying would change in the template; nothing is written.

    Example: customlabels inspection diff
    """
    difference = deployment.diff(session.clients, session.inspection_stack(project, bucket).stack)
    lines, shown = difference.lines, difference.deployed
    same = "no difference" if shown else "nothing is deployed yet"
    session.console.result(
        {"stack": difference.name, "deployed": shown, "same": not lines, "diff": lines},
        lambda _: session.console.lines(lines if lines and shown else [same]),
    )

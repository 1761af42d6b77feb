"""customlabels schedule remove."""

import click

from customlabels.aws.stacks.names import stack_name
from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.stack_options import code_bucket_option
from customlabels.pipelines.service.versions import version_name
from customlabels.scheduler.stack.removal import remove as remove_schedule
from customlabels.scheduler.stack.removal import versions_up
from customlabels.scheduler.stack.schedule_stack import code_folder
from customlabels.session import Session


@click.command(cls=Command)
@project_option
@code_bucket_option
@click.option("--leave-running", is_flag=True, help="Do not stop models that are up.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def remove(session: Session, project: str | None, bucket: str | None, leave_running: bool, yes: bool) -> None:
    """Stop the project's models and delete its schedule, functions, alarms, parameters and code; nothing is left.

    Versions, datasets and the champion stay as they are.

    Example: customlabels schedule remove
    """
    name, clients = session.project(project), session.clients
    stack, code = stack_name(name), code_folder(session.settings, name, session.bucket(bucket))
    names = ", ".join(version_name(version) for version in versions_up(clients, name))
    up = f" {names} is up, and {'stays up' if leave_running else 'is stopped'}." if names else ""
    ask(f"Delete {stack}?{up}", yes=yes)
    removed = remove_schedule(clients, name, code=code, leave_running=leave_running, watch=session.console)
    if removed.up and leave_running:
        session.console.warn(f"{', '.join(removed.up)} is up, and nothing stops it any more: customlabels model stop")
    done = (
        f"{stack} and all that belonged to it is deleted"
        if removed.existed
        else f"there was no {stack}; what it left is deleted"
    )
    stopped = [] if leave_running else list(removed.up)
    session.console.done(done, stack=stack, deleted=removed.existed, stopped=stopped)

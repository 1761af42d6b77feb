"""customlabels model stop."""

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.tables import Table
from customlabels.scheduler.models import Stopped
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("version", required=False)
@project_option
@pass_session
def stop(session: Session, version: str | None, project: str | None) -> None:
    """Stop VERSION (default: every running version of the project) and wait until it is stopped.

    Example: customlabels model stop
    """
    stopped = session.stop(version, project=project)
    session.console.result(stopped.documents(), lambda _: session.console.lines(_in_words(stopped)))


def _in_words(models: Table[Stopped]) -> list[str]:
    if not models:
        return ["no model is running"]
    return [f"{model.version} {'is stopped' if model.stopped else 'was not running'}" for model in models]

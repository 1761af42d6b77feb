"""customlabels model start."""

import click

from customlabels.cli.asking import ask
from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.hosting import MAX_UNITS
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import Description, version_name
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("version", required=False)
@project_option
@click.option("--units", default=1, show_default=True, type=click.IntRange(1, MAX_UNITS))
@click.option("--max-units", type=click.IntRange(1, MAX_UNITS), help="Scale by load up to this.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def start(
    session: Session, version: str | None, project: str | None, units: int, max_units: int | None, yes: bool
) -> None:
    """Start VERSION (default: the champion, else the newest trained) and wait until it is RUNNING.

    Example: customlabels model start --units 1
    """
    if max_units is not None and max_units < units:
        raise click.BadParameter("--max-units is less than --units")

    def before_start(chosen: Description, most: int) -> None:
        question = f"Start {version_name(chosen)}? On AWS it costs up to ${hosting_cost(1, most):.2f} an hour"
        ask(f"{question} until it is stopped.", yes=yes or session.local)

    up = session.start(version, project=project, units=units, max_units=max_units, before_start=before_start)
    done = f"{up.version} is RUNNING" if up.started else f"{up.version} was started already and is RUNNING"
    stops = "to stop it" if session.local else "on AWS it costs until you stop it"
    session.console.done(
        f"{done}; {stops}: customlabels model stop",
        version=up.version,
        status=State.RUNNING,
        started=up.started,
    )

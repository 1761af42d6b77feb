"""Questions before something costs money."""

import click

from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.running import BeforeStart
from customlabels.pipelines.service.versions import Description, version_name
from customlabels.session import Session


def confirm_start(session: Session, yes: bool) -> BeforeStart:
    """Asks before a model is started for the time of a command; not where `yes` has said so, or nobody pays for it.

    Raises, when it is called
    ------
    click.Abort : the person does not want it started
    """

    def ask(version: Description, units: int) -> None:
        if not (yes or session.local):
            question = f"{version_name(version)} is {version['Status']}. Start it for this, and stop it again?"
            click.confirm(f"{question} On AWS it costs ${hosting_cost(1, units):.2f} an hour", abort=True, err=True)

    return ask

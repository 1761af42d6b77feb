"""Questions before something costs money."""

import click

from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.running import BeforeStart
from customlabels.pipelines.service.versions import Description, version_name


def confirm_start(yes: bool) -> BeforeStart:
    """Asks before a model is started for the time of a command; does not where `yes` has said so.

    Raises, when it is called
    ------
    click.Abort : the person does not want it started
    """

    def ask(version: Description, units: int) -> None:
        if not yes:
            question = f"{version_name(version)} is {version['Status']}. Start it for this, and stop it again?"
            click.confirm(f"{question} On AWS it costs ${hosting_cost(1, units):.2f} an hour", abort=True, err=True)

    return ask

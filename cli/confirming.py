"""Questions before something costs money."""

from customlabels.cli.asking import ask
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.running import BeforeStart
from customlabels.pipelines.service.versions import Description, version_name
from customlabels.session import Session


def confirm_start(session: Session, yes: bool) -> BeforeStart:
    """Asks before a model is started for the time of a command; not where `yes` has said so, or nobody pays for it.

    Raises, when it is called
    ------
    Declined : the person does not want it started
    Unasked : nobody is there to say so
    """

    def before_start(version: Description, units: int) -> None:
        question = f"{version_name(version)} is {version['Status']}. Start it for this, and stop it again?"
        ask(f"{question} On AWS it costs ${hosting_cost(1, units):.2f} an hour", yes=yes or session.local)

    return before_start

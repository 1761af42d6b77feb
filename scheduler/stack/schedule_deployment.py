"""The schedule deployed: its stack, and what somebody had overridden before."""

from collections.abc import Callable
from datetime import datetime

from customlabels.aws.clients import Clients
from customlabels.aws.stacks import deployment
from customlabels.aws.stacks.change_sets import Change
from customlabels.core.watching import Watch
from customlabels.scheduler.deployed import deployed
from customlabels.scheduler.overriding import hold_on
from customlabels.scheduler.stack.schedule_stack import Assembled

Confirm = Callable[[tuple[Change, ...]], bool]
"""Asked with the changes before they are made; false, or an exception, leaves everything as it is."""


def deploy(
    clients: Clients, assembled: Assembled, now: Callable[[], datetime], *, confirm: Confirm, watch: Watch
) -> tuple[Change, ...]:
    """The changes that were made; none where nothing is to change, or they were not agreed to.

    Parameters
    ----------
    now : tells the time once the stack is deployed

    Raises
    ------
    ServiceError : as aws.stacks.deployment.deploy
    """
    outcome = deployment.deploy(clients, assembled.stack, confirm=confirm, watch=watch)
    if outcome is None or not outcome.changes:
        return ()
    parts, after = assembled.parts, now()
    hold_on(clients, deployed(clients, parts.project, after), after)
    if assembled.champion_lost:
        watch.warn(assembled.champion_lost)
    elif parts.champion is None:
        watch.warn("there is no champion yet to start: customlabels versions promote VERSION makes one")
    for email in parts.emails:
        watch.note(f"{email} is told once it has agreed to in the mail that SNS sends")
    return outcome.changes

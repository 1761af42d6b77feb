"""The schedule from Python: as the settings have it, as a stack, deployed."""

from datetime import timedelta
from typing import TYPE_CHECKING

from customlabels.core.errors import SettingsError

if TYPE_CHECKING:
    from customlabels.aws.stacks.change_sets import Change
    from customlabels.scheduler.stack.schedule_deployment import Confirm
    from customlabels.scheduler.stack.schedule_stack import Assembled
    from customlabels.scheduler.uptime import Schedule
    from customlabels.session.session import Session


def schedule(session: "Session", learned: timedelta | None = None) -> "Schedule":
    """The schedule of the settings; `learned`, or else the usual one, is its warm-up where they name none.

    Raises
    ------
    SettingsError : there is none, or what is wrong with it
    """
    from customlabels.scheduler.windows import unopened

    schedule = _schedule(session, learned)
    for sentence in unopened(schedule, session.now()):
        session.console.warn(sentence)
    return schedule


def _schedule(session: "Session", learned: timedelta | None) -> "Schedule":
    from customlabels.scheduler.schedule_settings import read_schedule
    from customlabels.scheduler.uptime import USUAL_WARM_UP

    warm_up = USUAL_WARM_UP if learned is None else learned
    schedule = read_schedule(session.settings.schedule, session.now().year, warm_up, session.settings.detect.rate)
    # What waits for inspection asks for the model too.
    if not schedule.windows and session.settings.inspection.source is None:
        raise SettingsError(
            "no window is set", hint="add a [[schedule.window]] to customlabels.toml; customlabels init shows one"
        )
    return schedule


def schedule_stack(
    session: "Session", project: str | None = None, bucket: str | None = None, *, unaided: bool = False
) -> "Assembled":
    """What the settings make of the project's schedule as a stack; nothing is deployed.

    Parameters
    ----------
    unaided : whether it is made, and that said, where the account cannot be asked
    """
    from customlabels.aws.unaided import account_or
    from customlabels.scheduler.stack.schedule_stack import Account, assemble, look_up

    # What is wrong with the settings needs no account to be told.
    session.schedule()
    name, code_bucket = session.project(project), session.bucket(bucket)
    account = account_or(
        lambda: look_up(session.clients, name),
        Account(),
        unaided=unaided,
        warn=session.console.warn,
        lacking="Its warm-up is the settings', or the usual one; ProjectArn is a parameter of it; stops that need no "
        "function are left out",
    )
    schedule = _schedule(session, account.lead)
    now = session.now()
    return assemble(session.settings, project=name, bucket=code_bucket, schedule=schedule, now=now, account=account)


def deploy_schedule(
    session: "Session",
    confirm: "Confirm",
    *,
    assembled: "Assembled | None" = None,
) -> "tuple[Change, ...]":
    """The project's schedule deployed; the changes that were made, none where nothing is to change.

    Parameters
    ----------
    confirm : asked with the changes before they are made; false, or an exception, leaves everything as it is
    assembled : what is deployed; by default what schedule_stack gives
    """
    from customlabels.scheduler.stack import schedule_deployment

    return schedule_deployment.deploy(
        session.clients, assembled or session.schedule_stack(), session.now, confirm=confirm, watch=session.console
    )

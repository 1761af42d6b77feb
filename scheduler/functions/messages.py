"""What the functions tell of a schedule: metrics, and messages to a topic."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from customlabels.aws import function_log
from customlabels.aws.topics import publish
from customlabels.scheduler.actions import Action, Kind

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_SAY_AGAIN_AFTER = timedelta(minutes=55)
"""How long a trouble that goes on is kept from being told again."""

FIGURES = ("UnitsUp", "UnitsWanted", "MinutesBeyondPlan", "Troubles")
"""Metrics of every schedule; MonthDollars comes with a budget."""

_UNITS = {"MonthDollars": "None", "MinutesBeyondPlan": "None"}


def metrics(project: str, now: datetime, figures: Mapping[str, float]) -> None:
    """Figures of a project at a time, as metrics of the namespace."""
    function_log.metrics(project, now, figures, _UNITS)


def message(sns: "SNSClient", topic: str, project: str, action: Action, outcome: str) -> None:
    """Tells a topic of an action, or of a trouble; `outcome` is how it ended."""
    what = "trouble" if action.kind is Kind.REPORT else str(action.kind)
    text = "\n".join(
        [
            f"project {project}" + (f", version {action.version}" if action.version else ""),
            f"{outcome}: {action.why}",
        ]
    )
    publish(sns, topic, f"customlabels {project}: {what} {action.version}", text)


def key(action: Action) -> str:
    """Under which a trouble is remembered to have been told."""
    return f"{action.trouble} {action.version}".strip()


def was_told(reported: Mapping[str, datetime], action: Action, now: datetime) -> bool:
    """Whether a trouble was told so lately that it is not told again."""
    last = reported.get(key(action))
    return last is not None and now - last < _SAY_AGAIN_AFTER

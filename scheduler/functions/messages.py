"""What the functions say: a line of JSON an event, metrics in CloudWatch's embedded format, messages to a topic.

AWS Lambda Powertools would do the first two, and weighs a megabyte, fifty times what the functions do.
Source: CloudWatch user guide, "Specification: Embedded metric format".
"""

import json
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from customlabels.aws.topics import publish
from customlabels.scheduler.actions import Action, Kind

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

NAMESPACE = "customlabels"

SAY_AGAIN_AFTER = timedelta(minutes=55)
"""How long a trouble that goes on is kept from being told again."""

FIGURES = ("UnitsUp", "UnitsWanted", "MinutesBeyondPlan", "Troubles")
"""Metrics of every schedule; MonthDollars comes with a budget."""

_UNITS = {"MonthDollars": "None", "MinutesBeyondPlan": "None"}


def log(level: str, message: str, **more: Any) -> None:
    """A line of the function's log."""
    _print({"level": level, "message": message, **more})


def metrics(project: str, now: datetime, figures: Mapping[str, float]) -> None:
    """Figures of a project at a time, as metrics of the namespace."""
    about = {
        "Timestamp": int(now.timestamp() * 1000),
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [["Project"]],
                "Metrics": [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in figures],
            }
        ],
    }
    _print({"_aws": about, "Project": project, **figures})


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


def _print(document: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()

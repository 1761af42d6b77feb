"""The dashboard of an inspection: what arrives, what waits and for how long, verdicts, alarms.

Source: CloudWatch API reference, "Dashboard body structure and syntax".
"""

from collections.abc import Sequence
from typing import Any

from customlabels.aws.function_log import NAMESPACE

_REGION = "${AWS::Region}"
"""Filled in by CloudFormation."""


def dashboard(queue: str, dead: str, project: str, alarms: Sequence[str]) -> dict[str, Any]:
    """Its body; `alarms` are logical names of the stack."""

    def of_queue(metric: str, label: str, name: str = queue) -> list[Any]:
        return ["AWS/SQS", metric, "QueueName", name, {"label": label}]

    def ours(metric: str, label: str) -> list[Any]:
        return [NAMESPACE, metric, "Project", project, {"label": label}]

    depth = [
        of_queue("ApproximateNumberOfMessagesVisible", "waiting"),
        of_queue("ApproximateNumberOfMessagesNotVisible", "being looked at"),
        of_queue("ApproximateNumberOfMessagesVisible", "dead letters", dead),
    ]
    age = [of_queue("ApproximateAgeOfOldestMessage", "age")]
    verdicts = [ours("Inspected", "inspected"), ours("Defects", "defects"), ours("Unsure", "unsure")]
    return {
        "widgets": [
            _widget(0, 0, "Images that wait", depth, "Maximum"),
            _widget(12, 0, "Age of the oldest image, seconds", age, "Maximum"),
            _widget(0, 6, "Verdicts", verdicts, "Sum"),
            _widget(12, 6, "Refused, per cent", [ours("RefusedPercent", "refused")], "Average"),
            {
                "type": "alarm",
                "x": 0,
                "y": 12,
                "width": 24,
                "height": 3,
                "properties": {"title": "Alarms", "alarms": [f"${{{name}Alarm.Arn}}" for name in alarms]},
            },
        ]
    }


def _widget(x: int, y: int, title: str, metrics: list[Any], stat: str) -> dict[str, Any]:
    shown = {
        "title": title,
        "metrics": metrics,
        "stat": stat,
        "period": 300,
        "region": _REGION,
        "view": "timeSeries",
    }
    return {"type": "metric", "x": x, "y": y, "width": 12, "height": 6, "properties": shown}

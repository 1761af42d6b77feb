"""The dashboard of a project's uptime: units wanted and up, requests, dollars, alarms.

Source: CloudWatch API reference, "Dashboard body structure and syntax".
"""

from collections.abc import Sequence
from typing import Any

from customlabels.aws.function_log import NAMESPACE
from customlabels.core.prices import INFERENCE_PER_UNIT_HOUR

_REGION = "${AWS::Region}"
"""Filled in by CloudFormation."""


def dashboard(project: str, alarms: Sequence[str]) -> dict[str, Any]:
    """Its body; `alarms` are logical names of the stack."""
    units = [
        [NAMESPACE, "UnitsWanted", "Project", project, {"label": "wanted"}],
        [NAMESPACE, "UnitsUp", "Project", project, {"label": "up"}],
    ]
    seen = f"SEARCH('{{AWS/Rekognition,ProjectName,VersionName}} ProjectName=\"{project}\" InServiceInferenceUnits'" + (
        ", 'Sum', 3600)"
    )
    dollars = [[{"expression": f"SUM({seen})*{INFERENCE_PER_UNIT_HOUR:g}/60", "label": "dollars an hour", "id": "d"}]]
    requests = [
        ["AWS/Rekognition", name, "Operation", "DetectCustomLabels", {"label": label}]
        for name, label in (("SuccessfulRequestCount", "answered"), ("ThrottledCount", "throttled"))
    ]
    return {
        "widgets": [
            _widget(0, 0, "Inference units wanted and up", units, "Maximum", 300),
            _widget(12, 0, "Requests to models of the account", requests, "Sum", 300),
            _widget(0, 6, "Dollars an hour", dollars, "Sum", 3600),
            {
                "type": "alarm",
                "x": 12,
                "y": 6,
                "width": 12,
                "height": 6,
                "properties": {"title": "Alarms", "alarms": [f"${{{name}.Arn}}" for name in alarms]},
            },
        ]
    }


def _widget(x: int, y: int, title: str, metrics: list[Any], stat: str, period: int) -> dict[str, Any]:
    shown = {
        "title": title,
        "metrics": metrics,
        "stat": stat,
        "period": period,
        "region": _REGION,
        "view": "timeSeries",
    }
    return {"type": "metric", "x": x, "y": y, "width": 12, "height": 6, "properties": shown}

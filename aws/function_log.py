"""What Lambda functions say: a line of JSON an event, and metrics in CloudWatch's embedded format.

AWS Lambda Powertools would do both, and weighs a megabyte, fifty times what the functions do. Standard library alone.
Source: CloudWatch user guide, "Specification: Embedded metric format".
"""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

NAMESPACE = "customlabels"


def log(level: str, message: str, **more: Any) -> None:
    """A line of the function's log."""
    _print({"level": level, "message": message, **more})


def metrics(
    project: str, now: datetime, figures: Mapping[str, float], units: Mapping[str, str] | None = None, **more: Any
) -> None:
    """Figures of a project at a time, as metrics of the namespace; `more` stands beside them, and is none.

    Parameters
    ----------
    units : of the figures that are no counts
    """
    about = {
        "Timestamp": int(now.timestamp() * 1000),
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [["Project"]],
                "Metrics": [{"Name": name, "Unit": (units or {}).get(name, "Count")} for name in figures],
            }
        ],
    }
    _print({"_aws": about, "Project": project, **figures, **more})


def _print(document: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()

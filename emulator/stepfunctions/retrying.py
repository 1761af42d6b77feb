"""Which retrier or catcher a failure goes to, and how long a retrier waits. Pure, but for jitter.

Source: Step Functions developer guide, "Handling errors in Step Functions workflows".
"""

import random
from typing import Any

from customlabels.emulator.stepfunctions.errors import StateError

_NEVER_BY_ALL = {"States.DataLimitExceeded", "States.Runtime"}
_NO_TASK = {"States.Timeout", *_NEVER_BY_ALL}


def matching(rules: list[dict[str, Any]], error: StateError) -> int | None:
    """The number of the first rule that takes the error; None where none does."""
    for number, rule in enumerate(rules):
        if any(_matches(name, error.name) for name in rule["ErrorEquals"]):
            return number
    return None


def wait(rule: dict[str, Any], tried: int) -> float | None:
    """Seconds before the next try, after `tried` retries; None where there is none."""
    if tried >= int(rule.get("MaxAttempts", 3)):
        return None
    seconds = float(rule.get("IntervalSeconds", 1)) * float(rule.get("BackoffRate", 2.0)) ** tried
    seconds = min(seconds, float(rule.get("MaxDelaySeconds", seconds)))
    return random.uniform(0, seconds) if rule.get("JitterStrategy") == "FULL" else seconds  # noqa: S311 - no secret


def _matches(pattern: str, name: str) -> bool:
    if pattern == "States.ALL":
        return name not in _NEVER_BY_ALL
    if pattern == "States.TaskFailed":
        return name not in _NO_TASK
    return pattern == name

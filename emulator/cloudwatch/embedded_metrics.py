"""Metrics that functions print: JSON in CloudWatch's embedded metric format.

Source: CloudWatch user guide, "Specification: Embedded metric format".
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from customlabels.emulator.cloudwatch.datapoints import point

_MOST_DIMENSIONS, _MOST_METRICS, _MOST_VALUES = 30, 100, 100
_OLDEST, _NEWEST = 14 * 86400, 2 * 3600
"""Seconds that a datapoint may lie back, and ahead."""


def embedded(line: str, at: float, real: float) -> list[tuple[str, dict[str, Any]]]:
    """Namespace and datapoint of each metric in a line of a log; none where it is no such document, or a wrong one.

    A function may tell the time by its machine. A document that is nearer to `real`, the machine's time when the line
    was printed, than to `at`, the service's, is as old as it is by the machine.
    """
    if not line.startswith("{") or '"_aws"' not in line:
        return []
    try:
        document = json.loads(line)
        about = document["_aws"]
        stamp = _number(about["Timestamp"]) / 1000
        if abs(stamp - real) < abs(stamp - at):
            stamp += at - real
        if not at - _OLDEST <= stamp <= at + _NEWEST:
            return []
        return [
            datapoint
            for directive in about["CloudWatchMetrics"]
            for datapoint in _of_directive(directive, document, stamp)
        ]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError):
        return []


def _of_directive(directive: dict[str, Any], document: dict[str, Any], at: float) -> Iterator[tuple[str, Any]]:
    """The datapoints of a metric directive: each metric under each set of dimensions."""
    namespace, metrics = _text(directive["Namespace"]), directive["Metrics"]
    sets = [{_text(name): _text(document[name]) for name in names} for names in directive["Dimensions"]] or [{}]
    if len(metrics) > _MOST_METRICS or any(len(names) > _MOST_DIMENSIONS for names in sets):
        raise ValueError("too many dimensions or metrics")
    for metric in metrics:
        name, unit = _text(metric["Name"]), _text(metric.get("Unit", "None"))
        value = document[name]
        values = [_number(number) for number in value] if isinstance(value, list) else _number(value)
        if values == [] or (isinstance(values, list) and len(values) > _MOST_VALUES):
            raise ValueError("no value, or too many")
        for dimensions in sets:
            yield namespace, point(name, dimensions, at, values, unit)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("not a text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= sys.float_info.max:
        raise ValueError("not a number")
    return float(value)

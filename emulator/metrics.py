"""CloudWatch metrics as Rekognition emits them, put into moto's CloudWatch whenever someone asks it.

Source: Rekognition developer guide, "Monitoring Rekognition with Amazon CloudWatch"; Custom Labels developer guide,
running-model.md (inference units). Datapoints of models are made from the record of their units, so that they come back
after a restart; those of operations are lost with the process.
"""

import threading
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.state import Usage, Version

NAMESPACE = "AWS/Rekognition"
_MINUTE = 60
_LONGEST = 15 * 86400
"""Seconds that are looked back, at most."""


class Metrics:
    """Counts requests, and brings moto's CloudWatch up to date for a region."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[str, float] = {}
        self._requests: dict[str, list[tuple[float, str, str, float]]] = defaultdict(list)

    def count(self, region: str, operation: str, refusal: str | None, at: float, took: float) -> None:
        """Notes a request: the code it was refused with, when it ended, and how many seconds it took."""
        outcome = "SuccessfulRequestCount"
        if refusal is not None:
            throttled = refusal in ("ProvisionedThroughputExceededException", "ThrottlingException")
            outcome = "ThrottledCount" if throttled else "UserErrorCount"
        with self._lock:
            self._requests[region].append((at, operation, outcome, took))

    def publish(self, region: str, versions: list[tuple[str, Version]], now: float) -> None:
        """Puts what has happened since the last time; `versions` are those there are and were, by project."""
        with self._lock:
            requests, self._requests[region] = self._requests[region], []
            data = [point for one in requests for point in _of_request(*one)]
            since = self._done.get(region, now - _LONGEST)
            for project, version in versions:
                data += _of_model(project, version, since, now)
            self._done[region] = now // _MINUTE * _MINUTE
            if data:
                cloudwatch_backends[DEFAULT_ACCOUNT_ID][region].put_metric_data(NAMESPACE, data)


def _of_request(at: float, operation: str, outcome: str, took: float) -> list[dict[str, Any]]:
    dimensions = [{"Name": "Operation", "Value": operation}]
    points = [_point(outcome, dimensions, at, 1.0, "Count")]
    if outcome == "SuccessfulRequestCount":
        points.append(_point("ResponseTime", dimensions, at, took * 1000, "Milliseconds"))
    return points


def _of_model(project: str, version: Version, since: float, now: float) -> list[dict[str, Any]]:
    """A datapoint for each whole minute in which a unit was up."""
    dimensions = [{"Name": "ProjectName", "Value": project}, {"Name": "VersionName", "Value": version.name}]
    points = []
    first = int(max(since, version.usage[0].at if version.usage else now) // _MINUTE)
    for minute in range(first, int(now // _MINUTE)):
        up = _units_in(version.usage, minute * _MINUTE, (minute + 1) * _MINUTE)
        if up:
            at = minute * _MINUTE
            points += [
                _point("InServiceInferenceUnits", dimensions, at, up, "Count"),
                _point("DesiredInferenceUnits", dimensions, at, up, "Count"),
                _point("MinInferenceUnits", dimensions, at, float(version.min_units or 1), "Count"),
            ]
            if version.max_units:
                points.append(_point("MaxInferenceUnits", dimensions, at, float(version.max_units), "Count"))
    return points


def _units_in(usage: tuple[Usage, ...], start: float, end: float) -> float:
    """Units that were up on average from `start` to `end`."""
    total = 0.0
    for place, change in enumerate(usage):
        until = usage[place + 1].at if place + 1 < len(usage) else end
        total += change.units * max(0.0, min(until, end) - max(change.at, start))
    return total / (end - start)


def _point(name: str, dimensions: list[dict[str, str]], at: float, value: float, unit: str) -> dict[str, Any]:
    stamp = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    return {"MetricName": name, "Dimensions": dimensions, "Timestamp": stamp, "Value": value, "Unit": unit}

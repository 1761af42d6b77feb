"""CloudWatch metrics as Rekognition and SQS emit them, put into moto's CloudWatch whenever someone asks it.

Source: Rekognition developer guide, "Monitoring Rekognition with Amazon CloudWatch"; Custom Labels developer guide,
running-model.md (inference units); SQS developer guide, "Available CloudWatch metrics". Datapoints of models are made
from the record of their units, so that they come back after a restart; the others are lost with the process.
"""

import threading
from collections import defaultdict
from itertools import pairwise
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from customlabels.emulator.cloudwatch import datapoints
from customlabels.emulator.cloudwatch.datapoints import point
from customlabels.emulator.customlabels.state import Usage, Version
from customlabels.emulator.sqs import queues

REKOGNITION, SQS = "AWS/Rekognition", "AWS/SQS"
_MINUTE = 60
_LONGEST_UNSEEN = 86400
"""Seconds for which a queue's minutes are filled in."""
_BY_MINUTE, _LONGEST = 15 * 86400, 63 * 86400
"""Seconds for which CloudWatch keeps a datapoint a minute, and one for five. Source: "Metrics retention"."""


class Metrics:
    """Counts requests, and brings moto's CloudWatch up to date for a region."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[str, float] = {}
        self._queues: dict[tuple[str, str], tuple[float, tuple[int, int, int]]] = {}
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
            data = [datapoint for request in requests for datapoint in _of_request(*request)]
            since = self._done.get(region, now - _LONGEST)
            for project, version in versions:
                _put_model(region, project, version, since, now)
            self._done[region] = now // _MINUTE * _MINUTE
            if data:
                datapoints.put(region, REKOGNITION, data)

    def publish_queues(self, region: str, now: float) -> None:
        """Puts what waits in each queue: a datapoint a minute, and one more wherever that has changed.

        Minutes in which nobody looked are as the last look found them.
        """
        at = now // _MINUTE * _MINUTE - _MINUTE
        with self._lock:
            data = []
            for name, queue in list(sqs_backends[DEFAULT_ACCOUNT_ID][region].queues.items()):
                state, before = queues.waiting(queue), self._queues.get((region, name))
                if before == (at, state):
                    continue
                self._queues[region, name] = (at, state)
                since = max(at - _LONGEST_UNSEEN, before[0] + _MINUTE) if before else at
                missed = int((at - since) // _MINUTE)
                for minute in (since + number * _MINUTE for number in range(missed)):
                    data += _of_queue(queue, minute, before[1] if before else state)
                data += _of_queue(queue, at, state)
            if data:
                datapoints.put(region, SQS, data)


def _of_queue(queue: Any, at: float, state: tuple[int, int, int]) -> list[dict[str, Any]]:
    """What SQS says of a queue for the minute that begins at a time: `state` is visible, not visible, delayed."""
    name, counted = {"QueueName": queue.name}, zip(("Visible", "NotVisible", "Delayed"), state, strict=True)
    points = [point(f"ApproximateNumberOfMessages{kind}", name, at, float(count), "Count") for kind, count in counted]
    sent = queues.oldest(queue)
    age = 0.0 if sent is None or not sum(state) else max(0.0, at + _MINUTE - sent)
    return [*points, point("ApproximateAgeOfOldestMessage", name, at, float(int(age)), "Seconds")]


def _of_request(at: float, operation: str, outcome: str, took: float) -> list[dict[str, Any]]:
    points = [point(outcome, {"Operation": operation}, at, 1.0, "Count")]
    if outcome == "SuccessfulRequestCount":
        points.append(point("ResponseTime", {"Operation": operation}, at, took * 1000, "Milliseconds"))
    return points


def _put_model(region: str, project: str, version: Version, since: float, now: float) -> None:
    """Puts a datapoint for each whole minute in which a unit was up; one for five where they are old."""
    together: dict[float, list[float]] = defaultdict(list)
    for at, up in _minutes(version.usage, since, now):
        span = _MINUTE if at >= now - _BY_MINUTE else 5 * _MINUTE
        together[at // span * span].append(up)
    if not together:
        return
    of = {"ProjectName": project, "VersionName": version.name}
    for name in ("InServiceInferenceUnits", "DesiredInferenceUnits"):
        datapoints.extend(region, REKOGNITION, name, of, together.items(), "Count")
    for name, limit in (("MinInferenceUnits", version.min_units or 1), ("MaxInferenceUnits", version.max_units)):
        if limit:
            points = ((at, [float(limit)] * len(up)) for at, up in together.items())
            datapoints.extend(region, REKOGNITION, name, of, points, "Count")


def _minutes(usage: tuple[Usage, ...], since: float, now: float) -> list[tuple[float, float]]:
    """Each whole minute from `since` to `now` in which units were up, with how many there were on average."""
    first, last = int(since // _MINUTE), int(now // _MINUTE)
    units: dict[int, float] = defaultdict(float)
    for change, following in pairwise((*usage, Usage(now, 0))):
        start, end = max(change.at, first * _MINUTE), min(following.at, last * _MINUTE)
        for minute in range(int(start // _MINUTE), int(-(-end // _MINUTE))) if change.units and end > start else ():
            covered = min(end, (minute + 1) * _MINUTE) - max(start, minute * _MINUTE)
            units[minute] += change.units * covered / _MINUTE
    return [(minute * _MINUTE, up) for minute, up in sorted(units.items())]

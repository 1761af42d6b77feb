"""What invocations of functions leave: their lines in CloudWatch Logs, and the metrics that Lambda makes of them.

Kept in the journal in a form of their own, which takes no request to bring back. Source: Lambda developer guide, "Types
of metrics for Lambda functions"; moto's names: moto.logs.models.
"""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.logs.models import logs_backends

from customlabels.emulator.cloudwatch import datapoints
from customlabels.emulator.cloudwatch.embedded_metrics import embedded
from customlabels.emulator.server.store import Request

_METHOD = "LOG"
NAMESPACE = "AWS/Lambda"


@dataclass(frozen=True, slots=True)
class Logged:
    """An invocation that ended at `at` by the service's clock, at `real` by the machine's; `took` seconds."""

    region: str
    function: str
    stream: str
    at: float
    real: float
    took: float
    failed: bool
    lines: list[str]


def put(logged: Logged) -> None:
    """Adds it to moto's logs and metrics."""
    backend = logs_backends[DEFAULT_ACCOUNT_ID][logged.region]
    name, stamp = f"/aws/lambda/{logged.function}", int(logged.at * 1000)
    backend.ensure_log_group(name)
    group = backend.groups[name]
    if logged.stream not in group.streams:
        group.create_log_stream(logged.stream)
    group.put_log_events(logged.stream, [{"timestamp": stamp, "message": line or " "} for line in logged.lines])
    points: dict[str, list[dict[str, Any]]] = defaultdict(list)
    points[NAMESPACE] = _own(logged)
    for line in logged.lines:
        for namespace, point in embedded(line, logged.at, logged.real):
            points[namespace].append(point)
    for namespace, datapoints_of in points.items():
        datapoints.put(logged.region, namespace, datapoints_of)


def _own(logged: Logged) -> list[dict[str, Any]]:
    of, began = {"FunctionName": logged.function}, logged.at - logged.took
    return [
        datapoints.point("Invocations", of, began, 1.0, "Count"),
        datapoints.point("Errors", of, began, float(logged.failed), "Count"),
        datapoints.point("Duration", of, began, logged.took * 1000, "Milliseconds"),
    ]


def to_request(logged: Logged, seed: int) -> Request:
    """Its entry in the journal."""
    return Request(logged.at, seed, _METHOD, "", {}, json.dumps(asdict(logged)).encode())


def from_request(request: Request) -> Logged | None:
    """What an entry of the journal has of an invocation; None where it is a request."""
    return Logged(**json.loads(request.body)) if request.method == _METHOD else None

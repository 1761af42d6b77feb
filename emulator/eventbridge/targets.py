"""Where one of moto's services hands something to another, it is put among the deliveries.

moto would call targets while it answers, runs no function, and knows few kinds of target. Source of moto's names:
moto.events.models (Rule), moto.sns.models (Subscription), moto.s3.notifications, moto.sqs.models (Queue).
"""

import copy
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Rule
from moto.s3 import notifications
from moto.sns.models import Subscription
from moto.sqs.models import Queue

from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.server.chance import replaying

_LEFT_TO_MOTO = (":logs:", ":events:")
"""Targets that lie within moto: log groups, event buses, archives."""

_PLACEHOLDER = re.compile(r"<([\w.-]+)>")
_PART = re.compile(rf'"(?:[^"\\]|\\.)*"|{_PLACEHOLDER.pattern}')
"""A text in quotes, or a placeholder outside of one."""

_to_targets, _publish = Rule.send_to_targets, Subscription.publish


def install(put: Callable[[Due], None], clock: Callable[[], float]) -> None:
    """Makes moto hand over by `put`."""

    def hand(region: str, source: str, target: dict[str, Any], payload: str) -> None:
        if not replaying():
            put(Due(clock(), region, source, target, payload))

    def send_to_targets(self: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:
        # A rule by time has no pattern, and moto takes none for one that matches everything.
        if self.state != "ENABLED" or not self.event_pattern._pattern:
            return
        if not self.event_pattern.matches_event(original_event):
            return
        within = copy.copy(self)
        within.targets = [target for target in self.targets if any(kind in target["Arn"] for kind in _LEFT_TO_MOTO)]
        _to_targets(within, original_event, transform_input)
        for target in self.targets:
            if target not in within.targets:
                hand(self.region_name, self.arn, target, shaped_input(target, original_event))

    def publish(self: Any, message: str, message_id: str, subject: str | None = None, *rest: Any, **more: Any) -> None:
        attributes = more.get("message_attributes")
        if self.protocol in ("http", "https") and replaying():
            return
        if self.protocol != "lambda":
            _publish(self, message, message_id, subject, *rest, **more)
        elif self._filter_policy_matcher is None or self._filter_policy_matcher.matches(attributes, message):
            if more.get("message_structure") == "json":
                message = self._parse_message_structure(message, self.protocol)
            told = _notification(self, message, message_id, subject, attributes or {})
            hand(self.endpoint.split(":")[3], self.topic.arn, {"Arn": self.endpoint}, json.dumps(told))

    def notify(_: str, event: Any, arn: str, region: str) -> None:
        hand(region, "s3", {"Arn": arn}, json.dumps(event))

    Rule.send_to_targets = send_to_targets
    Subscription.publish = publish
    notifications._invoke_awslambda = notify
    # Event source mappings are polled from outside: see sources.py.
    Queue.lambda_event_source_mappings = property(lambda queue: {}, lambda queue, mappings: None)


def shaped_input(target: dict[str, Any], event: dict[str, Any]) -> str:
    """What a rule's target gets of an event. Source: EventBridge user guide, "Input transformation"."""
    shown = {name: value for name, value in event.items() if name not in ("ingestion-time", "replay-name")}
    if not isinstance(shown["time"], str):
        shown["time"] = datetime.fromtimestamp(float(shown["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(shown, target["InputPath"]))
    change = target.get("InputTransformer")
    return json.dumps(shown) if change is None else _filled(change, shown)


def _filled(change: dict[str, Any], event: dict[str, Any]) -> str:
    """A template with what its paths find in the event; text within quotes, JSON outside of them."""
    values = {name: _at(event, path) for name, path in change.get("InputPathsMap", {}).items()}
    values |= {"aws.events.event.json": event, "aws.events.event": event}

    def text(match: re.Match[str]) -> str:
        value = values.get(match[1])
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    def part(match: re.Match[str]) -> str:
        if match[0].startswith('"'):
            return _PLACEHOLDER.sub(text, match[0])
        return json.dumps(values.get(match[1]))

    return _PART.sub(part, change["InputTemplate"])


def _at(event: dict[str, Any], path: str) -> Any:
    """What lies at a path such as $.detail.version; None where nothing does."""
    found: Any = event
    for name in filter(None, path.removeprefix("$").split(".")):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _notification(
    subscription: Any, message: str, number: str, subject: str | None, attributes: dict[str, Any]
) -> dict[str, Any]:
    """Source: Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications"."""
    about = {"Type": "Notification", "MessageId": number, "TopicArn": subscription.topic.arn}
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription.arn,
                "Sns": {**about, "Subject": subject, "Message": message, "MessageAttributes": attributes},
            }
        ]
    }

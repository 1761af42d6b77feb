"""Where one of moto's services hands something to another, it is put among the deliveries.

moto would call targets while it answers, runs no function, and knows few kinds of target. Source of moto's names:
moto.events.models (Rule), moto.sns.models (Subscription), moto.s3.notifications, moto.sqs.models (Queue).
"""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Rule
from moto.events.utils import EventTemplateParser
from moto.s3 import notifications
from moto.sns.models import Subscription
from moto.sqs.models import Queue

from customlabels.emulator.aws.deliveries import Due
from customlabels.emulator.aws.surroundings import replaying

_LEFT_TO_MOTO = (":logs:", ":events:")
"""Targets that lie within moto: log groups, event buses, archives."""

_to_targets, _publish = Rule.send_to_targets, Subscription.publish


def install(put: Callable[[Due], None], clock: Callable[[], float]) -> None:
    """Makes moto hand over by `put`."""

    def hand(region: str, source: str, target: dict[str, Any], payload: Any) -> None:
        if not replaying():
            text = payload if isinstance(payload, str) else json.dumps(payload)
            put(Due(clock(), region, source, target, text))

    def send_to_targets(self: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:
        if not self.event_pattern.matches_event(original_event):
            return
        within = copy.copy(self)
        within.targets = [target for target in self.targets if any(kind in target["Arn"] for kind in _LEFT_TO_MOTO)]
        _to_targets(within, original_event, transform_input)
        for target in self.targets:
            if target not in within.targets:
                hand(self.region_name, self.arn, target, _input(target, original_event))

    def publish(self: Any, message: str, message_id: str, subject: str | None = None, *rest: Any, **more: Any) -> None:
        if self.protocol != "lambda":
            _publish(self, message, message_id, subject, *rest, **more)
        elif self._filter_policy_matcher is None or self._filter_policy_matcher.matches(
            more.get("message_attributes"), message
        ):
            region = self.endpoint.split(":")[3]
            hand(region, self.topic.arn, {"Arn": self.endpoint}, _notification(self, message, message_id, subject))

    def notify(_: str, event: Any, arn: str, region: str) -> None:
        hand(region, "s3", {"Arn": arn}, event)

    Rule.send_to_targets = send_to_targets
    Subscription.publish = publish
    notifications._invoke_awslambda = notify
    # Event source mappings are polled from outside: see sources.py.
    Queue.lambda_event_source_mappings = property(lambda queue: {}, lambda queue, mappings: None)


def _input(target: dict[str, Any], event: dict[str, Any]) -> Any:
    """What a rule's target gets of an event. Source: EventBridge user guide, "Input transformation"."""
    shown = {name: value for name, value in event.items() if name not in ("ingestion-time", "replay-name")}
    if not isinstance(shown["time"], str):
        shown["time"] = datetime.fromtimestamp(float(shown["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if "Input" in target:
        return target["Input"]
    if "InputPath" in target:
        found: Any = shown
        for name in target["InputPath"].removeprefix("$").strip(".").split("."):
            found = found.get(name) if name and isinstance(found, dict) else found
        return found
    change = target.get("InputTransformer")
    if change is None:
        return shown
    return EventTemplateParser.parse(
        input_template=change["InputTemplate"],
        input_paths_map=change.get("InputPathsMap", {}),
        event={**event, **shown},
    )


def _notification(subscription: Any, message: str, number: str, subject: str | None) -> dict[str, Any]:
    """Source: Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications"."""
    about = {"Type": "Notification", "MessageId": number, "TopicArn": subscription.topic.arn, "MessageAttributes": {}}
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription.arn,
                "Sns": {**about, "Subject": subject, "Message": message},
            }
        ]
    }

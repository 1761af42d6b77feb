"""Subscriptions of SNS: functions get what is published by a delivery.

Source of moto's names: moto.sns.models (Subscription).
"""

import json
from collections.abc import Callable
from typing import Any

from moto.sns.models import Subscription

from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.server.chance import replaying
from customlabels.emulator.server.seams import replace


def install(put: Callable[[Due], None], clock: Callable[[], float]) -> None:
    """Makes moto's topics hand over to functions by `put`."""
    deliver = Subscription.publish

    def publish(self: Any, message: str, message_id: str, subject: str | None = None, *rest: Any, **more: Any) -> None:
        attributes = more.get("message_attributes")
        if self.protocol in ("http", "https") and replaying():
            return
        if self.protocol != "lambda":
            deliver(self, message, message_id, subject, *rest, **more)
        elif self._filter_policy_matcher is None or self._filter_policy_matcher.matches(attributes, message):
            if more.get("message_structure") == "json":
                message = self._parse_message_structure(message, self.protocol)
            if not replaying():
                event = json.dumps(_notification(self, message, message_id, subject, attributes or {}))
                put(Due(clock(), self.endpoint.split(":")[3], self.topic.arn, {"Arn": self.endpoint}, event))

    replace("moto.sns.models:Subscription.publish", publish)


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

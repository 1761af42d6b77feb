"""Notifications of buckets: what follows from a change of an object is a delivery, kept with the change.

moto would send messages and call functions while it answers, where they would be lost with the process. Source of
moto's names: moto.s3.notifications, moto.s3.models; of the events: S3 user guide, "Event message structure" and "Using
EventBridge".
"""

import json
from collections.abc import Callable
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.notifications import _detail_type

from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.server.seams import replace

_REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "Delete": "DeleteObject",
    "DeleteMarkerCreated": "DeleteObject",
}


def install(put: Callable[[Due], None], clock: Callable[[], float]) -> None:
    """Makes moto's buckets hand over by `put`."""

    def to_function(_: str, event: Any, arn: str, region: str) -> None:
        put(Due(clock(), region, "s3", {"Arn": arn}, json.dumps(event)))

    def to_queue(account: str, event: Any, queue: str, region: str) -> None:
        put(Due(clock(), region, "s3", {"Arn": f"arn:aws:sqs:{region}:{account}:{queue}"}, json.dumps(event)))

    def to_topic(_: str, event: Any, topic: str, region: str) -> None:
        target = {"Arn": topic, "Subject": "Amazon S3 Notification"}
        put(Due(clock(), region, "s3", target, json.dumps(event)))

    def to_bus(_: str, bucket: Any, kind: str, key: Any) -> None:
        region = bucket.region_name
        described = {"Source": "aws.s3", "DetailType": _detail_type(kind), "Resources": [bucket.arn]}
        bus = f"arn:aws:events:{region}:{DEFAULT_ACCOUNT_ID}:event-bus/default"
        detail = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {
                "key": key.name,
                "size": key.size,
                "etag": key.etag.strip('"'),
                "version-id": key.version_id,
                "sequencer": f"{int(clock() * 1e6):016X}",
            },
            "request-id": "LOCAL00000000000",
            "requester": DEFAULT_ACCOUNT_ID,
            "source-ip-address": "127.0.0.1",
            "reason": _REASONS.get(str(getattr(kind, "value", kind)).rpartition(":")[2], "PutObject"),
        }
        put(Due(clock(), region, "s3", {"Arn": bus, "EventBridgeParameters": described}, json.dumps(detail)))

    replace("moto.s3.notifications:_invoke_awslambda", to_function)
    replace("moto.s3.notifications:_send_sqs_message", to_queue)
    replace("moto.s3.notifications:_send_sns_message", to_topic)
    replace("moto.s3.notifications:_send_event_bridge_message", to_bus)
    # No event of CloudTrail's is made up.
    replace("moto.s3.models:events_send_notification", lambda **_: None)

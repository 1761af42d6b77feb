"""Notifications of buckets: what follows from a change of an object is a delivery, kept with the change.

moto would send messages and call functions while it answers, where they would be lost with the process. Source of
moto's names: moto.s3.notifications, .models and .responses; of the events: S3 user guide, "Event message structure" and
"Using EventBridge"; of what is refused: "Configuring event notifications using object key name filtering".
"""

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import xmltodict
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.s3.exceptions import MalformedXML, S3ClientError
from moto.s3.models import FakeDeleteMarker, S3Backend
from moto.s3.notifications import S3NotificationEvent, _detail_type, send_event
from moto.s3.responses import S3Response

from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.s3 import destinations
from customlabels.emulator.server.seams import replace

_REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "Delete": "DeleteObject",
    "DeleteMarkerCreated": "DeleteObject",
}
_KINDS = ("TopicConfiguration", "QueueConfiguration", "CloudFunctionConfiguration")

_parse, _show, _put, _marker, _delete = (
    S3Response._notification_config_from_body,
    S3Response.get_bucket_notification,
    S3Backend.put_object,
    S3Backend._set_delete_marker,
    S3Backend.delete_object,
)


class _Sequence:
    """Sequencers: each greater than the one before, also after a restart."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> str:
        with self._lock:
            self._last = max(self._last + 1, int(self._clock() * 1e6))
            return f"{self._last:016X}"


def install(put: Callable[[Due], None], clock: Callable[[], float]) -> None:
    """Makes moto's buckets hand over by `put`."""
    sequence = _Sequence(clock)

    def event(kind: str, bucket: Any, key: Any, configuration: str) -> dict[str, list[dict[str, Any]]]:
        return {"Records": [_record(kind, bucket, key, configuration, sequence())]}

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
            "object": {"key": key.name, **_size(key), **_version(bucket, key, "version-id"), "sequencer": sequence()},
            "request-id": "LOCAL00000000000",
            "requester": DEFAULT_ACCOUNT_ID,
            "source-ip-address": "127.0.0.1",
            "reason": _REASONS.get(str(getattr(kind, "value", kind)).rpartition(":")[2], "PutObject"),
        }
        put(Due(clock(), region, "s3", {"Arn": bus, "EventBridgeParameters": described}, json.dumps(detail)))

    replace("moto.s3.notifications:_get_s3_event", event)
    replace("moto.s3.notifications:_invoke_awslambda", to_function)
    replace("moto.s3.notifications:_send_sqs_message", to_queue)
    replace("moto.s3.notifications:_send_sns_message", to_topic)
    replace("moto.s3.notifications:_send_event_bridge_message", to_bus)
    replace("moto.s3.models:S3Backend.put_object", _put_object)
    replace("moto.s3.models:S3Backend._set_delete_marker", _set_delete_marker)
    replace("moto.s3.models:S3Backend.delete_object", _delete_object)
    replace("moto.s3.responses:S3Response._notification_config_from_body", _configuration)
    replace("moto.s3.responses:S3Response.get_bucket_notification", _shown)
    # No event of CloudTrail's is made up.
    replace("moto.s3.models:events_send_notification", lambda **_: None)


def _record(kind: str, bucket: Any, key: Any, configuration: str, sequencer: str) -> dict[str, Any]:
    about = {"key": quote_plus(key.name, safe="/"), **_size(key, "eTag"), **_version(bucket, key, "versionId")}
    identity = {"principalId": f"AWS:{DEFAULT_ACCOUNT_ID}"}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": iso_8601_datetime_with_milliseconds(),
        "eventName": str(getattr(kind, "value", kind)).removeprefix("s3:"),
        "userIdentity": identity,
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "LOCAL00000000000", "x-amz-id-2": "LOCAL"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {"name": bucket.name, "ownerIdentity": identity, "arn": bucket.arn},
            "object": {**about, "sequencer": sequencer},
        },
    }


def _size(key: Any, etag: str = "etag") -> dict[str, Any]:
    """Bytes and ETag; nothing of a delete marker, which has neither."""
    return {} if isinstance(key, FakeDeleteMarker) else {"size": key.size, etag: key.etag.strip('"')}


def _version(bucket: Any, key: Any, member: str) -> dict[str, str]:
    return {member: str(key.version_id)} if bucket.is_versioned else {}


def _put_object(backend: Any, *given: Any, **named: Any) -> Any:
    """As moto has it, which tells of an upload in parts twice: as that, and as an object that was put."""
    return _put(backend, *given, **{**named, **({"disable_notification": True} if named.get("multipart") else {})})


def _set_delete_marker(backend: Any, bucket_name: str, key_name: str) -> Any:
    marker, bucket = _marker(backend, bucket_name, key_name), backend.get_bucket(bucket_name)
    send_event(backend.account_id, S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT, bucket, marker)
    return marker


def _delete_object(
    backend: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
) -> Any:
    """As moto has it, which is silent about a version that is deleted while others stay."""
    bucket = backend.get_bucket(bucket_name)
    versions = [
        key for key in bucket.keys.getlist(key_name, []) if version_id is not None and key.version_id == version_id
    ]
    answer = _delete(backend, bucket_name, key_name, version_id, bypass)
    if versions and bucket.is_versioned and key_name in bucket.keys:
        send_event(backend.account_id, S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT, bucket, versions[0])
    return answer


def _configuration(response: Any) -> dict[str, Any]:
    """The configuration that a request has, in moto's form; what S3 does not take is refused.

    Raises
    ------
    S3ClientError
    """
    given = xmltodict.parse(response.body).get("NotificationConfiguration") or {}
    for kind in _KINDS:
        for configuration in _listed(given.get(kind)):
            _normalise(configuration)
    response.body = xmltodict.unparse({"NotificationConfiguration": given}).encode()
    try:
        parsed: dict[str, Any] = _parse(response) if given else {}
    except (AssertionError, KeyError, TypeError) as error:
        raise MalformedXML from error
    bucket = response.backend.get_bucket(response.bucket_name)
    fault = destinations.fault(parsed, bucket.name, bucket.region_name)
    if fault:
        raise S3ClientError("InvalidArgument", fault)
    return parsed


def _normalise(configuration: dict[str, Any]) -> None:
    """Names of filters are Prefix or prefix, and an empty one filters nothing."""
    rules = _listed(((configuration.get("Filter") or {}).get("S3Key") or {}).get("FilterRule"))
    kept = [{"Name": rule["Name"].lower(), "Value": rule["Value"]} for rule in rules if rule.get("Value")]
    configuration.pop("Filter", None)
    if kept:
        configuration["Filter"] = {"S3Key": {"FilterRule": kept}}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _shown(response: Any) -> Any:
    """moto's answer, which passes over EventBridge, and writes names of filters as they were given."""
    held = response.backend.get_bucket_notification_configuration(response.bucket_name)
    answer = _show(response)
    if held is None or held.event_bridge is None:
        return answer
    status, headers, body = answer
    text, end = body.decode() if isinstance(body, bytes) else body, "</NotificationConfiguration>"
    return status, headers, text.replace(end, f"<EventBridgeConfiguration/>{end}")

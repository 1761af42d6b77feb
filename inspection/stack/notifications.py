"""The bucket's notification of arrivals: put beside what others have set there, and taken out again.

A bucket has one notification configuration, which is written as a whole; so it is read first, and all of others goes
back as it was. Source: S3 user guide, "Configuring event notifications with object key name filtering": filters for one
type of event may not overlap.
"""

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.inspection.inspection_settings import overlaps

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TRIES, _PAUSE = 7, 5.0
"""How often, and after how many seconds, a queue is named again that S3 may not send to yet."""

_KINDS = ("QueueConfigurations", "TopicConfigurations", "LambdaFunctionConfigurations")
_EVENTS = "s3:ObjectCreated:*"
_KEPT = (*_KINDS, "EventBridgeConfiguration")


def configuration(name: str, queue_arn: str, prefix: str) -> dict[str, Any]:
    """The notification of arrivals below a prefix, under that name."""
    rules = [{"Name": "prefix", "Value": prefix}]
    return {
        "Id": name,
        "QueueArn": queue_arn,
        "Events": [_EVENTS],
        **({"Filter": {"Key": {"FilterRules": rules}}} if prefix else {}),
    }


def check(s3: "S3Client", bucket: str, name: str, prefix: str) -> None:
    """Sees that nobody else is told of arrivals below the prefix, which S3 would refuse.

    Raises
    ------
    ServiceError : somebody is, or the bucket may not be asked
    """
    held = _read(s3, bucket)
    for kind, other in _others(held, name):
        theirs = _filter(other).get("prefix", "")
        if any(event.startswith("s3:ObjectCreated") for event in other["Events"]) and overlaps(theirs, prefix):
            what = kind.removesuffix("Configurations")
            target = other.get("QueueArn") or other.get("TopicArn") or other.get("LambdaFunctionArn")
            raise ServiceError(
                f"bucket {bucket} tells {what.lower()} {target} of what arrives below {theirs or 'its root'!r} already "
                f"({other.get('Id', 'without a name')}), and S3 tells one of each key only",
                hint="watch another prefix; or have that one told by EventBridge, which may be told of everything",
            )


def put(s3: "S3Client", bucket: str, name: str, queue_arn: str, prefix: str) -> bool:
    """Has the bucket tell the queue of arrivals below the prefix; whether it did not before.

    Raises
    ------
    ServiceError : it may not be set
    """
    held, own = _read(s3, bucket), configuration(name, queue_arn, prefix)
    if own in [_plain(queue) for queue in held.get("QueueConfigurations", [])]:
        return False
    wanted = _without(held, name)
    wanted["QueueConfigurations"] = [*wanted.get("QueueConfigurations", []), own]
    for tries_left in reversed(range(_TRIES)):
        try:
            _write(s3, bucket, wanted)
            break
        except ServiceError as error:
            # S3 tries to send, and a queue's new policy takes a while to hold.
            if error.code != "InvalidArgument" or not tries_left:
                raise
            time.sleep(_PAUSE)
    return True


def take_out(s3: "S3Client", bucket: str, name: str) -> bool:
    """Has the bucket tell the queue no more; whether it did before.

    Raises
    ------
    ServiceError : it may not be set
    """
    try:
        held = _read(s3, bucket)
    except ServiceError as error:
        if error.code == "NoSuchBucket":
            return False
        raise
    if not any(other.get("Id") == name for kind in _KINDS for other in held.get(kind, [])):
        return False
    _write(s3, bucket, _without(held, name))
    return True


def is_set(s3: "S3Client", bucket: str, name: str) -> bool:
    """Whether the bucket tells of arrivals under that name."""
    return any(other.get("Id") == name for kind in _KINDS for other in _read(s3, bucket).get(kind, []))


def _write(s3: "S3Client", bucket: str, wanted: Any) -> None:
    with explained(f"setting the notification of bucket {bucket}"):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)


def _read(s3: "S3Client", bucket: str) -> dict[str, Any]:
    with explained(f"reading the notification of bucket {bucket}"):
        answer: Mapping[str, Any] = s3.get_bucket_notification_configuration(Bucket=bucket)
    return {kind: answer[kind] for kind in _KEPT if kind in answer}


def _without(held: Mapping[str, Any], name: str) -> dict[str, Any]:
    kept = {kind: [other for other in held[kind] if other.get("Id") != name] for kind in _KINDS if kind in held}
    about = {"EventBridgeConfiguration": held["EventBridgeConfiguration"]} if "EventBridgeConfiguration" in held else {}
    return {**{kind: others for kind, others in kept.items() if others}, **about}


def _others(held: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for kind in _KINDS:
        for other in held.get(kind, []):
            if other.get("Id") != name:
                yield kind, other


def _filter(other: Mapping[str, Any]) -> dict[str, str]:
    rules = other.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return {rule["Name"].lower(): rule["Value"] for rule in rules}


def _plain(queue: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as it is written, whatever S3 makes of its letters."""
    return configuration(queue.get("Id", ""), queue["QueueArn"], _filter(queue).get("prefix", "")) | {
        "Events": list(queue["Events"])
    }

"""What is done with the object of a defective image, and who is told of every image; repeated, it comes to the same.

Source: S3 API reference, CopyObject (x-amz-copy-source-if-match), PutObjectTagging (it replaces all tags; ten at
most, whose values are letters, digits, blanks and + - = . _ : / @); user guide, "Naming Amazon S3 objects";
EventBridge API reference, PutEvents.
"""

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from customlabels.core.addresses import S3Address
from customlabels.inspection.claims import Key
from customlabels.inspection.documents import Inspection
from customlabels.inspection.records import Arrival, Sighting, quoted
from customlabels.inspection.rules import Verdict

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client

SOURCE, DETAIL_TYPE = "customlabels", "Image Inspected"

GONE = frozenset({"NoSuchKey", "404", "PreconditionFailed", "412", "MethodNotAllowed"})
"""Codes of an object that is not there any more, or is another one by now."""

_TAG = "customlabels:"
_MOST_TAGS, _LONGEST_TAG, _LONGEST_KEY = 10, 256, 1024
_NO_TAG = re.compile(r"[^\w +\-=.:/@]")
_MOVED_ON = "left alone: the object was deleted or replaced meanwhile"


def act(s3: "S3Client", inspection: Inspection, arrival: Arrival, verdict: Verdict, labels: tuple[str, ...]) -> str:
    """Does with the object what the settings say of defective images; what was done, in words, empty where nothing.

    Raises
    ------
    botocore.exceptions.ClientError : it may not be done
    """
    if verdict is not Verdict.DEFECT:
        return ""
    goes_to = inspection.goes_to and target(inspection, inspection.goes_to, arrival.address)
    try:
        if inspection.on_defect == "tag":
            return _tag(s3, arrival, {"verdict": verdict.value, "labels": " ".join(labels)})
        if goes_to is not None and inspection.on_defect in ("copy", "move"):
            return _copy(s3, arrival, goes_to, moves=inspection.on_defect == "move")
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        return _MOVED_ON
    return ""


def target(inspection: Inspection, goes_to: S3Address, address: S3Address) -> S3Address:
    """Where a defective image is copied or moved to: below the same folders as it arrived in."""
    relative = address.key.removeprefix(inspection.prefix).lstrip("/")
    folder = goes_to.key.rstrip("/")
    return S3Address(goes_to.bucket, f"{folder}/{relative}" if folder else relative)


def tell(
    events: "EventBridgeClient", project: str, inspection: Inspection, key: Key, arrival: Arrival, sighting: Sighting
) -> None:
    """Sends the event of a sighting; its `id` is the same whenever it is sent.

    Raises
    ------
    RuntimeError : EventBridge did not take it
    """
    top = sighting.top
    detail: dict[str, Any] = {
        "id": hashlib.sha256(f"{key.pk} {key.sk}".encode()).hexdigest()[:32],
        "project": project,
        "version": sighting.version,
        "bucket": arrival.address.bucket,
        "key": arrival.address.key,
        "etag": arrival.etag,
        "size": arrival.size,
        "arrived": arrival.at.isoformat(),
        "verdict": sighting.judgement.verdict.value,
        "labels": list(sighting.judgement.labels),
        "why": sighting.judgement.why,
        "top": {"label": top.label, "confidence": top.confidence} if top else None,
        "did": sighting.did,
    }
    if sighting.beside:
        detail["beside"] = {name: list(seen) for name, seen in sighting.beside.items()}
    entry: Any = {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "EventBusName": inspection.bus,
        "Resources": [f"arn:aws:s3:::{arrival.address.bucket}/{arrival.address.key}"[:2048]],
        "Detail": json.dumps(detail, ensure_ascii=False),
    }
    answer = events.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        refused = answer["Entries"][0]
        raise RuntimeError(f"the event was not taken: {refused.get('ErrorCode')}: {refused.get('ErrorMessage')}")


def _tag(s3: "S3Client", arrival: Arrival, wanted: dict[str, str]) -> str:
    """Adds tags to those that the object has."""
    bucket, key = arrival.address.bucket, arrival.address.key
    stored = s3.head_object(Bucket=bucket, Key=key, IfMatch=quoted(arrival.etag))
    version: Any = {"VersionId": stored["VersionId"]} if stored.get("VersionId", "null") != "null" else {}
    before = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key=key, **version)["TagSet"]}
    after = before | {f"{_TAG}{name}": _NO_TAG.sub("_", value)[:_LONGEST_TAG] for name, value in wanted.items()}
    if len(after) > _MOST_TAGS:
        return f"not tagged: the object has {len(before)} tags of others, and S3 takes {_MOST_TAGS}"
    if after != before:
        tags: Any = {"TagSet": [{"Key": name, "Value": value} for name, value in after.items()]}
        s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=tags, **version)
    return "tagged"


def _copy(s3: "S3Client", arrival: Arrival, goes_to: S3Address, *, moves: bool) -> str:
    """Copies the object, and deletes it where it is moved."""
    if len(goes_to.key.encode()) > _LONGEST_KEY:
        return f"left alone: its key in {goes_to.bucket} would have more than the {_LONGEST_KEY} bytes that S3 takes"
    about: Any = {"Bucket": arrival.address.bucket, "Key": arrival.address.key}
    try:
        s3.copy_object(Bucket=goes_to.bucket, Key=goes_to.key, CopySource=about, CopySourceIfMatch=quoted(arrival.etag))
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in GONE or not moves or not _is_there(s3, goes_to, arrival.size):
            raise
        # It was moved before, by somebody who did not come to say so.
        return f"moved to {goes_to}"
    if not moves:
        return f"copied to {goes_to}"
    s3.head_object(**about, IfMatch=quoted(arrival.etag))
    s3.delete_object(**about)
    return f"moved to {goes_to}"


def _is_there(s3: "S3Client", address: S3Address, size: int) -> bool:
    try:
        return s3.head_object(Bucket=address.bucket, Key=address.key)["ContentLength"] == size
    except s3.exceptions.ClientError:
        return False

"""Objects as the model is shown them: the very bytes that arrived, and no others.

Source: S3 API reference, GetObject, If-Match; Custom Labels developer guide, limits.md.
"""

import hashlib
from typing import TYPE_CHECKING, Any

from customlabels.inspection.functions.acting import GONE
from customlabels.inspection.records import Arrival, quoted
from customlabels.pipelines.service.limits import MAX_BYTES, MAX_STORED_BYTES

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client


_PART = 1 << 18


class Gone(Exception):
    """The object that arrived is not there any more, or is another one."""


class TooLarge(Exception):
    """The object is larger than any image that is looked at."""


def shown(s3: "S3Client", arrival: Arrival) -> dict[str, Any]:
    """The image as the operation takes it: its bytes, or its address where it is too long to be sent.

    Of what is shown by its address, `is_same` has to be asked again afterwards.

    Raises
    ------
    Gone : there is nothing to be shown
    """
    if arrival.size <= MAX_BYTES:
        return {"Bytes": _stream(s3, arrival).read()}
    if not is_same(s3, arrival):
        raise Gone
    return {"S3Object": {"Bucket": arrival.address.bucket, "Name": arrival.address.key}}


def digest(s3: "S3Client", arrival: Arrival) -> str:
    """SHA-256 of the bytes that arrived, in hexadecimal; they are never held as a whole.

    Raises
    ------
    Gone : they are not there any more
    TooLarge
    """
    if arrival.size > MAX_STORED_BYTES:
        raise TooLarge
    found = hashlib.sha256()
    for part in _stream(s3, arrival).iter_chunks(_PART):
        found.update(part)
    return found.hexdigest()


def _stream(s3: "S3Client", arrival: Arrival) -> "StreamingBody":
    about: Any = {"Bucket": arrival.address.bucket, "Key": arrival.address.key}
    try:
        return s3.get_object(**about, IfMatch=quoted(arrival.etag))["Body"]
    except s3.exceptions.ClientError as error:
        raise Gone if error.response["Error"]["Code"] in GONE else error from error


def is_same(s3: "S3Client", arrival: Arrival) -> bool:
    """Whether the object is still the one that arrived."""
    about: Any = {"Bucket": arrival.address.bucket, "Key": arrival.address.key}
    try:
        s3.head_object(**about, IfMatch=quoted(arrival.etag))
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        return False
    return True

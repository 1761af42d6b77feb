"""Objects as the model is shown them: the very bytes that arrived, and no others.

Source: S3 API reference, GetObject, If-Match; Custom Labels developer guide, limits.md.
"""

from typing import TYPE_CHECKING, Any

from customlabels.inspection.functions.acting import GONE
from customlabels.inspection.records import Arrival, quoted
from customlabels.pipelines.service.limits import MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Gone(Exception):
    """The object that arrived is not there any more, or is another one."""


def shown(s3: "S3Client", arrival: Arrival) -> dict[str, Any]:
    """The image as the operation takes it: its bytes, or its address where it is too long to be sent.

    Of what is shown by its address, `is_same` has to be asked again afterwards.

    Raises
    ------
    Gone : there is nothing to be shown
    """
    if arrival.size <= MAX_BYTES:
        return {"Bytes": body(s3, arrival)}
    if not is_same(s3, arrival):
        raise Gone
    return {"S3Object": {"Bucket": arrival.address.bucket, "Name": arrival.address.key}}


def body(s3: "S3Client", arrival: Arrival) -> bytes:
    """The bytes that arrived.

    Raises
    ------
    Gone : they are not there any more
    """
    about: Any = {"Bucket": arrival.address.bucket, "Key": arrival.address.key}
    try:
        return s3.get_object(**about, IfMatch=quoted(arrival.etag))["Body"].read()
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

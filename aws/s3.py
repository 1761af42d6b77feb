"""S3, one way for every room: objects put, listed and looked at, with the key of the settings; `s3_reading` gets them.

Whatever is put is encrypted by the project's KMS key where there is one; where there is none, nothing is said of
encryption, so that the bucket's own default counts. What S3 refuses is a sentence with the object's address.
Source: S3 API reference, PutObject, `x-amz-server-side-encryption`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from customlabels.aws.refusals import explained
from customlabels.aws.s3_reading import GONE
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE", "ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"})
"""Classes, and tiers of INTELLIGENT_TIERING, that are read only once an object is restored; GLACIER_IR is none.

Source: S3 user guide, "Working with archived objects"; "ARCHIVE" is what an inventory calls ARCHIVE_ACCESS.
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as S3 tells of it without its bytes; `size` in bytes.

    Metadata and encryption are known of an object that was looked at, not of one that was listed.
    """

    address: S3Address
    etag: str
    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    by_kms: bool = False
    """Whether a KMS key encrypts it."""
    archived: str = ""
    """The class or tier in which it cannot be read; empty where it can be, as far as S3 tells."""


def head(s3: "S3Client", address: S3Address) -> Stored | None:
    """What S3 tells of the object; None where it is not there."""
    try:
        with explained(f"looking at {address}"):
            answer = s3.head_object(Bucket=address.bucket, Key=address.key)
    except ServiceError as error:
        if error.code in GONE:
            return None
        raise
    by_kms = str(answer.get("ServerSideEncryption", "")).startswith("aws:kms")
    etag, size = answer["ETag"].strip('"'), answer["ContentLength"]
    return Stored(address, etag, size, answer["Metadata"], by_kms, archived(answer))


def archived(about: Mapping[str, Any]) -> str:
    """The class or tier in which an object cannot be read until it is restored; empty where it can be.

    Parameters
    ----------
    about : as ListObjectsV2, HeadObject or GetObject have it; a listing does not tell tiers of INTELLIGENT_TIERING
    """
    tier = str(about.get("ArchiveStatus") or about.get("StorageClass") or "")
    is_restored = about.get("RestoreStatus", {}).get("RestoreExpiryDate") or "expiry-date" in about.get("Restore", "")
    return tier if tier in _ARCHIVES and not is_restored else ""


def archived_in(tier: str) -> str:
    """What is said of an object in such a class or tier."""
    return f"archived in {tier}, to be restored before it can be read"


def listed(s3: "S3Client", bucket: str, prefix: str) -> Iterator[Stored]:
    """The objects whose keys begin with `prefix`, in order of the keys, page by page."""
    with explained(f"listing s3://{bucket}/{prefix}"):
        for item in listed_items(s3, bucket, prefix):
            yield as_stored(bucket, item)


def as_stored(bucket: str, item: "ObjectTypeDef") -> Stored:
    """An object of a listing."""
    return Stored(S3Address(bucket, item["Key"]), item["ETag"].strip('"'), item["Size"], archived=archived(item))


def listed_items(s3: "S3Client", bucket: str, prefix: str, after: str = "") -> "Iterator[ObjectTypeDef]":
    """As `listed`, with all that S3 tells of each, a copy restored from an archive included.

    Parameters
    ----------
    after : a key that those follow
    """
    with explained(f"listing s3://{bucket}/{prefix}"):
        more: Any = {"StartAfter": after} if after else {}
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, OptionalObjectAttributes=["RestoreStatus"], **more
        )
        for page in pages:
            yield from page.get("Contents", ())
            if page.get("IsTruncated") and "NextContinuationToken" not in page:
                raise KeyError("NextContinuationToken")


def put(
    s3: "S3Client",
    address: S3Address,
    body: bytes,
    *,
    kms_key: str | None,
    content_type: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes the object.

    Parameters
    ----------
    kms_key : of the settings; None leaves encryption to the bucket

    Raises
    ------
    ServiceError : it may not be written
    """
    with explained(f"writing {address}"):
        s3.put_object(Bucket=address.bucket, Key=address.key, Body=body, **_about(kms_key, content_type, metadata))


def put_file(
    s3: "S3Client",
    address: S3Address,
    file: IO[bytes],
    *,
    kms_key: str | None,
    content_type: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes a file's bytes from where it stands, in parts where it is large.

    Raises
    ------
    ServiceError : it may not be written
    """
    from boto3.exceptions import S3UploadFailedError

    try:
        with explained(f"writing {address}"):
            s3.upload_fileobj(file, address.bucket, address.key, ExtraArgs=_about(kms_key, content_type, metadata))
    except S3UploadFailedError as error:
        raise ServiceError(f"writing {address}: {error}", hint="run the same command again") from error


def is_kept(s3: "S3Client", address: S3Address, size: int, kms_key: str | None) -> bool:
    """Whether an object whose key is made of its content is there whole, and encrypted as the settings have it."""
    stored = head(s3, address)
    return stored is not None and stored.size == size and (stored.by_kms or kms_key is None)


def put_new(s3: "S3Client", address: S3Address, body: bytes, *, kms_key: str | None) -> bool:
    """Writes an object whose key is made of its content, unless it is there; whether it was not."""
    if is_kept(s3, address, len(body), kms_key):
        return False
    put(s3, address, body, kms_key=kms_key)
    return True


def delete_below(s3: "S3Client", bucket: str, prefix: str) -> int:
    """Deletes the objects whose keys begin with `prefix`; how many."""
    count = 0
    for stored in listed(s3, bucket, prefix):
        with explained(f"deleting {stored.address}"):
            s3.delete_object(Bucket=bucket, Key=stored.address.key)
        count += 1
    return count


def _about(kms_key: str | None, content_type: str | None, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    about: dict[str, Any] = {}
    if content_type:
        about["ContentType"] = content_type
    if metadata:
        about["Metadata"] = dict(metadata)
    if kms_key:
        about |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}
    return about

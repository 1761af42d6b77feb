"""S3, one way for every room: objects got, put, listed and looked at, with the key of the settings.

Whatever is put is encrypted by the project's KMS key where there is one; where there is none, nothing is said of
encryption, so that the bucket's own default counts. What S3 refuses is a sentence with the object's address.
Source: S3 API reference, PutObject, `x-amz-server-side-encryption`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from customlabels.aws.refusals import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

GONE = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
"""Codes of an object that is not there."""

_TRIES = 3
"""How often an object is asked for whose bytes break off on their way, which botocore does not try again."""

_CHUNK = 1 << 20

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


def get(s3: "S3Client", address: S3Address) -> bytes:
    """The object's bytes.

    Raises
    ------
    ServiceError : it is not there (its code is in GONE), or may not be read
    """
    return _got(s3, address).body


def get_whole(s3: "S3Client", address: S3Address) -> "Beginning":
    """As `get`, with what S3 knows the bytes by."""
    return _got(s3, address)


def get_if_there(s3: "S3Client", address: S3Address) -> bytes | None:
    """The object's bytes; None where it is not there.

    Raises
    ------
    ServiceError : it may not be read
    """
    try:
        return get(s3, address)
    except ServiceError as error:
        if error.code in GONE:
            return None
        raise


class Beginning(NamedTuple):
    """The first bytes of an object, how many it has in all, and its ETag."""

    body: bytes
    size: int
    etag: str


def beginning(s3: "S3Client", address: S3Address, most: int) -> Beginning:
    """The object's first bytes, at most so many.

    Raises
    ------
    ServiceError : as get; its code is InvalidRange where the object is empty
    """
    return _got(s3, address, Range=f"bytes=0-{most - 1}")


def part(s3: "S3Client", stored: Stored, begin: int, most: int) -> bytes:
    """At most so many of the object's bytes from `begin` on, of the object as it was when it was looked at.

    Raises
    ------
    ServiceError : as get; its code is PreconditionFailed where it was written anew
    """
    span = f"bytes={begin}-{begin + most - 1}"
    return _got(s3, stored.address, Range=span, IfMatch=f'"{stored.etag}"').body


def lines(s3: "S3Client", address: S3Address) -> Iterator[bytes] | None:
    """The object's lines, read as they are asked for; None where it is not there.

    Raises
    ------
    ServiceError : it may not be read, or its bytes break off
    """
    try:
        with explained(f"reading {address}"):
            body = s3.get_object(Bucket=address.bucket, Key=address.key)["Body"]
    except ServiceError as error:
        if error.code in GONE:
            return None
        raise

    def read() -> Iterator[bytes]:
        with explained(f"reading {address}"):
            yield from body.iter_lines(chunk_size=_CHUNK)

    return read()


def download(s3: "S3Client", address: S3Address, path: Path) -> None:
    """Writes the object to a file, in parts where it is large.

    Raises
    ------
    ServiceError : as get
    """
    with explained(f"reading {address}"):
        s3.download_file(address.bucket, address.key, str(path))


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


def _got(s3: "S3Client", address: S3Address, **more: Any) -> Beginning:
    """The bytes that were asked for, all where nothing else is said."""
    tries = 0
    while True:
        tries += 1
        with explained(f"reading {address}"):
            answer = s3.get_object(Bucket=address.bucket, Key=address.key, **more)
        try:
            with explained(f"reading {address}"):
                body = answer["Body"].read()
        except ServiceError:
            if tries == _TRIES:
                raise
        else:
            size = int(answer.get("ContentRange", f"/{len(body)}").rpartition("/")[2])
            return Beginning(body, size, answer["ETag"].strip('"'))


def _about(kms_key: str | None, content_type: str | None, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    about: dict[str, Any] = {}
    if content_type:
        about["ContentType"] = content_type
    if metadata:
        about["Metadata"] = dict(metadata)
    if kms_key:
        about |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}
    return about

"""The bytes of objects in S3, whole, in part or line by line; what S3 refuses is a sentence with the address."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from customlabels.aws.refusals import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from customlabels.aws.s3 import Stored

GONE = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
"""Codes of an object that is not there."""

_TRIES = 3
"""How often an object is asked for whose bytes break off on their way, which botocore does not try again."""

_CHUNK = 1 << 20


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


def part(s3: "S3Client", stored: "Stored", begin: int, most: int) -> bytes:
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

"""Addresses in S3, the one type for them."""

import re
from dataclasses import dataclass

_URI = re.compile(r"s3://([0-9A-Za-z.\-_]{3,255})/(.{1,1024})", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class S3Address:
    """A bucket and a key; printed as s3://bucket/key, the key as it is, not percent-encoded."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def parse_address(text: str) -> S3Address:
    """The address that `text` names.

    Raises
    ------
    ValueError : `text` is not of the form s3://bucket/key

    Source: botocore's model of Rekognition, shapes S3Bucket and S3ObjectName.
    """
    match = _URI.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not of the form s3://bucket/key")
    return S3Address(match[1], match[2])


def bucket_and_key(text: str) -> tuple[str, str]:
    """The bucket of s3://bucket/…, and what follows it; of a folder or a bucket as well, and nothing is checked."""
    bucket, _, key = text.removeprefix("s3://").partition("/")
    return bucket, key


def is_address(text: str) -> bool:
    """Whether `text` is of the form s3://bucket/key."""
    return _URI.fullmatch(text) is not None


def join_key(*parts: str) -> str:
    """One key from its parts, without doubled, leading or trailing slashes."""
    return "/".join(part.strip("/") for part in parts if part.strip("/"))

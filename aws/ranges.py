"""An object in S3 as a file that is read in ranges: a video of ten gigabytes is looked into without being fetched."""

import io
from typing import TYPE_CHECKING

from customlabels.aws.s3 import Stored
from customlabels.aws.s3_reading import part

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RANGE = 4 << 20
"""Bytes that are asked for at once: a request costs as much as a megabyte takes to come, and $0.0004 per 1,000."""


class RangedObject(io.RawIOBase):
    """An object as it was when it was looked at; one that is written anew meanwhile is refused by S3.

    Raises
    ------
    ServiceError : from `read`, where a range cannot be had
    """

    def __init__(self, s3: "S3Client", stored: Stored) -> None:
        self._s3 = s3
        self._stored = stored
        self._at = 0
        self._begin = 0
        self._held = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._stored.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: "memoryview", /) -> int:  # type: ignore[override] # what io gives is one
        wanted = min(len(buffer), self._stored.size - self._at)
        if wanted <= 0:
            return 0
        if not self._begin <= self._at < self._begin + len(self._held):
            self._begin, self._held = self._at, part(self._s3, self._stored, self._at, RANGE)
        start = self._at - self._begin
        held = self._held[start : start + wanted]
        buffer[: len(held)] = held
        self._at += len(held)
        return len(held)

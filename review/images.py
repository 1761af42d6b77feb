"""Images by their content, wherever they lie, and their bytes."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws import s3_reading
from customlabels.core.addresses import parse_address
from customlabels.core.errors import LayoutError
from customlabels.datasets.contents import examine_all, hash_all
from customlabels.datasets.model import ImageRecord
from customlabels.inspection.records import by_sha256
from customlabels.review.answers import Region

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_DISTANCE = 16
"""Bits, of 256, that the hashes of two images differ in at most of which one is asked about.

Far fewer than of images that a split keeps together: a small defect makes no more difference than that.
"""


def image_key(etag: str, size: int) -> str:
    """What an image is known by: its ETag, which is the MD5 of a file's bytes, and its size.

    A file and its plain upload are the same image; encrypted by KMS, or uploaded in parts, it is another.
    Source: S3 API reference, "Common response headers", ETag.
    """
    return f"i#{etag.strip(chr(34))}:{size}"


def keys_of(paths: Sequence[Path], step: Callable[[int], None] | None = None) -> list[str]:
    """The keys of files.

    Raises
    ------
    LayoutError : one cannot be read
    """
    try:
        hashes = list(hash_all(paths, step))
        return [image_key(hashed.md5, path.stat().st_size) for hashed, path in zip(hashes, paths, strict=True)]
    except OSError as error:
        raise LayoutError(f"{error.filename}: cannot be read ({error.strerror})") from error


def read_image(source: str, s3: "Callable[[], S3Client]", image: str = "") -> bytes:
    """The bytes of an image at a path, or at an address in S3.

    Parameters
    ----------
    image : what it is known by; whatever else lies there by now is not given. Empty: whatever lies there is

    Raises
    ------
    LayoutError : it is not there any more
    ServiceError : S3 does not give it
    """
    if source.startswith("s3://"):
        stored = s3_reading.get_whole(s3(), parse_address(source))
        body, etag = stored.body, stored.etag
    else:
        try:
            body, etag = Path(source).read_bytes(), ""
        except OSError as error:
            raise LayoutError(f"{source}: cannot be read ({error.strerror})") from error
    if image and image not in _keys(body, etag):
        raise LayoutError(
            f"{source}: is another image than the one that was asked about",
            hint="customlabels review pick, once more, asks about what lies there now",
        )
    return body


def _keys(body: bytes, etag: str) -> set[str]:
    """All that an image may be known by, with the ETag that S3 has for it."""
    md5, size = hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body)
    return {image_key(etag or md5, size), image_key(md5, size), by_sha256(hashlib.sha256(body).hexdigest(), size)}


def regions_of(record: ImageRecord) -> tuple[Region, ...] | None:
    """The image's boxes in fractions of its sides; None where nobody looked for objects."""
    if record.boxes is None:
        return None
    width, height = record.info.width, record.info.height
    return tuple(
        Region(box.label, box.left / width, box.top / height, box.width / width, box.height / height)
        for box in record.boxes
    )


def records_of(paths: Iterable[Path]) -> list[ImageRecord]:
    """The files as images without labels, to be compared; those that the service would not take are left out."""
    several = list(paths)
    return [
        ImageRecord(str(path), path, (), contents[0], hashes=contents[1])
        for path, contents in zip(several, examine_all(several, lambda size: None), strict=True)
        if not isinstance(contents, str)
    ]

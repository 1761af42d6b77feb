"""Images of a manifest looked at, where they lie in a local folder or in S3."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from customlabels.aws.bucket import bucket_region
from customlabels.aws.s3_reading import beginning
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ManifestError, ServiceError
from customlabels.datasets.files import Finder
from customlabels.datasets.headers import CutOff, parse
from customlabels.datasets.limits import MAX_BYTES
from customlabels.datasets.model import ImageInfo
from customlabels.datasets.probe import probe, service_fault
from customlabels.manifests.entries import Entry
from customlabels.manifests.faults import BOX, LINE, Cause, Fault, pointer
from customlabels.manifests.lines import BOXES
from customlabels.manifests.rewriting import attributes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Look = Callable[[S3Address], ImageInfo]
"""What there is to know of an image; ValueError where it is not there, or not such that the service takes it."""

OTHER_SIZE = "the image has another size than its line says"
_NOT_THERE = {
    "NoSuchKey": "no such image",
    "NoSuchBucket": "no such bucket",
    "404": "no such image",
    "InvalidRange": "an empty file",
    "416": "an empty file",
    "InvalidObjectState": "archived, and not restored",
}
"""Codes that are about one object, not about the way to all of them."""

_RANGES = (1 << 16, 1 << 20, MAX_BYTES)
"""Bytes of an object that are asked for, one after the other, until its header is whole."""

_THREADS = 32
_BATCH = 1024


def local_images(folder: Path) -> Look:
    """Looks at images below `folder`, each at the longest end of its key that is there."""
    finder = Finder(folder)
    return lambda image: probe(finder.find(str(image)))


def s3_images(s3: "S3Client", region: str) -> Look:
    """Looks at the headers of the objects themselves; their pixels are not fetched.

    Parameters
    ----------
    region : that the service is called in, which reads no bucket of another

    Raises, when it looks
    ------
    ManifestError : the bucket lies in another region, so that no line can be used
    """

    @cache
    def check(bucket: str) -> None:
        other = bucket_region(s3, bucket)
        if other is not None and other != region:
            raise ManifestError(
                f"the images' bucket {bucket} is in {other}, the service is called in {region}: it reads none of them",
                hint=f"use --region {other}, or copy the images to a bucket in {region}",
            )

    def look(image: S3Address) -> ImageInfo:
        check(image.bucket)
        try:
            info, _ = sighted(s3, image)
        except ServiceError as error:
            raise ValueError(error.message) from error
        fault = service_fault(info)
        if fault:
            raise ValueError(fault)
        return info

    return look


def sighted(s3: "S3Client", image: S3Address) -> tuple[ImageInfo, str]:
    """The header of an image in S3, and its ETag; as much of it is fetched as its header is long.

    Raises
    ------
    ValueError : it is not there, or no image
    ServiceError : S3 cannot be reached, or does not let it be read
    """
    for most in _RANGES:
        body, size, etag = _first_bytes(s3, image, most)
        try:
            return parse(body, size), etag
        except CutOff:
            continue
    raise ValueError("its header is endless")


def object_bytes(s3: "S3Client", address: S3Address, most: int) -> bytes:
    """The bytes of an object that has at most `most`.

    Raises
    ------
    ValueError : it has more, is not there, or S3 does not give it
    """
    try:
        body, size, _ = _first_bytes(s3, address, most)
    except ServiceError as error:
        raise ValueError(error.message) from error
    if size > most:
        raise ValueError(f"{size / 1e6:.0f} MB; at most {most / 1e6:.0f} MB are read")
    return body


def _first_bytes(s3: "S3Client", address: S3Address, most: int) -> tuple[bytes, int, str]:
    """The first bytes of an object, how many it has, and its ETag."""
    try:
        return beginning(s3, address, most)
    except ServiceError as error:
        if error.code in _NOT_THERE:
            raise ValueError(f"{address}: {_NOT_THERE[error.code]}") from error
        raise


def looked_at(entries: Iterable[Entry], look: Look | None) -> Iterator[tuple[Entry, Fault | None, Cause | None]]:
    """Each entry with what is wrong with its image, and the size that its boxes are for where that is another."""
    if look is None:
        for entry in entries:
            yield entry, None, None
        return

    def see(entry: Entry) -> tuple[Entry, Fault | None, Cause | None]:
        if entry.image is None:
            return entry, None, None
        try:
            info = look(entry.image)
        except ValueError as error:
            causes = (Cause(pointer("source-ref"), entry.source_ref, str(error)),)
            return entry, Fault("ERROR_INVALID_IMAGE", LINE, causes=causes), None
        return entry, None, _other_size(entry, info) if entry.boxes else None

    with ThreadPoolExecutor(_THREADS) as pool:
        remaining = iter(entries)
        while batch := list(islice(remaining, _BATCH)):
            yield from pool.map(see, batch)


def _other_size(entry: Entry, info: ImageInfo) -> Cause | None:
    """The size that an attribute's boxes are for, where the image has another."""
    value: dict[str, Any] = orjson.loads(entry.line)
    lost = {fault.attribute for fault in entry.faults if fault.scope != BOX}
    for name, _ in attributes(value, BOXES):
        if name not in lost:
            (size,) = value[name]["image_size"]
            if (size["width"], size["height"]) != (info.width, info.height):
                return Cause(pointer(name, "image_size", 0), size, f"the image has {info.width}×{info.height} pixels")
    return None

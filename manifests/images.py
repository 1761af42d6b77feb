"""Images of a manifest looked at, where they lie in a local folder or in S3."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from customlabels.aws.bucket import bucket_region
from customlabels.aws.s3 import beginning
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ManifestError, ServiceError
from customlabels.datasets.files import Finder
from customlabels.datasets.headers import CutOff, parse
from customlabels.datasets.limits import MAX_BYTES
from customlabels.datasets.model import ImageInfo
from customlabels.datasets.probe import probe, service_fault
from customlabels.manifests.entries import Entry
from customlabels.manifests.faults import LINE, Fault
from customlabels.manifests.lines import BOXES
from customlabels.manifests.rewriting import attributes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Look = Callable[[S3Address], ImageInfo]
"""What there is to know of an image; ValueError where it is not there, or not such that the service takes it."""

OTHER_SIZE = "the image has another size than its line says"
_INVALID = Fault("ERROR_INVALID_IMAGE", LINE)
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
        for most in _RANGES:
            try:
                body, size = beginning(s3, image, most)
            except ServiceError as error:
                raise ValueError(error.message) from error
            try:
                info = parse(body, size)
            except CutOff:
                continue
            wrong = service_fault(info)
            if wrong:
                raise ValueError(wrong)
            return info
        raise ValueError("its header is endless")

    return look


def looked_at(entries: Iterable[Entry], look: Look | None) -> Iterator[tuple[Entry, Fault | None, bool]]:
    """Each entry with what is wrong with its image, and whether that has another size than the line's boxes are for."""
    if look is None:
        for entry in entries:
            yield entry, None, False
        return

    def see(entry: Entry) -> tuple[Entry, Fault | None, bool]:
        if entry.image is None:
            return entry, None, False
        try:
            info = look(entry.image)
        except ValueError:
            return entry, _INVALID, False
        return entry, None, bool(entry.boxes) and _stated_size(entry) != (info.width, info.height)

    with ThreadPoolExecutor(_THREADS) as pool:
        remaining = iter(entries)
        while batch := list(islice(remaining, _BATCH)):
            yield from pool.map(see, batch)


def _stated_size(entry: Entry) -> tuple[int, int]:
    """Width and height that the first attribute with boxes states."""
    value: dict[str, Any] = orjson.loads(entry.line)
    name, _ = attributes(value, BOXES)[0]
    size = value[name]["image_size"][0]
    return size["width"], size["height"]

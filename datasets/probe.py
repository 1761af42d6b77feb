"""Images looked at as the service would: format, size, limits; and hashed."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from customlabels.datasets.headers import Name, is_whole, look
from customlabels.datasets.limits import MAX_ASPECT, MAX_BYTES, MAX_SIDE, MIN_SIDE
from customlabels.datasets.model import Dataset, Hashes, ImageInfo

Item = TypeVar("Item")
Result = TypeVar("Result")
_TAKEN = ("JPEG", "PNG")
_SLOW = 0.001
"""Seconds a file from which on threads are worth their cost."""

_BATCH, _PART, _TURNS = 4096, 64, 8
"""Paths that are looked at before any result is given; of one task at most; tasks a thread at least."""
_CHUNK = 1 << 20


def service_fault(info: ImageInfo) -> str | None:
    """A sentence saying why the service would not take an image; None where it would."""
    width, height, format, size = info[:4]
    short, long = (width, height) if width < height else (height, width)
    if format in _TAKEN and short >= MIN_SIDE and long <= MAX_SIDE and long <= MAX_ASPECT * short and size <= MAX_BYTES:
        return None
    return _format_fault(info) or shape_fault(info) or _size_fault(info)


def shape_fault(info: ImageInfo) -> str | None:
    """As `service_fault`, for what no conversion mends."""
    width, height = info.width, info.height
    if min(width, height) < MIN_SIDE:
        return f"{width}×{height} pixels; the service takes no side under {MIN_SIDE}"
    if max(width, height) > MAX_ASPECT * min(width, height):
        return f"{width}×{height} pixels; the service takes sides up to {MAX_ASPECT}:1"
    return None


def _format_fault(info: ImageInfo) -> str | None:
    return None if info.format in _TAKEN else f"a {info.format} file; the service takes JPEG and PNG"


def _size_fault(info: ImageInfo) -> str | None:
    if max(info.width, info.height) > MAX_SIDE:
        return f"{info.width}×{info.height} pixels; the service takes no side over {MAX_SIDE}"
    if info.size > MAX_BYTES:
        return f"{info.size / 1e6:.1f} MB; the service takes at most {MAX_BYTES / 1e6:.0f} MB"
    return None


def probe(path: Name, fault: Callable[[ImageInfo], str | None] = service_fault) -> ImageInfo:
    """What there is to know of the image.

    Parameters
    ----------
    fault : says what is wrong with an image of that header

    Raises
    ------
    ValueError : a sentence saying why it cannot be used
    """
    info, last = look(path)
    wrong = fault(info)
    if wrong:
        raise ValueError(wrong)
    if info.format in _TAKEN and not is_whole(path, info, last):
        raise ValueError(f"a broken {info.format} file: its end is missing")
    return info


def probe_all(
    paths: Iterable[Name],
    step: Callable[[], None] | None = None,
    fault: Callable[[ImageInfo], str | None] = service_fault,
) -> Iterator[ImageInfo | str]:
    """What there is to know of each, or why it cannot be used, in the order given.

    One after the other while files answer at once, since handing them to threads takes longer than reading their
    headers; in parallel as soon as they do not, as on a network.
    """

    def see(path: Name) -> ImageInfo | str:
        try:
            return probe(path, fault)
        except ValueError as error:
            return str(error)

    remaining = iter(paths)
    while batch := list(islice(remaining, _PART)):
        began = time.perf_counter()
        for path in batch:
            yield see(path)
            if step:
                step()
        if time.perf_counter() - began > _SLOW * len(batch):
            break
    yield from in_parallel(see, remaining, step)


def hash_all(paths: Iterable[Path], step: Callable[[int], None] | None = None) -> Iterator[Hashes]:
    """The hashes of each file, in the order given.

    Parameters
    ----------
    step : called with the bytes of each file

    Raises
    ------
    OSError : a file cannot be read
    """

    def read(path: Path) -> Hashes:
        hashes, size = _hashes(path)
        if step:
            step(size)
        return hashes

    return in_parallel(read, paths)


def hashed(dataset: Dataset, step: Callable[[int], None] | None = None) -> Dataset:
    """`dataset` with the hashes of all images that are here; what was hashed before is not read again.

    Paths of images elsewhere, as in S3, are relative: a file of that name in the working folder is none of them.

    Parameters
    ----------
    step : called with the bytes of each image that is read

    Raises
    ------
    OSError : a file cannot be read
    """
    missing = [record for record in dataset.records if record.hashes is None and _is_here(record.path)]
    if not missing:
        return dataset
    read = hash_all((record.path for record in missing), step)
    hashes = {record.name: hashes for record, hashes in zip(missing, read, strict=True)}
    records = (replace(record, hashes=record.hashes or hashes.get(record.name)) for record in dataset.records)
    return replace(dataset, records=tuple(records))


def _is_here(path: Path) -> bool:
    return path.is_absolute() and path.is_file()


def _hashes(path: Path) -> tuple[Hashes, int]:
    """The hashes of a file, and its bytes."""
    size, sha256, md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
            size += len(chunk)
    return Hashes(sha256.hexdigest(), md5.hexdigest()), size


def in_parallel(
    work: Callable[[Item], Result], paths: Iterable[Item], step: Callable[[], None] | None = None
) -> Iterator[Result]:
    """What `work` gives for each path, in the order given; `step` is called after each."""

    def done(paths: list[Item]) -> list[Result]:
        results = []
        for path in paths:
            results.append(work(path))
            if step:
                step()
        return results

    from concurrent.futures import ThreadPoolExecutor

    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        remaining = iter(paths)
        while batch := list(islice(remaining, _BATCH)):
            size = min(_PART, -(-len(batch) // (_TURNS * threads)))
            parts = [batch[start : start + size] for start in range(0, len(batch), size)]
            for results in pool.map(done, parts):
                yield from results

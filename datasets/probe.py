"""Images looked at as the service would: format, size, limits."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from customlabels.datasets.headers import Name, is_whole, is_whole_in, look, look_in
from customlabels.datasets.limits import MAX_ASPECT, MAX_BYTES, MAX_SIDE, MIN_SIDE
from customlabels.datasets.model import ImageInfo

Item = TypeVar("Item")
Result = TypeVar("Result")
_TAKEN = ("JPEG", "PNG")
CMYK = 4
"""Channels of such a JPEG."""
_CONVERTED = " (dataset convert writes what is seen here)"
_SLOW = 0.001
"""Seconds a file from which on threads are worth their cost."""

_BATCH, _PART, _TURNS = 4096, 64, 8
"""Paths that are looked at before any result is given; of one task at most; tasks a thread at least."""


def service_fault(info: ImageInfo) -> str | None:
    """A sentence saying why the service would not take an image; None where it would."""
    width, height, format, size = info[:4]
    short, long = (width, height) if width < height else (height, width)
    if format in _TAKEN and short >= MIN_SIDE and long <= MAX_SIDE and long <= MAX_ASPECT * short and size <= MAX_BYTES:
        return None
    return _format_fault(info) or shape_fault(info) or _size_fault(info)


def doubts(info: ImageInfo) -> list[str]:
    """What of an image that the service takes is not seen, or seen in a way that nothing documents."""
    sentences = []
    if info.pictures > 1:
        sentences.append("holds several pictures, of which the first is taken")
    if info.bits > 8:
        sentences.append(f"has {info.bits} bits a channel: how the service sees that is documented nowhere{_CONVERTED}")
    if info.format == "JPEG" and info.channels == CMYK:
        sentences.append(f"is in CMYK: how the service sees that is documented nowhere{_CONVERTED}")
    return sentences


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
        raise _cut_off(info)
    return info


def checked(data: bytes) -> ImageInfo:
    """As `probe`, of a file's bytes.

    Raises
    ------
    ValueError : a sentence saying why the service would not take it
    """
    info = look_in(data)
    wrong = service_fault(info)
    if wrong:
        raise ValueError(wrong)
    if not is_whole_in(data, info):
        raise _cut_off(info)
    return info


def _cut_off(info: ImageInfo) -> ValueError:
    return ValueError(f"a broken {info.format} file: its end is missing")


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

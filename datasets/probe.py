"""Images looked at as the service would: format, size, limits; and hashed."""

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from customlabels.datasets.headers import image_size, is_whole
from customlabels.datasets.limits import MAX_ASPECT, MAX_BYTES, MAX_SIDE, MIN_SIDE
from customlabels.datasets.model import ImageInfo


def probe(path: Path) -> ImageInfo:
    """What there is to know of the image.

    Raises
    ------
    ValueError : a sentence saying why the service would not take it
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ValueError(f"{size / 1e6:.1f} MB; the service takes at most {MAX_BYTES / 1e6:.0f} MB")
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    if not data:
        raise ValueError("an empty file")
    format, width, height = image_size(data)
    shape = f"{width}×{height} pixels"
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"{shape}; the service takes no side under {MIN_SIDE}")
    if max(width, height) > MAX_SIDE:
        raise ValueError(f"{shape}; the service takes no side over {MAX_SIDE}")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ValueError(f"{shape}; the service takes sides up to {MAX_ASPECT}:1")
    if not is_whole(data, format) and (format == "PNG" or not _decodes(data)):
        raise ValueError(f"a broken {format} file: its end is missing")
    return ImageInfo(
        width=width,
        height=height,
        format=format,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
    )


def probe_all(paths: Iterable[Path], step: Callable[[], None] | None = None) -> Iterator[tuple[Path, ImageInfo | str]]:
    """Each path with what there is to know, or why the service would not take it, in the order given."""

    def look(path: Path) -> ImageInfo | str:
        try:
            return probe(path)
        except ValueError as error:
            return str(error)
        finally:
            if step:
                step()

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        remaining = iter(paths)
        while batch := list(islice(remaining, 1024)):
            yield from zip(batch, pool.map(look, batch), strict=True)


def _decodes(data: bytes) -> bool:
    """Whether a JPEG decodes all the same: some cameras write more behind its end."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError):
        return False
    return True

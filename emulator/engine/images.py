"""The images of a training read from where the service keeps its objects."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from customlabels.core.addresses import S3Address
from customlabels.datasets.limits import MAX_BYTES
from customlabels.emulator.s3 import bodies
from customlabels.emulator.server.address import STATE_FILE
from customlabels.emulator.server.store import connect
from customlabels.manifests.entries import Entry

_AHEAD = 4
"""Images a core that are held before `work` has begun on them: each may have MAX_BYTES."""

Result = TypeVar("Result")


def read_bodies(state: Path, images: Sequence[S3Address | None]) -> Iterator[bytes | None]:
    """Each image's bytes, one at a time; None where there are none, or more than the service takes."""
    with closing(connect(state / STATE_FILE, read_only=True)) as connection:
        for image in images:
            yield _body(state, connection, image) if image is not None else None


def read_images(
    state: Path, entries: Sequence[Entry], work: Callable[[Entry, bytes], Result]
) -> Iterator[tuple[Entry, Result | None]]:
    """Each entry with what `work` makes of its image's bytes; None where there are none, or it raises ValueError."""

    def done(entry: Entry, body: bytes | None) -> Result | None:
        if body is None:
            return None
        try:
            return work(entry, body)
        except ValueError:
            return None

    contents = read_bodies(state, [entry.image for entry in entries])
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        for start in range(0, len(entries), _AHEAD * cores):
            batch = entries[start : start + _AHEAD * cores]
            yield from zip(batch, pool.map(done, batch, contents), strict=True)


def _body(state: Path, connection: sqlite3.Connection, image: S3Address) -> bytes | None:
    """An image that is too large is not read."""
    row = connection.execute(
        "SELECT body FROM object WHERE bucket = ? AND key = ? AND latest", (image.bucket, image.key)
    ).fetchone()
    if not row or not row[0]:
        return None
    path = bodies.path_of(state, row[0])
    try:
        return path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except FileNotFoundError:
        # Deleted, or put anew, since the row was read.
        return None

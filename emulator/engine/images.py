"""The images of a training read from where the service keeps its objects."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from customlabels.datasets.limits import MAX_BYTES
from customlabels.emulator.s3 import bodies
from customlabels.emulator.server.address import STATE_FILE
from customlabels.emulator.server.store import connect
from customlabels.manifests.entries import Entry

_BATCH = 256
Result = TypeVar("Result")


def read_images(
    state: Path, entries: Sequence[Entry], work: Callable[[Entry, bytes], Result]
) -> Iterator[tuple[Entry, Result | None]]:
    """Each entry with what `work` makes of its image's bytes; None where there are none, or it raises ValueError."""

    def done(given: tuple[Entry, bytes | None]) -> Result | None:
        entry, body = given
        if body is None or len(body) > MAX_BYTES:
            return None
        try:
            return work(entry, body)
        except ValueError:
            return None

    connection = connect(state / STATE_FILE, read_only=True)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, len(entries), _BATCH):
            batch = entries[start : start + _BATCH]
            contents = [_body(state, connection, entry) for entry in batch]
            yield from zip(batch, pool.map(done, zip(batch, contents, strict=True)), strict=True)
    connection.close()


def _body(state: Path, connection: sqlite3.Connection, entry: Entry) -> bytes | None:
    if entry.image is None:
        return None
    row = connection.execute(
        "SELECT body FROM object WHERE bucket = ? AND key = ? AND latest", (entry.image.bucket, entry.image.key)
    ).fetchone()
    try:
        return bodies.read(state, row[0]) if row and row[0] else None
    except FileNotFoundError:
        # Deleted, or put anew, since the row was read.
        return None

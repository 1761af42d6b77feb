"""Features kept by content, on disk, between the trainings and the inferences of one service.

What is kept can be made again, so nothing here ever fails: a file that is damaged, locked or on a full disk keeps
nothing, and images are described anew.
"""

import hashlib
import logging
import sqlite3
import threading
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import PIL
import scipy
from numpy.typing import NDArray

from customlabels.emulator.engine import features, pretrained
from customlabels.emulator.server.address import FEATURES_FILE

MOST_BYTES = 256 * 1024 * 1024
"""On disk, for about 20,000 images; the oldest make room."""

_DESCRIBING = {
    features.BY_HAND: ("features", "blurring", "defects", "scattering", "unevenness"),
    pretrained.NAME: ("features", "blurring", "defects", "unevenness", "pretrained", "onnx_file", "torch_file"),
}
_LIBRARIES = (cv2, np, PIL, scipy)
_PATIENCE, _PAUSE = 2.0, 60.0
"""Seconds that a locked file is waited for, and after which one that cannot be used is tried again."""

_ROOM = 16
"""When there is no room, one of so many rows goes."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS features (
    number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, checksum INTEGER NOT NULL, row BLOB NOT NULL);
"""

Row = NDArray[np.float32]

log = logging.getLogger(__name__)


def digest_of(body: bytes, by: str | None = None) -> bytes:
    """What the features of an image's bytes are kept by: those bytes, and the code that describes them."""
    digest = _describer(by or features.describer()).copy()
    digest.update(body)
    return digest.digest()


@cache
def _describer(by: str) -> "hashlib._Hash":
    digest = hashlib.sha256(by.encode())
    for name in _DESCRIBING[by]:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    digest.update(repr([library.__version__ for library in _LIBRARIES]).encode())
    return digest


class KeptFeatures:
    """The features of images by their digests, in a file that several processes and threads may share."""

    def __init__(self, state: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = state / FEATURES_FILE
        self._most = most_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._paused_until = 0.0

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def get(self, digest: bytes) -> Row | None:
        """The features kept under `digest`; None where there are none, or they are damaged."""
        with self._lock:
            try:
                rows = self._opened().execute("SELECT checksum, row FROM features WHERE digest = ?", (digest,))
                kept = rows.fetchone()
            except sqlite3.Error as error:
                self._give_up(error)
                return None
        if kept is None or zlib.crc32(kept[1]) != kept[0]:
            return None
        return np.frombuffer(kept[1], dtype=np.float32)

    def put(self, rows: Mapping[bytes, Row]) -> None:
        """Keeps features by their digests; the oldest ones go where there is no room."""
        bodies = {digest: row.astype(np.float32).tobytes() for digest, row in rows.items()}
        with self._lock:
            try:
                connection = self._opened()
                with connection:
                    connection.executemany(
                        "INSERT OR REPLACE INTO features (digest, checksum, row) VALUES (?, ?, ?)",
                        ((digest, zlib.crc32(body), body) for digest, body in bodies.items()),
                    )
                    while _used(connection) > self._most and _forget_oldest(connection):
                        pass
            except sqlite3.Error as error:
                self._give_up(error)

    def _opened(self) -> sqlite3.Connection:
        if time.monotonic() < self._paused_until:
            raise sqlite3.OperationalError("paused")
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, check_same_thread=False, isolation_level="IMMEDIATE", timeout=_PATIENCE
            )
            self._connection = connection
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
        return self._connection

    def _give_up(self, error: sqlite3.Error) -> None:
        """Closes the file; one that is no database, or a damaged one, is removed, and begun anew by the next call."""
        if time.monotonic() < self._paused_until:
            return
        log.warning("features are not kept in %s: %s", self._path, error)
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        # A lock, a full disk: OperationalError; damage: the class above it.
        if isinstance(error, sqlite3.OperationalError):
            self._paused_until = time.monotonic() + _PAUSE
        else:
            for end in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)


def features_of(body: bytes, kept: KeptFeatures, by: str | None = None) -> Row:
    """The features of an image in JPEG or PNG, from what is kept if they are there.

    Parameters
    ----------
    by : as `features.describe` takes it

    Raises
    ------
    ValueError : it is no image that can be used
    ModuleNotFoundError : the network is asked for, and not installed
    """
    digest = digest_of(body, by)
    row = kept.get(digest)
    if row is None:
        row = features.describe(features.decode(body), by)
        kept.put({digest: row})
    return row


def _used(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _forget_oldest(connection: sqlite3.Connection) -> bool:
    """Deletes the oldest rows; whether there were any."""
    first, last = connection.execute("SELECT min(number), max(number) FROM features").fetchone()
    if first is None:
        return False
    connection.execute("DELETE FROM features WHERE number <= ?", (first + (last - first) // _ROOM,))
    return True

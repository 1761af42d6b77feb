"""The local service's state on disk: one SQLite file, every change committed before its answer leaves.

SQLite runs with a write-ahead log: what is committed survives the death of the process at any moment. Bodies of objects
and whatever else is large lie in files beside it, which rows name; a file is there before its row is.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from customlabels.emulator.server.address import STATE_FILE, STATE_VERSION

_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, seed INTEGER NOT NULL,
    method TEXT NOT NULL, target TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS backend (name TEXT PRIMARY KEY, state BLOB NOT NULL, blobs TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (id INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS object (
    bucket TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, latest INTEGER NOT NULL,
    body TEXT, size INTEGER NOT NULL, about TEXT NOT NULL, state BLOB NOT NULL,
    PRIMARY KEY (bucket, key, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS resource (
    arn TEXT PRIMARY KEY, kind TEXT NOT NULL, parent TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS resource_parent ON resource (kind, parent);
CREATE TABLE IF NOT EXISTS entry (
    dataset TEXT NOT NULL, place INTEGER NOT NULL, source_ref TEXT NOT NULL, line BLOB NOT NULL,
    PRIMARY KEY (dataset, source_ref)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_place ON entry (dataset, place);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_MOST_READERS = 64


@dataclass(frozen=True, slots=True)
class Request:
    """A request to one of moto's services, and what it drew: seconds since 1970, the seed of its random numbers."""

    at: float
    seed: int
    method: str
    target: str
    """Path with query."""
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """A version of an object in S3.

    Parameters
    ----------
    body : the file of its bytes; None for a delete marker
    size : bytes
    about : what a listing shows of it
    state : all there is of it, pickled
    """

    body: str | None
    size: int
    about: str
    state: bytes


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection to the state at `path`; several processes may hold one."""
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False, isolation_level=None, timeout=30
    )
    if not read_only:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA user_version={STATE_VERSION}")
    return connection


class Store:
    """Journal, states of services, S3 objects, Custom Labels resources and dataset entries; safe to share between
    threads. One thread at a time is in a transaction; others read what was committed before it meanwhile."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self._connection = connect(folder / STATE_FILE)
        self._lock = threading.RLock()
        self._writer: int | None = None
        self._afterwards: list[Callable[[], None]] = []
        self._readers: list[sqlite3.Connection] = []
        self.changing: Callable[[str, str, str, dict[str, Any] | None], None] | None = None
        """Told of a resource that changes: ARN, kind, parent, and what it was."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything in the block is on disk when it ends, or nothing of it."""
        with self._lock:
            if self._writer is not None:
                yield
                return
            self._writer, self._afterwards = threading.get_ident(), []
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._connection.execute("COMMIT")
                except BaseException:
                    self._afterwards = []
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            finally:
                self._writer = None
            afterwards, self._afterwards = self._afterwards, []
        for act in afterwards:
            act()

    def after(self, act: Callable[[], None]) -> None:
        """Calls `act` once this thread's transaction is on disk; at once where it is in none."""
        if self._writer == threading.get_ident():
            self._afterwards.append(act)
        else:
            act()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def shrink(self) -> None:
        """Gives back to the disk what is free in the file."""
        with self._lock:
            if self._writer is None:
                self._connection.execute("PRAGMA incremental_vacuum").fetchall()
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _run(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def _read(self, statement: str, *values: Any) -> list[Any]:
        if self._writer == threading.get_ident():
            return self._connection.execute(statement, values).fetchall()
        try:
            reader = self._readers.pop()
        except IndexError:
            reader = connect(self.folder / STATE_FILE, read_only=True)
        try:
            return reader.execute(statement, values).fetchall()
        finally:
            if len(self._readers) < _MOST_READERS:
                self._readers.append(reader)
            else:
                reader.close()

    def add_request(self, request: Request) -> None:
        self._run(
            "INSERT INTO journal (at, seed, method, target, headers, body) VALUES (?, ?, ?, ?, ?, ?)",
            *(request.at, request.seed, request.method, request.target, json.dumps(request.headers), request.body),
        )

    def requests(self) -> list[Request]:
        """Every request in the journal, oldest first."""
        rows = self._read("SELECT at, seed, method, target, headers, body FROM journal ORDER BY id")
        return [
            Request(at, seed, method, target, json.loads(headers), body)
            for at, seed, method, target, headers, body in rows
        ]

    def clear_requests(self) -> None:
        self._run("DELETE FROM journal")

    def put_backend(self, name: str, state: bytes, blobs: Iterable[str]) -> None:
        """Keeps the state of a service in a region; `blobs` are the files that it names."""
        self._run("INSERT OR REPLACE INTO backend VALUES (?, ?, ?)", name, state, json.dumps(sorted(blobs)))

    def backend(self, name: str) -> bytes | None:
        rows = self._read("SELECT state FROM backend WHERE name = ?", name)
        return bytes(rows[0][0]) if rows else None

    def backends(self) -> list[str]:
        return [name for (name,) in self._read("SELECT name FROM backend ORDER BY name")]

    def blobs(self) -> set[str]:
        """The files that states of services name."""
        return {blob for (blobs,) in self._read("SELECT blobs FROM backend") for blob in json.loads(blobs)}

    def add_delivery(self, document: dict[str, Any]) -> int:
        """Notes what is to be delivered; the number to delete it by."""
        ((number,),) = self._run("INSERT INTO delivery (document) VALUES (?) RETURNING id", json.dumps(document))
        return int(number)

    def deliveries(self) -> list[tuple[int, dict[str, Any]]]:
        """Number and document of all that is to be delivered, oldest first."""
        rows = self._read("SELECT id, document FROM delivery ORDER BY id")
        return [(number, json.loads(document)) for number, document in rows]

    def delete_delivery(self, number: int) -> None:
        self._run("DELETE FROM delivery WHERE id = ?", number)

    def replace_object(self, bucket: str, key: str, versions: list[ObjectRow]) -> None:
        """`versions`, oldest first, are all there is of the object."""
        with self.transaction():
            self._run("DELETE FROM object WHERE bucket = ? AND key = ?", bucket, key)
            for position, row in enumerate(versions):
                latest = position == len(versions) - 1
                values = (bucket, key, position, latest, row.body, row.size, row.about, row.state)
                self._run("INSERT INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)

    def object_versions(self, bucket: str, key: str) -> list[ObjectRow]:
        """Every version of one object, oldest first."""
        columns = "SELECT body, size, about, state FROM object"
        rows = self._read(f"{columns} WHERE bucket = ? AND key = ? ORDER BY position", bucket, key)
        return [ObjectRow(*row) for row in rows]

    def has_object(self, bucket: str, key: str) -> bool:
        return bool(self._read("SELECT 1 FROM object WHERE bucket = ? AND key = ? LIMIT 1", bucket, key))

    def count_objects(self, bucket: str) -> tuple[int, int]:
        """How many keys a bucket has, and how many bytes in all versions."""
        columns = "SELECT total(latest), total(size) FROM object"
        ((keys, size),) = self._read(f"{columns} WHERE bucket = ?", bucket)
        return int(keys), int(size)

    def has_objects(self, bucket: str) -> bool:
        return bool(self._read("SELECT 1 FROM object WHERE bucket = ? LIMIT 1", bucket))

    def object_keys(self, bucket: str, start: str, most: int) -> list[str]:
        """Keys of a bucket from `start` on, in S3's order."""
        where = "WHERE bucket = ? AND key >= ? AND latest ORDER BY key LIMIT ?"
        return [key for (key,) in self._read(f"SELECT key FROM object {where}", bucket, start, most)]

    def listed_objects(self, bucket: str, start: str, end: str | None, most: int) -> list[tuple[str, int, str]]:
        """(key, size, about) of the newest versions that are no delete markers, from `start` on, before `end`."""
        columns, where = "SELECT key, size, about FROM object", "WHERE bucket = ? AND key >= ?"
        if end is not None:
            where += " AND key < ?"
        where += " AND latest AND body IS NOT NULL ORDER BY key LIMIT ?"
        return self._read(f"{columns} {where}", bucket, start, *([] if end is None else [end]), most)

    def objects_of_bytes(self, size: int, md5: str) -> list[tuple[str, str]]:
        """(bucket, key) of objects whose newest version has so many bytes and that ETag, in order."""
        where = "WHERE latest AND body IS NOT NULL AND size = ? AND instr(about, ?) ORDER BY bucket, key"
        return self._read(f"SELECT bucket, key FROM object {where}", size, f'"{md5}"')

    def listed_versions(self, bucket: str, start: str, below: int, most: int) -> list[Any]:
        """(key, position, latest, body, size, about) of versions, those of a key newest first: those of the key `start`
        that are older than position `below`, and what follows."""
        columns = "SELECT key, position, latest, body, size, about FROM object"
        own = self._read(
            f"{columns} WHERE bucket = ? AND key = ? AND position < ? ORDER BY position DESC LIMIT ?",
            *(bucket, start, below, most),
        )
        if len(own) == most:
            return own
        rest = f"{columns} WHERE bucket = ? AND key > ? ORDER BY key, position DESC LIMIT ?"
        return own + self._read(rest, bucket, start, most - len(own))

    def object_bodies(self) -> set[str]:
        """The files that objects name."""
        return {body for (body,) in self._read("SELECT body FROM object WHERE body IS NOT NULL")}

    def put_resource(self, arn: str, kind: str, parent: str, document: dict[str, Any]) -> None:
        if self.changing is not None:
            self.changing(arn, kind, parent, self.get_resource(arn))
        self._run("INSERT OR REPLACE INTO resource VALUES (?, ?, ?, ?)", arn, kind, parent, json.dumps(document))

    def get_resource(self, arn: str) -> dict[str, Any] | None:
        rows = self._read("SELECT document FROM resource WHERE arn = ?", arn)
        return json.loads(rows[0][0]) if rows else None

    def resources(self, kind: str, parent: str) -> list[dict[str, Any]]:
        rows = self._read("SELECT document FROM resource WHERE kind = ? AND parent = ?", kind, parent)
        return [json.loads(document) for (document,) in rows]

    def delete_resource(self, arn: str) -> None:
        with self.transaction():
            if self.changing is not None:
                for kind, parent in self._read("SELECT kind, parent FROM resource WHERE arn = ?", arn):
                    self.changing(arn, kind, parent, self.get_resource(arn))
            self._run("DELETE FROM resource WHERE arn = ?", arn)
            self._run("DELETE FROM entry WHERE dataset = ?", arn)

    def put_entries(self, dataset: str, entries: Iterable[tuple[int, str, bytes]]) -> None:
        """`entries`: position in the dataset, source-ref, line."""
        with self.transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)",
                ((dataset, position, source_ref, line) for position, source_ref, line in entries),
            )

    def get_setting(self, name: str) -> str | None:
        rows = self._read("SELECT value FROM setting WHERE name = ?", name)
        return rows[0][0] if rows else None

    def put_setting(self, name: str, value: str) -> None:
        self._run("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value)

    def entry_positions(self, dataset: str) -> dict[str, int]:
        """Where in the dataset each entry stands, by its source-ref."""
        return dict(self._read("SELECT source_ref, place FROM entry WHERE dataset = ?", dataset))

    def delete_entries(self, dataset: str, source_refs: Iterable[str]) -> None:
        with self.transaction():
            self._connection.executemany(
                "DELETE FROM entry WHERE dataset = ? AND source_ref = ?",
                ((dataset, source_ref) for source_ref in source_refs),
            )

    def entries(self, dataset: str, after: int = -1, most: int = -1) -> list[tuple[int, bytes]]:
        """(place, line) of the entries after `after` in the dataset's order, at most `most` of them."""
        where = "WHERE dataset = ? AND place > ? ORDER BY place LIMIT ?"
        return self._read(f"SELECT place, line FROM entry {where}", dataset, after, most)

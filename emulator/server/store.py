"""The local service's state on disk: one SQLite file, every change committed before its answer leaves.

SQLite runs with a write-ahead log: what is committed survives the death of the process at any moment.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from customlabels.emulator.server.address import STATE_FILE, STATE_VERSION

_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, seed INTEGER NOT NULL,
    method TEXT NOT NULL, target TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS code (function TEXT PRIMARY KEY, digest TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (id INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS object (
    bucket TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, about TEXT NOT NULL, body BLOB,
    PRIMARY KEY (bucket, key, position));
CREATE TABLE IF NOT EXISTS resource (
    arn TEXT PRIMARY KEY, kind TEXT NOT NULL, parent TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS resource_parent ON resource (kind, parent);
CREATE TABLE IF NOT EXISTS entry (
    dataset TEXT NOT NULL, place INTEGER NOT NULL, source_ref TEXT NOT NULL, line BLOB NOT NULL,
    PRIMARY KEY (dataset, source_ref)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_place ON entry (dataset, place);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


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


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection to the state at `path`; several processes may hold one."""
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False, isolation_level=None, timeout=30
    )
    if not read_only:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA user_version={STATE_VERSION}")
    return connection


class Store:
    """Journal, S3 objects, Custom Labels resources and dataset entries; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._connection = connect(folder / STATE_FILE)
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything in the block is on disk when it ends, or nothing of it."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _run(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def add_request(self, request: Request) -> None:
        self._run(
            "INSERT INTO journal (at, seed, method, target, headers, body) VALUES (?, ?, ?, ?, ?, ?)",
            *(request.at, request.seed, request.method, request.target, json.dumps(request.headers), request.body),
        )

    def requests(self) -> list[Request]:
        """Every request in the journal, oldest first."""
        rows = self._run("SELECT at, seed, method, target, headers, body FROM journal ORDER BY id")
        return [
            Request(at, seed, method, target, json.loads(headers), body)
            for at, seed, method, target, headers, body in rows
        ]

    def put_code(self, function: str, digest: str, body: bytes) -> None:
        self._run("INSERT OR REPLACE INTO code VALUES (?, ?, ?)", function, digest, body)

    def code_digests(self) -> dict[str, str]:
        """The digest of what is kept of each function's code."""
        return dict(self._run("SELECT function, digest FROM code"))

    def code(self, function: str) -> bytes | None:
        rows = self._run("SELECT body FROM code WHERE function = ?", function)
        return bytes(rows[0][0]) if rows else None

    def add_delivery(self, document: dict[str, Any]) -> int:
        """Notes what is to be delivered; the number to delete it by."""
        ((number,),) = self._run("INSERT INTO delivery (document) VALUES (?) RETURNING id", json.dumps(document))
        return int(number)

    def deliveries(self) -> list[tuple[int, dict[str, Any]]]:
        """Number and document of all that is to be delivered, oldest first."""
        rows = self._run("SELECT id, document FROM delivery ORDER BY id")
        return [(number, json.loads(document)) for number, document in rows]

    def delete_delivery(self, number: int) -> None:
        self._run("DELETE FROM delivery WHERE id = ?", number)

    def replace_object(self, bucket: str, key: str, versions: Iterable[tuple[dict[str, Any], bytes | None]]) -> None:
        """`versions`, oldest first, are all there is of the object; a body of None is a delete marker."""
        with self.transaction():
            self._run("DELETE FROM object WHERE bucket = ? AND key = ?", bucket, key)
            for position, (about, body) in enumerate(versions):
                self._run("INSERT INTO object VALUES (?, ?, ?, ?, ?)", bucket, key, position, json.dumps(about), body)

    def delete_objects_but(self, bucket: str, keys: set[str]) -> None:
        """Forgets every object of the bucket that is not among `keys`."""
        with self.transaction():
            for (key,) in self._run("SELECT DISTINCT key FROM object WHERE bucket = ?", bucket):
                if key not in keys:
                    self._run("DELETE FROM object WHERE bucket = ? AND key = ?", bucket, key)

    def objects(self) -> Iterator[tuple[str, str, dict[str, Any], bytes | None]]:
        """Every object version: bucket, key, about, body; those of one object oldest first."""
        cursor = self._connection.execute("SELECT bucket, key, about, body FROM object ORDER BY bucket, key, position")
        for bucket, key, about, body in cursor:
            yield bucket, key, json.loads(about), body

    def object_buckets(self) -> list[str]:
        """The buckets that hold an object."""
        return [bucket for (bucket,) in self._run("SELECT DISTINCT bucket FROM object")]

    def object_versions(self, bucket: str, key: str) -> list[tuple[dict[str, Any], bytes | None]]:
        """(about, body) of every version of one object, oldest first."""
        rows = self._run("SELECT about, body FROM object WHERE bucket = ? AND key = ? ORDER BY position", bucket, key)
        return [(json.loads(about), body) for about, body in rows]

    def put_resource(self, arn: str, kind: str, parent: str, document: dict[str, Any]) -> None:
        self._run("INSERT OR REPLACE INTO resource VALUES (?, ?, ?, ?)", arn, kind, parent, json.dumps(document))

    def get_resource(self, arn: str) -> dict[str, Any] | None:
        rows = self._run("SELECT document FROM resource WHERE arn = ?", arn)
        return json.loads(rows[0][0]) if rows else None

    def resources(self, kind: str, parent: str) -> list[dict[str, Any]]:
        rows = self._run("SELECT document FROM resource WHERE kind = ? AND parent = ?", kind, parent)
        return [json.loads(document) for (document,) in rows]

    def delete_resource(self, arn: str) -> None:
        with self.transaction():
            self._run("DELETE FROM resource WHERE arn = ?", arn)
            self._run("DELETE FROM entry WHERE dataset = ?", arn)

    def put_entries(self, dataset: str, entries: Iterable[tuple[int, str, bytes]]) -> None:
        """`entries`: place in the dataset, source-ref, line."""
        with self.transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)",
                ((dataset, place, source_ref, line) for place, source_ref, line in entries),
            )

    def get_setting(self, name: str) -> str | None:
        rows = self._run("SELECT value FROM setting WHERE name = ?", name)
        return rows[0][0] if rows else None

    def put_setting(self, name: str, value: str) -> None:
        self._run("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value)

    def entry_places(self, dataset: str) -> dict[str, int]:
        """The place of each entry by its source-ref."""
        return dict(self._run("SELECT source_ref, place FROM entry WHERE dataset = ?", dataset))

    def delete_entries(self, dataset: str, source_refs: Iterable[str]) -> None:
        with self.transaction():
            self._connection.executemany(
                "DELETE FROM entry WHERE dataset = ? AND source_ref = ?", ((dataset, one) for one in source_refs)
            )

    def entries(self, dataset: str, after: int = -1, most: int = -1) -> list[tuple[int, bytes]]:
        """(place, line) of the entries after `after` in the dataset's order, at most `most` of them."""
        return self._run(
            "SELECT place, line FROM entry WHERE dataset = ? AND place > ? ORDER BY place LIMIT ?", dataset, after, most
        )

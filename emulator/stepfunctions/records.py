"""What is known of state machines, executions and map runs, on disk after every step.

One SQLite file beside the service's other state: an execution's steps keep none of the other services from their own.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

FILE = "stepfunctions.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS machine (arn TEXT PRIMARY KEY, region TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS execution (
    arn TEXT PRIMARY KEY, machine TEXT NOT NULL, map_run TEXT NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL,
    items INTEGER NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS execution_of ON execution (map_run, machine, status, number);
CREATE TABLE IF NOT EXISTS position (
    execution TEXT NOT NULL, path TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (execution, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (
    execution TEXT NOT NULL, id INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (execution, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS map_run (arn TEXT PRIMARY KEY, execution TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS map_run_of ON map_run (execution);
"""

Document = dict[str, Any]

RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED = "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"
PENDING, PENDING_REDRIVE = "PENDING", "PENDING_REDRIVE"
ENDED = (SUCCEEDED, FAILED, TIMED_OUT, ABORTED)
UNHAPPY = (FAILED, TIMED_OUT, ABORTED)


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine; times are seconds since 1970."""

    arn: str
    name: str
    region: str
    definition: str
    role: str
    created: float
    revision: str
    updated: float
    tags: dict[str, str] = field(default_factory=dict)
    logging: Document | None = None
    tracing: Document | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution, or a child of a map run (`map_run` is its ARN, `number` its place, `items` how many it was given).

    Parameters
    ----------
    definition : what runs, as it was when it began; empty for a child
    """

    arn: str
    name: str
    machine: str
    role: str
    region: str
    input: str
    started: float
    definition: str = ""
    status: str = RUNNING
    stopped: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    map_run: str = ""
    number: int = 0
    items: int = 0
    redrives: int = 0
    redriven: float | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a row of states is: the state and its input; `output` once all of them are done.

    Parameters
    ----------
    entered : when, seconds since 1970; None where it was not begun yet
    tried : retries so far, by the number of the retrier
    until : when it goes on, where it waits
    map_run : ARN, where the state has one under way
    """

    state: str
    input: Any
    entered: float | None = None
    tried: dict[str, int] = field(default_factory=dict)
    until: float | None = None
    map_run: str = ""
    done: bool = False
    output: Any = None


@dataclass(frozen=True, slots=True)
class MapRun:
    """A run of a distributed Map.

    Parameters
    ----------
    path : of the row of states in which its Map stands, and the Map's own name
    read : whether all items are children
    percentage : of children, 0..100, that may fail
    count : of items that may fail; None where only the percentage counts
    """

    arn: str
    execution: str
    path: str
    state: str
    started: float
    concurrency: int
    percentage: float
    count: int | None
    status: str = RUNNING
    stopped: float | None = None
    read: bool = False
    written: int = 0
    redrives: int = 0
    redriven: float | None = None


class Records:
    """The file of a state folder; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / FILE, check_same_thread=False, isolation_level=None, timeout=30)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self._lock = threading.RLock()
        self._deep = 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything in the block is on disk when it ends, or nothing of it."""
        with self._lock:
            if self._deep:
                yield
                return
            self._deep += 1
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            finally:
                self._deep -= 1

    def _run(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def put_machine(self, machine: Machine) -> None:
        document = json.dumps(asdict(machine))
        self._run("INSERT OR REPLACE INTO machine VALUES (?, ?, ?)", machine.arn, machine.region, document)

    def machine(self, arn: str) -> Machine | None:
        rows = self._run("SELECT document FROM machine WHERE arn = ?", arn)
        return Machine(**json.loads(rows[0][0])) if rows else None

    def machines(self, region: str) -> list[Machine]:
        rows = self._run("SELECT document FROM machine WHERE region = ? ORDER BY arn", region)
        return [Machine(**json.loads(document)) for (document,) in rows]

    def delete_machine(self, arn: str) -> None:
        self._run("DELETE FROM machine WHERE arn = ?", arn)

    def put_execution(self, execution: Execution) -> None:
        self.put_executions([execution])

    def put_executions(self, executions: Iterable[Execution]) -> None:
        rows = (_row(execution) for execution in executions)
        with self.together():
            self._connection.executemany("INSERT OR REPLACE INTO execution VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def execution(self, arn: str) -> Execution | None:
        rows = self._run("SELECT document FROM execution WHERE arn = ?", arn)
        return Execution(**json.loads(rows[0][0])) if rows else None

    def executions(self, machine: str) -> list[Execution]:
        """Those of a machine that are nobody's children, the newest first."""
        statement = "SELECT document FROM execution WHERE map_run = '' AND machine = ? ORDER BY number DESC, rowid DESC"
        return sorted(_executions(self._run(statement, machine)), key=lambda execution: -execution.started)

    def running(self) -> list[Execution]:
        """All that are nobody's children and have not ended."""
        return _executions(self._run("SELECT document FROM execution WHERE map_run = '' AND status = ?", RUNNING))

    def children(self, map_run: str, status: str | None = None, after: int = -1, most: int = -1) -> list[Execution]:
        """Children of a map run from number `after` + 1 on, in order."""
        where, values = "map_run = ? AND number > ?", [map_run, after]
        if status is not None:
            where, values = where + " AND status = ?", [*values, status]
        statement = f"SELECT document FROM execution WHERE {where} ORDER BY number LIMIT ?"
        return _executions(self._run(statement, *values, most))

    def counted(self, map_run: str) -> dict[str, tuple[int, int]]:
        """(children, items) of a map run by status."""
        statement = "SELECT status, count(*), total(items) FROM execution WHERE map_run = ? GROUP BY status"
        return {status: (children, int(items)) for status, children, items in self._run(statement, map_run)}

    def delete_children(self, map_run: str) -> None:
        self._run("DELETE FROM execution WHERE map_run = ?", map_run)

    def put_position(self, execution: str, path: str, position: Position) -> None:
        document = json.dumps(asdict(position))
        self._run("INSERT OR REPLACE INTO position VALUES (?, ?, ?)", execution, path, document)

    def position(self, execution: str, path: str) -> Position | None:
        rows = self._run("SELECT document FROM position WHERE execution = ? AND path = ?", execution, path)
        return Position(**json.loads(rows[0][0])) if rows else None

    def positions(self, execution: str) -> dict[str, Position]:
        rows = self._run("SELECT path, document FROM position WHERE execution = ? ORDER BY path", execution)
        return {path: Position(**json.loads(document)) for path, document in rows}

    def delete_positions(self, execution: str, below: str) -> None:
        """Forgets where the rows of states are whose paths begin with `below`, which ends in a slash."""
        end = below[:-1] + "0"
        self._run("DELETE FROM position WHERE execution = ? AND path > ? AND path < ?", execution, below, end)

    def add_event(self, execution: str, at: float, kind: str, details: Document) -> int:
        """Adds to the history; the event's number, from 1 on."""
        with self.together():
            ((last,),) = self._run("SELECT coalesce(max(id), 0) FROM event WHERE execution = ?", execution)
            document = json.dumps({"timestamp": at, "type": kind, "id": last + 1, "previousEventId": last, **details})
            self._run("INSERT INTO event VALUES (?, ?, ?)", execution, last + 1, document)
        return int(last) + 1

    def events(self, execution: str, after: int, most: int, *, backwards: bool) -> list[Document]:
        """The history from event `after` on, exclusive, in either direction."""
        order, compare = ("DESC", "<") if backwards else ("ASC", ">")
        statement = f"SELECT document FROM event WHERE execution = ? AND id {compare} ? ORDER BY id {order} LIMIT ?"
        return [json.loads(document) for (document,) in self._run(statement, execution, after, most)]

    def put_map_run(self, run: MapRun) -> None:
        self._run("INSERT OR REPLACE INTO map_run VALUES (?, ?, ?)", run.arn, run.execution, json.dumps(asdict(run)))

    def change_map_run(self, arn: str, **changes: Any) -> MapRun:
        """The map run with changes, which are on disk."""
        with self.together():
            run = self.map_run(arn)
            if run is None:
                raise KeyError(arn)
            changed = replace(run, **changes)
            self.put_map_run(changed)
        return changed

    def map_run(self, arn: str) -> MapRun | None:
        rows = self._run("SELECT document FROM map_run WHERE arn = ?", arn)
        return MapRun(**json.loads(rows[0][0])) if rows else None

    def map_runs(self, execution: str) -> list[MapRun]:
        rows = self._run("SELECT document FROM map_run WHERE execution = ? ORDER BY rowid DESC", execution)
        return [MapRun(**json.loads(document)) for (document,) in rows]


def _row(execution: Execution) -> tuple[Any, ...]:
    about = (execution.arn, execution.machine, execution.map_run, execution.number, execution.status, execution.items)
    return (*about, json.dumps(asdict(execution)))


def _executions(rows: list[Any]) -> list[Execution]:
    return [Execution(**json.loads(document)) for (document,) in rows]

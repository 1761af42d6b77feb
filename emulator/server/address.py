"""Where a local service is found: started when it is not up, reached again after it died.

Imports neither moto nor boto3: every command that works locally passes through here.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from customlabels.core.errors import ServiceError

ADDRESS_FILE = "server.json"
LOCK_FILE = "server.lock"
LOG_FILE = "server.log"
STATE_FILE = "state.sqlite"
VERSIONS_FOLDER = "versions"
FUNCTIONS_FOLDER = "functions"
EXECUTIONS_FOLDER = "executions"
STATE_VERSION = 2
"""Counts how the state file is laid out."""
STATE_FOLDER = ".customlabels"
_HEALTH, _ADVANCE = "/_customlabels/health", "/_customlabels/advance"
_PATIENCE = 60.0
_LONGEST_ADVANCE = 6 * 3600.0
"""Seconds; on its way the clock runs every function that falls due."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a local service is.

    Parameters
    ----------
    scale : how long states last beside the usual; 0.1 is ten times faster
    real : whether they last as long as on AWS, a start 15 minutes, rather than seconds
    rate : requests a second that an inference unit takes
    """

    scale: float = 1.0
    real: bool = False
    rate: float = 5.0


FAST, USUAL, REAL = Pace(scale=0.05, rate=100.0), Pace(), Pace(real=True)


@dataclass(frozen=True, slots=True)
class Running:
    """A local service that answers."""

    pid: int
    port: int
    pace: Pace = USUAL

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def running(state: Path) -> Running | None:
    """The service that keeps `state`; None where none answers."""
    found = _noted(state)
    if found is None:
        return None
    # The environment's proxies have no say about a loopback address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(found.endpoint_url + _HEALTH, timeout=10) as answer:
            said = json.load(answer)
    except (OSError, ValueError):
        return None
    # The file may still name the process that was there before, on the same port.
    return replace(found, pid=said["pid"]) if said.get("state") == str(state.resolve()) else None


def start(state: Path, pace: Pace | None = None) -> Running:
    """The service that keeps `state`, started in the background where it is not up; on its old port if free.

    Parameters
    ----------
    pace : of a service that is started; where it is None, that which it had before

    Raises
    ------
    ServiceError : it does not come up
    """
    found = running(state)
    if found is not None:
        return found
    _check_version(state)
    state.mkdir(parents=True, exist_ok=True)
    ignored = state / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n")
    noted = _noted(state)
    pace = pace or (noted.pace if noted else USUAL)
    command = [sys.executable, "-m", "customlabels.emulator.server.serving", "--state", str(state.resolve())]
    command += ["--port", str(noted.port if noted else 0), "--scale", str(pace.scale), "--rate", str(pace.rate)]
    command += ["--real"] if pace.real else []
    with (state / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = running(state)
        if found is not None:
            return found
        if process.poll() not in (None, 0):
            break
        time.sleep(0.05)
    raise ServiceError(
        "the local service did not start", hint=f"its log is {state / LOG_FILE}; is the disk full, or read-only?"
    )


def stop(state: Path) -> bool:
    """Ends the service; whether there was one."""
    found = running(state)
    if found is None:
        return False
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE
    while running(state) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return True


def advance(state: Path, seconds: float) -> float:
    """Moves the clock of the service that keeps `state` on; its time, in seconds since 1970.

    Raises
    ------
    ServiceError : it is not up, or does not do it
    """
    found = running(state)
    if found is None:
        raise ServiceError("the local service is not running", hint="customlabels local start")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    address = f"{found.endpoint_url}{_ADVANCE}?seconds={seconds!r}"
    request = urllib.request.Request(address, method="POST")  # noqa: S310 - the local service's own address, on loopback
    try:
        with opener.open(request, timeout=_LONGEST_ADVANCE) as answer:
            return float(json.load(answer)["now"])
    except (OSError, ValueError, KeyError) as error:
        raise ServiceError(f"the local service did not move its clock on: {error}") from error


def reset(state: Path) -> None:
    """Ends the service and deletes what it holds; nothing else in the folder is touched."""
    stop(state)
    for name in (ADDRESS_FILE, LOCK_FILE, LOG_FILE, *(STATE_FILE + end for end in ("", "-wal", "-shm"))):
        (state / name).unlink(missing_ok=True)
    for name in (VERSIONS_FOLDER, FUNCTIONS_FOLDER, EXECUTIONS_FOLDER):
        shutil.rmtree(state / name, ignore_errors=True)


def _check_version(state: Path) -> None:
    """Refuses a state that another version of this package wrote."""
    path = state / STATE_FILE
    if path.exists():
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            try:
                ((found,),) = connection.execute("PRAGMA user_version").fetchall()
                ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
            except sqlite3.OperationalError:
                return
            except sqlite3.DatabaseError:
                found, tables = None, 1
        if tables and found != STATE_VERSION:
            raise ServiceError(
                f"{path} was written by another version of customlabels, or is no state of a local service",
                hint="customlabels local reset deletes it; --state names another folder",
            )


def _noted(state: Path) -> Running | None:
    try:
        found = json.loads((state / ADDRESS_FILE).read_bytes())
        return Running(found["pid"], found["port"], Pace(**found["pace"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None

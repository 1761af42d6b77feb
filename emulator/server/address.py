"""Where a local service is found: started when it is not up, reached again after it died.

Imports neither moto nor boto3: every command that works locally passes through here. A service proves that it is the
one of a state folder by its key, which lies there and is never sent to whoever else answers at its old port.
"""

import hashlib
import hmac
import http.client
import json
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Protocol

from customlabels.core.errors import ServiceError
from customlabels.core.watching import UNWATCHED, Watch

ADDRESS_FILE = "server.json"
KEY_FILE = "key"
LOCK_FILE = "server.lock"
PID_FILE = "server.pid"
LOG_FILE = "server.log"
STATE_FILE = "state.sqlite"
FEATURES_FILE = "features.sqlite"
VERSIONS_FOLDER = "versions"
FUNCTIONS_FOLDER = "functions"
SCRATCH_FOLDER = "scratch"
"""Of processes that the service runs; nothing in it outlives the service."""
EXECUTIONS_FOLDER = "executions"
STATE_MACHINES_FOLDER = "stepfunctions"
OBJECTS_FOLDER = "objects"
BLOBS_FOLDER = "blobs"
_FOLDERS = (
    *(VERSIONS_FOLDER, FUNCTIONS_FOLDER, SCRATCH_FOLDER, EXECUTIONS_FOLDER, STATE_MACHINES_FOLDER, OBJECTS_FOLDER),
    BLOBS_FOLDER,
)
STATE_VERSION = 3
"""Counts how the state file is laid out."""
STATE_FOLDER = ".customlabels"
HEALTH, ADVANCE = "/_customlabels/health", "/_customlabels/advance"
KEY_HEADER = "X-Customlabels-Key"
SECRET = "local"  # noqa: S105 - none: what counts is the access key
_PATIENCE = 60.0
_LAG, _LEAST_LAG = 1.5, 0.2
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
    strict : whether it is as unkind as AWS: answers lag, permissions are enforced, inputs of every service are checked
    iam : whether permissions are enforced; with `strict` in any case
    lag : seconds that answers of Custom Labels lag behind writes; with `strict` some in any case
    """

    scale: float = 1.0
    real: bool = False
    rate: float = 5.0
    strict: bool = False
    iam: bool = False
    lag: float = 0.0

    @property
    def enforced(self) -> bool:
        return self.strict or self.iam

    @property
    def seconds_behind(self) -> float:
        """How far answers lag."""
        return self.lag or (max(_LEAST_LAG, _LAG * self.scale) if self.strict else 0.0)


FAST, USUAL, REAL = Pace(scale=0.05, rate=100.0), Pace(), Pace(real=True)


@dataclass(frozen=True, slots=True)
class Running:
    """A local service that answers; `key` is the access key that it takes for the owner's."""

    pid: int
    port: int
    pace: Pace = USUAL
    key: str = ""

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def running(state: Path) -> Running | None:
    """The service that keeps `state`; None where none answers."""
    port, key = _noted_port(state), _read_key(state)
    if port is None or key is None:
        return None
    nonce = secrets.token_hex(16)
    try:
        with _opener().open(f"http://127.0.0.1:{port}{HEALTH}?nonce={nonce}", timeout=10) as answer:
            shown = json.load(answer)
        if not hmac.compare_digest(str(shown["proof"]), proof(key, nonce)):
            return None
        return Running(int(shown["pid"]), port, Pace(**shown["pace"]), key)
    except (OSError, ValueError, TypeError, KeyError, http.client.HTTPException):
        return None


def proof(key: str, nonce: str) -> str:
    """What only who knows the key can answer."""
    return hmac.new(key.encode(), nonce.encode(), hashlib.sha256).hexdigest()


def is_installed() -> bool:
    """Whether what the service consists of beside this package is there: the extra `local`."""
    return all(find_spec(name) for name in ("aws_croniter", "cv2", "filelock", "moto", "regex", "sklearn"))


def make_folder(state: Path) -> None:
    """Makes the folder where it is not there, and sees that it is this user's alone.

    Raises
    ------
    ServiceError : it is another user's
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    if hasattr(os, "geteuid"):
        if state.stat().st_uid != os.geteuid():
            raise ServiceError(
                f"{state} belongs to another user", hint="--state names a folder of your own for the local service"
            )
        state.chmod(0o700)


def make_key(state: Path) -> str:
    """The state's own key, made where there is none."""
    key = _read_key(state)
    if key is None:
        key = "LOCAL" + secrets.token_hex(16).upper()
        descriptor = os.open(state / KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(key)
    return key


class Process(Protocol):
    """A process that was begun."""

    pid: int

    def kill(self) -> None: ...

    def poll(self) -> int | None:
        """The code it ended with; None while it runs."""


Begin = Callable[[Sequence[str], IO[bytes], Mapping[str, str]], Process]
"""Begins a process of the service with its words, what its output goes to, and its environment."""


def begin_process(words: Sequence[str], log: IO[bytes], environment: Mapping[str, str]) -> Process:
    """A process of the service, which outlives this one; what it prints goes to `log`."""
    command = [sys.executable, "-m", "customlabels.emulator.server.serving", *words]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
    )


def start(state: Path, pace: Pace | None = None, watch: Watch = UNWATCHED, begin: Begin = begin_process) -> Running:
    """The service that keeps `state`, started in the background where it is not up; on its old port if free.

    Parameters
    ----------
    pace : of a service that is started; where it is None, that which it had before
    watch : is told that one is started, which takes a moment
    begin : begins its process

    Raises
    ------
    ServiceError : it does not come up, or is not installed
    """
    service = running(state)
    if service is not None:
        return service
    if not is_installed():
        raise _not_installed()
    make_folder(state)
    _check_state(state)
    ignored = state / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n")
    pace = pace or _noted_pace(state)
    words = ["--state", str(state.resolve()), "--port", str(_noted_port(state) or 0)]
    words += ["--scale", str(pace.scale), "--rate", str(pace.rate)]
    words += ["--real"] if pace.real else []
    words += ["--strict"] if pace.strict else []
    words += ["--iam"] if pace.iam else []
    words += ["--lag", str(pace.lag)] if pace.lag else []
    private = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    # Threads of its own would have numpy wait busily for work that is done sooner by one; each of many threads would
    # keep what it once needed for a large body.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    with os.fdopen(os.open(state / LOG_FILE, private, 0o600), "ab") as log:
        process = begin(words, log, environment)
    with watch.step(f"starting the local service, which keeps its state in {state}"):
        service = _awaited(state, process)
    if service is not None:
        if service.pid != process.pid:
            # Another was quicker; once that one is stopped, this one would serve.
            process.kill()
        return service
    ended = process.poll()
    how = "is still reading its state" if ended is None else f"ended with status {ended}"
    raise ServiceError(f"the local service did not start: its process {how}", hint=_last_words(state / LOG_FILE))


def _awaited(state: Path, process: Process) -> Running | None:
    """The service, once it answers; None where its process ended, or takes longer than is waited for."""
    # A large state takes its time to be read; a process that lives is waited for.
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        service = running(state)
        if service is not None or process.poll() not in (None, 0):
            return service
        time.sleep(0.05)
    return None


def stop(state: Path) -> bool:
    """Ends the service; whether there was one."""
    pid = _holder(state)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    deadline = time.monotonic() + _PATIENCE
    while _holder(state) == pid and time.monotonic() < deadline:
        time.sleep(0.02)
    return True


def advance(state: Path, seconds: float) -> float:
    """Moves the clock of the service that keeps `state` on; its time, in seconds since 1970.

    Raises
    ------
    ServiceError : it is not up, or does not do it
    """
    service = running(state)
    if service is None:
        raise ServiceError("the local service is not running", hint="customlabels local start")
    address = f"{service.endpoint_url}{ADVANCE}?seconds={seconds!r}"
    request = urllib.request.Request(address, method="POST", headers={KEY_HEADER: service.key})  # noqa: S310 - loopback
    try:
        with _opener().open(request, timeout=_LONGEST_ADVANCE) as answer:
            return float(json.load(answer)["now"])
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        raise ServiceError(f"the local service did not move its clock on: {error}") from error


def reset(state: Path) -> None:
    """Ends the service and deletes what it holds; nothing else in the folder is touched."""
    stop(state)
    databases = (name + end for name in (STATE_FILE, FEATURES_FILE) for end in ("", "-wal", "-shm"))
    for name in (ADDRESS_FILE, KEY_FILE, LOCK_FILE, LOG_FILE, PID_FILE, *databases):
        (state / name).unlink(missing_ok=True)
    for name in _FOLDERS:
        shutil.rmtree(state / name, ignore_errors=True)


def _opener() -> urllib.request.OpenerDirector:
    """The environment's proxies have no say about a loopback address."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _read_key(state: Path) -> str | None:
    try:
        return (state / KEY_FILE).read_text() or None
    except OSError:
        return None


def _holder(state: Path) -> int | None:
    """The process that holds the state's lock; None where none does."""
    path = state / LOCK_FILE
    if not path.exists():
        return None
    try:
        from filelock import FileLock, Timeout
    except ImportError as error:
        raise _not_installed() from error
    lock = FileLock(path)
    try:
        with lock.acquire(timeout=0):
            return None
    except Timeout:
        pass
    try:
        return int((state / PID_FILE).read_text())
    except (OSError, ValueError):
        return None


def _check_state(state: Path) -> None:
    """Refuses a state that cannot be read, or that another version wrote.

    Raises
    ------
    ServiceError
    """
    path = state / STATE_FILE
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            ((number,),) = connection.execute("PRAGMA user_version").fetchall()
            ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
            if not tables:
                return
            if number == STATE_VERSION:
                ((fault,),) = connection.execute("PRAGMA quick_check(1)").fetchall() if _is_small(path) else [("ok",)]
                if fault != "ok":
                    raise sqlite3.DatabaseError(fault)
                wrote = connection.execute("SELECT value FROM setting WHERE name = 'moto'").fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "unable to open" in str(error):
            return
        raise _damaged(path, error) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path, error) from error
    if number != STATE_VERSION:
        raise ServiceError(
            f"{path} was written by another version of customlabels, or is no state of a local service",
            hint="customlabels local reset deletes it; --state names another folder",
        )
    if wrote and wrote[0][0] != version("moto"):
        raise ServiceError(
            f"{path} was written with moto {wrote[0][0]}; {version('moto')} is installed",
            hint=f"pip install moto=={wrote[0][0]} goes on with it; customlabels local reset deletes it",
        )


_SMALL = 64 * 1024 * 1024


def _is_small(path: Path) -> bool:
    """Whether looking a file through costs next to nothing."""
    return path.stat().st_size <= _SMALL


def _damaged(path: Path, error: Exception) -> ServiceError:
    if "not a database" in str(error):
        return ServiceError(
            f"{path} is no state of a local service",
            hint="customlabels local reset deletes it; --state names another folder",
        )
    return ServiceError(
        f"{path} is damaged: {error}",
        hint="put a copy of the folder back, or start anew: customlabels local reset deletes it",
    )


def _not_installed() -> ServiceError:
    return ServiceError(
        "the local service is not installed", hint="pip install 'customlabels[local]'; without it AWS is used"
    )


def _last_words(path: Path) -> str:
    """The end of the log, which says why."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return f"its log is {path}" + (f"; it ends: {lines[-1][:300]}" if lines else "")


def _noted(state: Path) -> dict[str, object]:
    try:
        noted = json.loads((state / ADDRESS_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _noted_port(state: Path) -> int | None:
    port = _noted(state).get("port")
    return port if isinstance(port, int) and 0 < port < 65536 else None


def _noted_pace(state: Path) -> Pace:
    try:
        return Pace(**_noted(state)["pace"])  # type: ignore[arg-type] # what does not fit is a TypeError
    except (KeyError, TypeError):
        return USUAL

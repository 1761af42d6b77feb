"""Where a local service is found: started when it is not up, reached again after it died.

Imports neither moto nor boto3: every command that works locally passes through here.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from customlabels.core.errors import ServiceError

ADDRESS_FILE = "server.json"
LOCK_FILE = "server.lock"
LOG_FILE = "server.log"
STATE_FILE = "state.sqlite"
VERSIONS_FOLDER = "versions"
STATE_FOLDER = ".customlabels"
_HEALTH, _ADVANCE = "/_customlabels/health", "/_customlabels/advance"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """A local service that answers."""

    pid: int
    port: int

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
            identity = json.load(answer).get("state")
    except (OSError, ValueError):
        return None
    return found if identity == str(state.resolve()) else None


def start(state: Path, *, pace: float = 1.0, rate: float = 5.0) -> Running:
    """The service that keeps `state`, started in the background where it is not up; on its old port if free.

    Parameters
    ----------
    pace : how long states last beside the usual; 0.1 is ten times faster
    rate : requests a second that an inference unit takes

    Raises
    ------
    ServiceError : it does not come up
    """
    found = running(state)
    if found is not None:
        return found
    state.mkdir(parents=True, exist_ok=True)
    ignored = state / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n")
    noted = _noted(state)
    command = [sys.executable, "-m", "customlabels.emulator.server", "--state", str(state.resolve())]
    with (state / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port", str(noted.port if noted else 0), "--pace", str(pace), "--rate", str(rate)],
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
    request = urllib.request.Request(f"{found.endpoint_url}{_ADVANCE}?seconds={seconds!r}", method="POST")  # noqa: S310
    try:
        with opener.open(request, timeout=60) as answer:
            return float(json.load(answer)["now"])
    except (OSError, ValueError, KeyError) as error:
        raise ServiceError(f"the local service did not move its clock on: {error}") from error


def reset(state: Path) -> None:
    """Ends the service and deletes what it holds; nothing else in the folder is touched."""
    stop(state)
    for name in (ADDRESS_FILE, LOCK_FILE, LOG_FILE, *(STATE_FILE + end for end in ("", "-wal", "-shm"))):
        (state / name).unlink(missing_ok=True)
    shutil.rmtree(state / VERSIONS_FOLDER, ignore_errors=True)


def _noted(state: Path) -> Running | None:
    try:
        return Running(**json.loads((state / ADDRESS_FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None

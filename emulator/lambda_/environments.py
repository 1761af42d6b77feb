"""Execution environments of Lambda functions: each a process that imports the handler once, and is kept between events.

What a handler leaves in its module, or below /tmp, is there at the next event that comes to the same environment. An
environment takes one event at a time, so events at once have one each. Source: Lambda developer guide, "Lambda
execution environment lifecycle".
"""

import json
import os
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_OUTPUT = 16 * 1024 * 1024
"""Bytes of what an invocation prints that are kept."""

_INIT_SECONDS = 10.0
"""Import may take as long before it counts as the first event's time. Source: "Init phase"."""

_MOST_IDLE, _MOST_IDLE_OF_ONE = 32, 16
_IDLE_SECONDS = 60.0
_LOOK = 1.0
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Setup:
    """What an environment is made of; a function that changes has another."""

    function: str
    """ARN and version, its timeout, and when it was made."""
    code: Path
    layers: tuple[Path, ...]
    handler: str
    megabytes: int
    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """How an event ended: with an answer, or with None as the time ran out or (`status`) the process ended."""

    answer: dict[str, Any] | None
    status: int | None
    output: str
    took: float
    """Seconds that the handler had the event."""
    init: float | None
    """Seconds that the import took, where it was for this event."""


class Environment:
    """A process of a function; `stream` is its stream in CloudWatch Logs, its files are below `scratch`."""

    def __init__(self, setup: Setup, stream: str, scratch: Path) -> None:
        self.setup = setup
        self.stream = stream
        self.idle_since = 0.0
        self._usable = True
        self._began = time.monotonic()
        self._new = True
        self._received = bytearray()
        scratch.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix="function-", dir=scratch))
        home = self._scratch / "tmp"
        home.mkdir()
        self._output = self._scratch / "output"
        theirs, self._to = os.pipe()
        self._from, answers = os.pipe()
        about = {
            "code": str(setup.code),
            "layers": [str(layer) for layer in setup.layers],
            "handler": setup.handler,
            "megabytes": setup.megabytes,
            "file_bytes": MOST_OUTPUT * 32,
            "scratch": str(self._scratch),
            "read": theirs,
            "write": answers,
        }
        try:
            with self._output.open("ab") as printed:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", str(_BOOTSTRAP), json.dumps(about)],
                    cwd=setup.code,
                    env={
                        **dict(setup.variables),
                        "HOME": str(home),
                        "TMPDIR": str(home),
                        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
                    },
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(theirs, answers),
                )
        finally:
            os.close(theirs)
            os.close(answers)
        os.set_blocking(self._to, False)

    def call(self, event: bytes, request: str, arn: str, seconds: float) -> Reply:
        """Hands an event over, and waits for its answer; an environment that did not answer is of no use any more."""
        init, self._usable = None, False
        began = time.monotonic()
        try:
            ready: dict[str, Any] | None = {}
            if self._new:
                self._new = False
                ready = self._receive(self._began + _INIT_SECONDS)
                began = time.monotonic()
                init = began - self._began
            reply = ready
            if not ready:
                about = json.dumps({"id": request, "arn": arn, "seconds": seconds}).encode()
                self._send(about + b"\n" + event, began + seconds)
                reply = self._receive(began + seconds)
                if ready is None and reply == {}:
                    reply = self._receive(began + seconds)
        except (EOFError, BrokenPipeError):
            return Reply(None, self._status(), self._printed(), time.monotonic() - began, init)
        self._usable = reply is not None and reply.get("ends") is False
        return Reply(reply, None, self._printed(), time.monotonic() - began, init)

    @property
    def usable(self) -> bool:
        """Whether another event can be handed to it."""
        return self._usable and self._process.poll() is None

    def end(self) -> None:
        """Ends the process and whatever it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for descriptor in (self._to, self._from):
            os.close(descriptor)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _send(self, message: bytes, deadline: float) -> None:
        """Writes as much as there is time for."""
        left = memoryview(_LENGTH.pack(len(message)) + message)
        while left and self._wait(self._to, selectors.EVENT_WRITE, deadline):
            left = left[os.write(self._to, left) :]

    def _receive(self, deadline: float) -> dict[str, Any] | None:
        """The next message; None where none came in time.

        Raises
        ------
        EOFError : the process ended
        """
        while True:
            if len(self._received) >= _LENGTH.size:
                end = _LENGTH.size + int(_LENGTH.unpack_from(self._received)[0])
                if len(self._received) >= end:
                    message = bytes(self._received[_LENGTH.size : end])
                    del self._received[:end]
                    reply: dict[str, Any] = json.loads(message)
                    return reply
            if not self._wait(self._from, selectors.EVENT_READ, deadline):
                return None
            part = os.read(self._from, 1 << 20)
            if not part:
                raise EOFError
            self._received += part

    def _wait(self, descriptor: int, what: int, deadline: float) -> bool:
        """Whether the descriptor is ready in time.

        Raises
        ------
        EOFError : the process ended, and left its end of the pipe to one that it started
        """
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, what)
            while (left := deadline - time.monotonic()) > 0:
                if selector.select(min(left, _LOOK)):
                    return True
                if self._process.poll() is not None and not selector.select(0):
                    raise EOFError
        return False

    def _status(self) -> int:
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_LOOK)
        return -signal.SIGKILL

    def _printed(self) -> str:
        """What was printed since the last event."""
        with self._output.open("rb") as file:
            text = file.read(MOST_OUTPUT).decode(errors="replace")
        os.truncate(self._output, 0)
        return text


class Pool:
    """Keeps environments that have nothing to do; `is_current` says whether a setup is still that of its function."""

    def __init__(self, is_current: Callable[[Setup], bool], scratch: Path) -> None:
        self._is_current = is_current
        self._scratch = scratch
        self._idle: list[Environment] = []
        self._lock = threading.Lock()

    def take(self, setup: Setup, stream: Callable[[], str]) -> Environment:
        """An environment of that setup: the one that was in use last, or a new one with that stream."""
        with self._lock:
            environment = next((idle for idle in reversed(self._idle) if idle.setup == setup and idle.usable), None)
            if environment is not None:
                self._idle.remove(environment)
                return environment
        return Environment(setup, stream(), self._scratch)

    def give(self, environment: Environment) -> None:
        """Takes one back; it is ended where it is of no use, or there are enough."""
        over: list[Environment] = []
        with self._lock:
            if environment.usable:
                environment.idle_since = time.monotonic()
                self._idle.append(environment)
                of_one = [held for held in self._idle if held.setup == environment.setup]
                over = of_one[:-_MOST_IDLE_OF_ONE] or self._idle[:-_MOST_IDLE]
                self._idle = [held for held in self._idle if held not in over]
            else:
                over = [environment]
        for held in over:
            held.end()

    def end_old(self) -> None:
        """Ends what was idle for long, and what belongs to a function that was changed or deleted."""
        with self._lock:
            idle = list(self._idle)
        long_ago = time.monotonic() - _IDLE_SECONDS
        old = [
            held for held in idle if held.idle_since < long_ago or not held.usable or not self._is_current(held.setup)
        ]
        with self._lock:
            old = [held for held in old if held in self._idle]
            self._idle = [held for held in self._idle if held not in old]
        for held in old:
            held.end()

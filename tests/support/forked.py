"""Commands and services, forked from a process that has imported what others wrote: half of a short command's time.

Each is a process of its own all the same, with a folder, an environment and streams of its own. Nothing of ours is
imported beforehand, so that each imports our modules in its own order, as it does where people run it. The process that
forks ends with the tests' process, which alone holds the other end of its socket. Services that commands start are
begun as they are for people.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

COMMAND, SERVICE = "customlabels.cli.main", "customlabels.emulator.server.serving"
_IMPORTED = {
    COMMAND: (
        *("boto3.s3.inject", "boto3.session", "click", "jinja2", "msgspec", "orjson", "PIL.Image", "pydantic"),
        *("rich.console", "rich.progress", "rich.table", "sqlite3", "urllib.request", "yaml"),
    ),
    # CloudFormation's model imports those of all services, which takes a second.
    SERVICE: (
        *("aws_croniter", "boto3.s3.inject", "cv2", "filelock", "moto.cloudformation.parsing", "msgspec", "numpy"),
        *("moto.moto_server.werkzeug_app", "orjson", "regex", "requests", "sqlite3", "werkzeug.serving"),
        *("moto.s3.responses", "moto.sqs.responses", "moto.iam.responses", "moto.cloudformation.responses"),
    ),
}
_NUMBER = struct.Struct("!i")


def suits(environment: Mapping[str, str]) -> bool:
    """Whether Python would be no other if it started with that environment."""
    ours = _environment()
    about = [name for name in {*environment, *ours} if name.startswith(("PYTHON", "LANG", "LC_"))]
    return all(environment.get(name, "") == ours.get(name, "") for name in about)


def _environment() -> dict[str, str]:
    """What the process that forks starts with."""
    return {**os.environ, "PYTHONPATH": ""}


class Process:
    """A process under way, and what it prints to."""

    def __init__(
        self, module: str, words: Sequence[str], folder: Path, environment: Mapping[str, str], printed: list[IO[bytes]]
    ) -> None:
        self._channel, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(_forking(module), [b"!"], [theirs.fileno(), *(file.fileno() for file in printed)])
        self._channel.sendall(json.dumps([words, str(folder), dict(environment)]).encode() + b"\n")
        self.pid = self._number()
        self.returncode: int | None = None

    def wait(self, seconds: float) -> int | None:
        """Its code as soon as it has ended; None where it takes longer than that."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            if self.returncode is None and selector.select(seconds):
                self.returncode = self._number()
        return self.returncode

    def poll(self) -> int | None:
        """Its code; None while it runs."""
        return self.wait(0)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def _number(self) -> int:
        return int(_NUMBER.unpack(self._channel.recv(_NUMBER.size))[0])


class Command(Process):
    """A command under way."""

    def __init__(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._printed = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 - closed when they are read
        super().__init__(COMMAND, words, folder, environment, self._printed)

    def output(self, seconds: float) -> tuple[str, str]:
        """What it printed to standard output and standard error, once it has ended.

        Raises
        ------
        subprocess.TimeoutExpired : it takes longer than that, and was killed
        """
        if self.wait(seconds) is None:
            self.kill()
            raise subprocess.TimeoutExpired("customlabels", seconds)
        self._channel.close()
        texts = []
        for file in self._printed:
            with file:
                file.seek(0)
                texts.append(file.read().decode())
        return texts[0], texts[1]


def begin_service(words: Sequence[str], log: IO[bytes], environment: Mapping[str, str]) -> Process:
    """A process of the local service, which outlives this one."""
    return Process(SERVICE, words, Path.cwd(), environment, [log, log])


@cache
def _forking(module: str) -> socket.socket:
    """Where processes are asked for."""
    mine, theirs = socket.socketpair()
    with theirs:
        subprocess.Popen(
            [sys.executable, "-P", __file__, module, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # As the service starts: numpy has no threads of its own, which a fork would lose.
            env={**_environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
            pass_fds=[theirs.fileno()],
        )
    return mine


def _fork(module: str, asked: socket.socket) -> None:
    """Forks a process for each that is asked for, and one that tells how it ended."""
    for name in _IMPORTED[module]:
        importlib.import_module(name)
    # What a search for garbage touched, each process would have to copy.
    gc.freeze()
    while descriptors := socket.recv_fds(asked, 1, 3)[1]:
        if os.fork() == 0:
            asked.close()
            _attend(module, *descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _attend(module: str, channel: int, output: int, errors: int) -> None:
    """Runs a process, and beside it waits for its end."""
    if module == SERVICE:
        # What is sent to the tests' group is not meant for it.
        os.setsid()
    told = socket.socket(fileno=channel)
    with told.makefile("rb") as lines:
        words, folder, environment = json.loads(lines.readline())
    pid = os.fork()
    if pid:
        for descriptor in (output, errors):
            os.close(descriptor)
        # A service outlives whoever asked for it.
        with suppress(BrokenPipeError):
            told.sendall(_NUMBER.pack(pid))
            told.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
        os._exit(0)
    told.close()
    for number, descriptor in enumerate((output, errors), 1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.path.insert(0, folder)
    sys.argv[1:] = words
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        sys.stdout.flush()
        sys.stderr.flush()
        # Python's own end, module by module, takes as long as many a command.
        os._exit(int(ended.code or 0))


if __name__ == "__main__":
    _fork(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))

"""The command, forked from a process that has imported what others wrote: that is half of a short command's time.

Each command is a process of its own all the same, with a folder, an environment and streams of its own. Nothing of ours
is imported beforehand, so that each command imports our modules in its own order, as it does where people run it. The
process that forks ends with the tests' process, which alone holds the other end of its socket.
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

_IMPORTED = (
    *("boto3.s3.inject", "boto3.session", "click", "jinja2", "msgspec", "orjson", "PIL.Image", "pydantic"),
    *("rich.console", "rich.progress", "rich.table", "sqlite3", "urllib.request", "yaml"),
)
_NUMBER = struct.Struct("!i")


def suits(environment: Mapping[str, str]) -> bool:
    """Whether Python would be no other if it started with that environment."""
    ours = _environment()
    about = [name for name in {*environment, *ours} if name.startswith(("PYTHON", "LANG", "LC_"))]
    return all(environment.get(name, "") == ours.get(name, "") for name in about)


def _environment() -> dict[str, str]:
    """What the process that forks starts with."""
    return {**os.environ, "PYTHONPATH": ""}


class Running:
    """A command under way."""

    def __init__(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._channel, theirs = socket.socketpair()
        self._printed = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 - closed when they are read
        with theirs:
            descriptors = [theirs.fileno(), *(file.fileno() for file in self._printed)]
            socket.send_fds(_forking(), [b"!"], descriptors)
        self._channel.sendall(json.dumps([words, str(folder), dict(environment)]).encode() + b"\n")
        self._pid = self._number()
        self.returncode: int | None = None

    def wait(self, seconds: float) -> int | None:
        """Its code as soon as it has ended; None where it takes longer than that."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            if self.returncode is None and selector.select(seconds):
                self.returncode = self._number()
        return self.returncode

    def output(self, seconds: float) -> tuple[str, str]:
        """What it printed to standard output and standard error, once it has ended.

        Raises
        ------
        subprocess.TimeoutExpired : it takes longer than that, and was killed
        """
        if self.wait(seconds) is None:
            os.kill(self._pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired("customlabels", seconds)
        self._channel.close()
        texts = []
        for file in self._printed:
            with file:
                file.seek(0)
                texts.append(file.read().decode())
        return texts[0], texts[1]

    def _number(self) -> int:
        return int(_NUMBER.unpack(self._channel.recv(_NUMBER.size))[0])


@cache
def _forking() -> socket.socket:
    """Where commands are asked for."""
    mine, theirs = socket.socketpair()
    with theirs:
        subprocess.Popen(
            [sys.executable, "-P", __file__, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=_environment(),
            pass_fds=[theirs.fileno()],
        )
    return mine


def _fork(asked: socket.socket) -> None:
    """Forks a process for each command that is asked for, and one that tells how it ended."""
    for name in _IMPORTED:
        importlib.import_module(name)
    # What a search for garbage touched, each process would have to copy.
    gc.freeze()
    while descriptors := socket.recv_fds(asked, 1, 3)[1]:
        if os.fork() == 0:
            asked.close()
            _attend(*descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _attend(channel: int, output: int, errors: int) -> None:
    """Runs a command, and beside it waits for its end."""
    told = socket.socket(fileno=channel)
    with told.makefile("rb") as lines:
        words, folder, environment = json.loads(lines.readline())
    pid = os.fork()
    if pid:
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
        runpy.run_module("customlabels.cli.main", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        sys.stdout.flush()
        sys.stderr.flush()
        # Python's own end, module by module, takes as long as many a command.
        os._exit(int(ended.code or 0))


if __name__ == "__main__":
    _fork(socket.socket(fileno=int(sys.argv[1])))

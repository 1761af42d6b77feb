"""Signals made an orderly end: a cancelled job, a closed terminal or `docker stop` ends a command as Ctrl-C does.

What was started is stopped again on the way out, and no further signal cuts that short.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))

_LATER = 0.01
"""Seconds."""


class Terminated(KeyboardInterrupt):
    """The process was told to end, by a signal other than Ctrl-C's."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number
        """As a shell has it: 143 for SIGTERM, 129 for SIGHUP."""


@contextmanager
def orderly() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP raise Terminated, unless the process was told to ignore them (nohup)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, _raise)
    hook, sys.unraisablehook = sys.unraisablehook, _again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def unbroken(doing: str) -> Iterator[None]:
    """Within the block no signal ends the process but SIGKILL; the first that comes is raised after it.

    Parameters
    ----------
    doing : said where one comes, so that a person knows what is waited for
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, *_ENDING)
    before = {number: signal.getsignal(number) for number in numbers}
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) <= 3:
            with suppress(OSError, ValueError):
                print(f"{doing}; kill -9 alone ends this at once", file=sys.stderr, flush=True)

    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        if came[0] == signal.SIGINT:
            raise KeyboardInterrupt
        raise Terminated(came[0])


def _raise(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)


def _again(unraisable: "sys.UnraisableHookArgs") -> None:
    """Sends a signal once more that came while Python called back, as when an object goes: nothing is raised there."""
    if isinstance(unraisable.exc_value, Terminated):
        number = unraisable.exc_value.exit_code - 128
    elif isinstance(unraisable.exc_value, KeyboardInterrupt):
        number = signal.SIGINT
    else:
        sys.__unraisablehook__(unraisable)
        return
    later = threading.Timer(_LATER, os.kill, (os.getpid(), number))
    later.daemon = True
    later.start()

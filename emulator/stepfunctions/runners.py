"""Threads that run executions: each is busy, waits for a moment, or waits for threads that it began.

Who moves the clock on can tell from it when nothing goes on any more before the next moment.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

_LOOK = 0.5
"""Real seconds after which who waits looks at the clock, whether or not it was told."""


@dataclass(eq=False, slots=True)
class _Runner:
    """A thread; `until` is the moment that it waits for, `asleep_with` how many of its own were left when it fell
    asleep to wait for them."""

    parent: "_Runner | None"
    children: int = 0
    until: float | None = None
    asleep_with: int | None = None


class Runners:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._all: set[_Runner] = set()
        self._own = threading.local()

    def go(self, act: Callable[[], None]) -> None:
        """Runs in a thread of its own."""
        runner = _Runner(getattr(self._own, "runner", None))
        with self._changed:
            self._all.add(runner)
            if runner.parent is not None:
                runner.parent.children += 1
        threading.Thread(target=self._run, args=(runner, act), name="states", daemon=True).start()

    def _run(self, runner: _Runner, act: Callable[[], None]) -> None:
        self._own.runner = runner
        try:
            act()
        except Exception:
            log.exception("an execution")
        finally:
            with self._changed:
                self._all.discard(runner)
                if runner.parent is not None:
                    runner.parent.children -= 1
                self._changed.notify_all()

    def wait_until(self, at: float, halted: Callable[[], bool]) -> None:
        """Returns at that moment of the clock, or when it is halted."""
        runner: _Runner = self._own.runner
        with self._changed:
            runner.until = at
            self._changed.notify_all()
            while (left := at - self._clock()) > 0 and not halted():
                self._changed.wait(min(left, _LOOK))
            runner.until = None

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Returns when that holds, which is looked at whenever a thread that this one began has ended."""
        runner: _Runner = self._own.runner
        with self._changed:
            while not holds():
                runner.asleep_with = runner.children
                self._changed.notify_all()
                self._changed.wait(_LOOK)
            runner.asleep_with = None

    def wake(self) -> None:
        """Has those who wait look at the clock, and at whether they are halted."""
        with self._changed:
            self._changed.notify_all()

    def next_moment(self) -> float | None:
        """The first moment that a thread waits for."""
        with self._changed:
            return min((runner.until for runner in self._all if runner.until is not None), default=None)

    def settle(self, patience: float) -> None:
        """Returns when every thread waits for a later moment or for another, or after so many real seconds."""
        ends = time.monotonic() + patience
        with self._changed:
            self._changed.notify_all()
            while not all(map(self._is_asleep, self._all)) and (left := ends - time.monotonic()) > 0:
                self._changed.wait(min(left, _LOOK))

    def _is_asleep(self, runner: _Runner) -> bool:
        if runner.until is not None:
            return runner.until > self._clock()
        return runner.asleep_with is not None and runner.asleep_with == runner.children > 0

"""Images that wait in a queue while weeks are walked through: the oldest is done first, at the model's rate."""

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from customlabels.scheduler.actions import Action, Kind
from customlabels.scheduler.backlog import Queue
from customlabels.scheduler.line import Line, backlog, looked, remembered
from customlabels.scheduler.uptime import Schedule

_MINUTE = timedelta(minutes=1)
_WORKED_ON = 2.0
"""Seconds that an image takes from its arrival until it is done, where nothing waits."""

_NOTHING = 1e-6


@dataclass(slots=True)
class Waiting:
    """The queue of a walk.

    Parameters
    ----------
    start : when its first minute begins
    requests : that come in each minute
    late : those of each minute that were done after the deadline, or are not done, and past it
    left : those of each minute that are not done, and not past it
    longest : minutes that the slowest took
    """

    start: datetime
    requests: list[float]
    deadline: timedelta
    late: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    longest: int = 0
    _queue: deque[tuple[int, float]] = field(default_factory=deque)
    _line: Line | None = None
    _open: bool = False
    _done: float = 0.0
    _under_way: float = 0.0
    """What of an image looks have not yet seen being worked on: of a trickle most see none, and some see one."""

    def __post_init__(self) -> None:
        self.late = [0.0] * len(self.requests)
        self.left = [0.0] * len(self.requests)

    def seen(self, now: datetime, schedule: Schedule, units: int) -> tuple[Queue, bool]:
        """The queue as the sweep sees it, and whether it is open; `units` is of the model that runs."""
        minute = (now - self.start) // _MINUTE - 1
        visible = math.ceil(sum(count for _, count in self._queue) - _NOTHING)
        come = self.requests[minute] if minute >= 0 and self._open and units else 0.0
        self._under_way += come / 60 * _WORKED_ON
        in_flight = math.floor(self._under_way + _NOTHING)
        self._under_way = max(0.0, self._under_way - in_flight)
        turn = f"{self._done:.0f}" if self._done else ""
        works = units if self._open else 0
        self._line = looked(self._line, now, visible + in_flight, schedule, units=works, turn=turn)
        oldest = self.start + self._queue[0][0] * _MINUTE if self._queue else None
        return backlog(self._line, visible, in_flight, oldest, self.deadline), self._open

    def recalled(self, now: datetime) -> Queue:
        """The queue as those know it who do not look."""
        return remembered(self._line, now, self.deadline)

    def do(self, action: Action) -> None:
        """Opens or closes the queue, where that is what is to be done."""
        if action.kind in {Kind.OPEN, Kind.CLOSE}:
            self._open = action.kind is Kind.OPEN

    def pass_minute(self, minute: int, takes: float) -> None:
        """Lets a minute pass in which a model takes so many requests."""
        if self.requests[minute]:
            self._queue.append((minute, self.requests[minute]))
        left = takes if self._open else 0.0
        while self._queue and left > _NOTHING:
            came, count = self._queue.popleft()
            met = min(count, left)
            left -= met
            self._done += met
            self.longest = max(self.longest, minute - came)
            if minute - came > self.deadline // _MINUTE:
                self.late[came] += met
            if count - met > _NOTHING:
                self._queue.appendleft((came, count - met))

    def end(self) -> None:
        """Counts what is not done."""
        last = len(self.requests) - 1
        for came, count in self._queue:
            into = self.late if last - came > self.deadline // _MINUTE else self.left
            into[came] += count

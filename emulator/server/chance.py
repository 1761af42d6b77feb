"""Chance and time, as moto's services draw them: the service's own clock, and on replay what they drew before.

Names that AWS makes up and dates that it notes are the same when a journalled request is done again: it is kept with
the moment it ran at and the seed of its random numbers. Source of moto's names: moto.moto_api._internal,
moto.core.utils.
"""

import datetime
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from moto.moto_api._internal import mock_random
from moto.moto_api._internal.moto_random import MotoRandom

from customlabels.emulator.server.seams import replace


class _Thread(threading.local):
    def __init__(self) -> None:
        self.random = random.Random()  # noqa: S311 - names, no secrets
        self.at: float | None = None


_thread = _Thread()
_clock: Callable[[], float] = time.time


class _ThreadRandom(MotoRandom):  # type: ignore[misc] # moto is not typed
    """Each thread draws for itself, so that what others do leaves no trace."""

    def random(self) -> float:
        return _thread.random.random()

    def getrandbits(self, k: int, /) -> int:
        return _thread.random.getrandbits(k)


class _Moment(datetime.datetime):
    """A datetime whose now is the service's."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "_Moment":
        return cls.fromtimestamp(_clock() if _thread.at is None else _thread.at, tz)


def install(clock: Callable[[], float]) -> None:
    """Makes moto tell the time by `clock`, and draw its random names thread by thread."""
    global _clock
    _clock = clock
    mock_random.__class__ = _ThreadRandom
    replace("moto.moto_api._internal:mock_random", mock_random)
    told = SimpleNamespace(datetime=_Moment, timezone=datetime.timezone, timedelta=datetime.timedelta)
    replace("moto.core.utils:datetime", told)


@contextmanager
def drawing(seed: int, at: float | None = None) -> Iterator[None]:
    """Requests of this thread draw their random numbers from that seed; with `at` they are replayed at that time."""
    before = _thread.random, _thread.at
    _thread.random, _thread.at = random.Random(seed), at  # noqa: S311 - names, no secrets
    try:
        yield
    finally:
        _thread.random, _thread.at = before


def replaying() -> bool:
    """Whether what this thread does has been done before."""
    return _thread.at is not None

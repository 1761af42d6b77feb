"""Waiting for a state of the service: often at first, then less."""

import time
from collections.abc import Callable
from typing import TypeVar

from customlabels.core.errors import ServiceError

Seen = TypeVar("Seen")

_FIRST, _GROWTH, _LONGEST = 0.3, 1.15, 30.0


def wait_for(
    look: Callable[[], Seen | None],
    *,
    what: str,
    most: float,
    tick: Callable[[float], None] = lambda seconds: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Seen:
    """What `look` gives when it first gives something.

    Parameters
    ----------
    most : seconds after which it gives up
    tick : called before each further look with the seconds waited so far

    Raises
    ------
    ServiceError : `look` gave nothing for `most` seconds
    """
    began, pause = clock(), _FIRST
    while True:
        seen = look()
        if seen is not None:
            return seen
        if clock() - began > most:
            raise ServiceError(f"{what}: not done after {most / 60:.0f} minutes", hint="run the same command again")
        sleep(pause)
        tick(clock() - began)
        pause = min(pause * _GROWTH, _LONGEST)

"""Waiting for a state of the service: often at first, then less, and patient with what passes."""

import time
from collections.abc import Callable
from typing import TypeVar

from customlabels.core.errors import UNREACHED, ServiceError
from customlabels.core.grace import GRACE as GRACE

Outcome = TypeVar("Outcome")

_FIRST, _GROWTH, _LONGEST = 0.3, 1.15, 30.0
_PATIENCE = 3600.0
"""Seconds for which looking may fail in a row: a network that is gone, a login that has to be renewed."""

_PASSING = {
    *(
        UNREACHED,
        "ThrottlingException",
        "Throttling",
        "ProvisionedThroughputExceededException",
        "RequestTimeout",
        "SlowDown",
    ),
    *("InternalServerError", "InternalFailure", "InternalError", "ServiceUnavailable", "500", "502", "503", "504"),
    *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException"),
}
"""Codes of what may be over at the next look."""


def wait_for(
    look: Callable[[], Outcome | None],
    *,
    what: str,
    most: float,
    tick: Callable[[float], None] = lambda seconds: None,
    notify: Callable[[str], None] = lambda sentence: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """What `look` gives when it first gives something.

    Parameters
    ----------
    most : seconds after which it gives up
    tick : called before each further look with the seconds waited so far
    notify : told once when looking fails for a reason that may pass; looking goes on

    Raises
    ------
    ServiceError : `look` gave nothing for `most` seconds, or failed for good
    """
    began, pause, failing = clock(), _FIRST, None
    while True:
        try:
            seen = look()
            failing = None
        except ServiceError as error:
            now = clock()
            if error.code not in _PASSING or (failing is not None and now - failing > _PATIENCE):
                raise
            if failing is None:
                failing = now
                notify(f"{error.message}; still waiting{f' ({error.hint})' if error.hint else ''}")
            seen = None
        if seen is not None:
            return seen
        if clock() - began > most:
            raise ServiceError(f"{what}: not done after {most / 60:.0f} minutes", hint="run the same command again")
        sleep(pause)
        tick(clock() - began)
        pause = min(pause * _GROWTH, _LONGEST)

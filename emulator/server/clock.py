"""The service's own time: real, plus what it was moved on by."""

import threading
import time

from customlabels.emulator.server.store import Store

_KEY, _FIRED = "advanced", "fired"
MOST_AT_ONCE = 100 * 365 * 86400.0
"""Seconds."""


class Clock:
    """Called, it tells the time in seconds since 1970. What it was moved on by is kept on disk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._advanced = float(store.get_setting(_KEY) or 0)

    def __call__(self) -> float:
        return time.time() + self._advanced

    def advance(self, seconds: float) -> float:
        """Moves on; the new time. Time never goes back.

        Raises
        ------
        ValueError : `seconds` is negative, or no number
        """
        if not 0 <= seconds <= MOST_AT_ONCE:
            raise ValueError("time moves on, by at most a hundred years")
        with self._lock:
            self._store.put_setting(_KEY, repr(self._advanced + seconds))
            self._advanced += seconds
        return self()

    def fired(self) -> float | None:
        """Until when all that fell due was fired, as far as is noted; None after an orderly end."""
        noted = self._store.get_setting(_FIRED)
        return float(noted) if noted else None

    def note_fired(self, at: float | None) -> None:
        """Notes until when all that fell due was fired, with the transaction that it is called in."""
        self._store.put_setting(_FIRED, "" if at is None else repr(at))

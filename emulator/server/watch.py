"""The one thread that looks after what goes on by itself: schedules, queues, idle processes, the state's end."""

import logging
import threading
import time
from collections.abc import Callable

TICK = 0.5
"""Seconds between looks."""

log = logging.getLogger(__name__)


def watch(looks: dict[str, Callable[[], None]]) -> None:
    """Begins to call each of `looks` again and again; one that fails is logged and called again."""
    threading.Thread(target=_watch, args=(looks,), name="watch", daemon=True).start()


def _watch(looks: dict[str, Callable[[], None]]) -> None:
    while True:
        time.sleep(TICK)
        for name, look in looks.items():
            try:
                look()
            except Exception:
                log.exception("looking after %s", name)

"""Progress in a notebook of Jupyter, which has no terminal to draw a bar on."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from customlabels.core.printable import printable

_BETWEEN = 0.2
"""Seconds between two pictures of a bar: each is a message to the browser."""


def in_notebook() -> bool:
    """Whether a cell of a notebook is run, by a kernel of Jupyter."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and getattr(shell, "kernel", None) is not None


@contextmanager
def notebook_bar(
    title: str, total: int | None, after: float, *, in_bytes: bool = False
) -> Iterator[Callable[[int], None]]:
    """A bar below the cell, which becomes a line at its end.

    Parameters
    ----------
    after : seconds that pass before it appears; what takes less is a line alone
    """
    from IPython.display import display

    title = printable(title)
    began = shown = time.monotonic()
    done = 0
    handle: Any = None
    # Steps are told from threads too, and a bar is shown once.
    lock = threading.Lock()

    def advance(count: int) -> None:
        nonlocal done, shown, handle
        with lock:
            done += count
            now = time.monotonic()
            if now - began < after or (handle is not None and now - shown < _BETWEEN):
                return
            shown = now
            picture = _picture(title, done, total, in_bytes=in_bytes)
            if handle is None:
                handle = display(picture, raw=True, display_id=True)  # type: ignore[no-untyped-call] # IPython is not typed
            else:
                handle.update(picture, raw=True)

    try:
        yield advance
    finally:
        line = {"text/plain": f"{title} · {time.monotonic() - began:.1f} s"}
        if handle is None:
            display(line, raw=True)  # type: ignore[no-untyped-call] # IPython is not typed
        else:
            handle.update(line, raw=True)


def _picture(title: str, done: int, total: int | None, *, in_bytes: bool) -> dict[str, str]:
    far, whole = (f"{count / 1e6:,.1f} MB" if in_bytes else f"{count}" for count in (done, total or 0))
    count = far if total is None else f"{far} of {whole}"
    bar = "<progress></progress>" if total is None else f'<progress value="{done}" max="{total}"></progress>'
    return {"text/html": f"{bar} {escape(title)} · {count}", "text/plain": f"{title} · {count}"}

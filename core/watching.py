"""Who is told how a use case goes: a console, a callback of Python, or nobody."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

Progress = Callable[[str, int, int | None], None]
"""Called with a step's title, how much of it is done, and how much there is; None where that is not known.

Images are counted; of what is hashed or uploaded, bytes are.
"""


class Watch(Protocol):
    """Steps, notes and warnings of a use case; none of them changes what it does."""

    def step(
        self, title: str, total: int | None = None, *, in_bytes: bool = False
    ) -> AbstractContextManager[Callable[[int], None]]:
        """A step; the block calls what it gets with the count, or the bytes, done since the last call."""
        ...

    def note(self, text: str) -> None:
        """Something on the way."""
        ...

    def warn(self, text: str) -> None:
        """Something that a person should know of although the use case goes on."""
        ...


class Unwatched:
    """Nobody is told."""

    def step(
        self,
        title: str,  # noqa: ARG002 - as Watch has it
        total: int | None = None,  # noqa: ARG002 - as Watch has it
        *,
        in_bytes: bool = False,  # noqa: ARG002 - as Watch has it
    ) -> AbstractContextManager[Callable[[int], None]]:
        return nullcontext(lambda count: None)

    def note(self, text: str) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Nothing."""


UNWATCHED: Watch = Unwatched()


class Callbacks:
    """Progress to one callback, notes and warnings to another."""

    def __init__(self, progress: Progress, say: Callable[[str], None] = lambda text: None) -> None:
        self._progress, self._say = progress, say

    @contextmanager
    def step(
        self,
        title: str,
        total: int | None = None,
        *,
        in_bytes: bool = False,  # noqa: ARG002 - as Watch has it
    ) -> Iterator[Callable[[int], None]]:
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            self._progress(title, done, total)

        self._progress(title, 0, total)
        yield advance

    def note(self, text: str) -> None:
        self._say(text)

    def warn(self, text: str) -> None:
        self._say(f"warning: {text}")


def ticking(advance: Callable[[int], None]) -> Callable[[float], None]:
    """What a wait calls between looks, so that a step shows that it goes on."""
    return lambda seconds: advance(0)

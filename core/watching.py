"""Who is told how something long goes: the console, or whatever a program has in its place."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Watch(Protocol):
    """Told of each step as it begins; what it gives is called with how much of it is done."""

    def step(self, title: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]: ...


class Unwatched:
    """Nobody is told."""

    def step(self, title: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]:  # noqa: ARG002
        return nullcontext(lambda count: None)


UNWATCHED: Watch = Unwatched()

"""What a probe makes is removed again, whatever happens: an error, Ctrl-C, a signal that ends the process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from customlabels.core.errors import CustomLabelsError
from customlabels.core.signals import unbroken
from customlabels.core.watching import Watch


class Removal:
    """What is to be removed, and what could not be."""

    def __init__(self) -> None:
        self._due: list[tuple[str, Callable[[], None]]] = []
        self.left: list[str] = []
        """What is left, why, and how it is removed by hand."""

    def owe(self, what: str, remove: Callable[[], None]) -> None:
        """Has `remove` called at the end; it is owed before the thing is made, and takes it that there is none."""
        self._due.append((what, remove))

    def settle(self, watch: Watch) -> None:
        """Removes everything, the last first; what cannot be removed is noted, and keeps nothing else from it."""
        while self._due:
            what, remove = self._due.pop()
            try:
                with watch.step(f"removing {what}"):
                    remove()
            except CustomLabelsError as error:
                self.left.append(f"{what}: {error.message}")


@contextmanager
def removed_after(watch: Watch) -> Iterator[Removal]:
    """All that is owed in the block is removed when it ends, and no signal but SIGKILL cuts that short."""
    removal = Removal()
    try:
        yield removal
    finally:
        with unbroken("what the probe made is being removed first"):
            removal.settle(watch)
            for sentence in removal.left:
                watch.warn(f"LEFT OVER, remove it by hand: {sentence}")

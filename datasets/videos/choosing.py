"""Which frames of a video are taken: every so many seconds, none like the last, at most so many. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sketch = NDArray[np.float32]
    """A picture's grey values, 0..255, in SKETCH_SIDE rows of as many: each the mean of its part of the picture."""

SKETCH_SIDE = 32

SIMILAR = 6.0
"""Grey levels: of two frames that differ less in every part, one is enough.

Noise and compression shift the mean of a part by one or two; a scratch that is seen at all, by more than six.
"""

CUT = 30.0
"""Grey levels that frames before and after a cut differ by on the average; what moves in a scene changes a part."""

Kept = TypeVar("Kept")


def are_similar(sketch: "Sketch", other: "Sketch") -> bool:
    """Whether two frames show the same, up to noise; one that is brighter as a whole shows something else."""
    return bool(abs(sketch - other).max() <= SIMILAR)


def is_cut(sketch: "Sketch", other: "Sketch") -> bool:
    """Whether another scene begins between two frames."""
    return bool(abs(sketch - other).mean() > CUT)


@dataclass(slots=True)
class Wanted:
    """Says of frame after frame whether it is wanted.

    Parameters
    ----------
    skip_similar : frames like the last that was taken are not
    scenes : only the first frame of a scene is
    """

    skip_similar: bool = False
    scenes: bool = False
    _taken: "Sketch | None" = None
    _before: "Sketch | None" = None

    @property
    def looks(self) -> bool:
        """Whether it has to see the frames."""
        return self.skip_similar or self.scenes

    def wants(self, sketch: "Sketch") -> bool:
        """Whether the next frame is wanted."""
        before, self._before = self._before, sketch
        if self.scenes and before is not None and not is_cut(before, sketch):
            return False
        if self.skip_similar and self._taken is not None and are_similar(self._taken, sketch):
            return False
        self._taken = sketch
        return True


def due(seconds: float, every: float, last: int) -> int | None:
    """The number of the turn that a frame at `seconds` takes; None where that turn, `last` or an earlier, was taken.

    Turns are at 0, `every`, twice `every`: a frame takes the latest that lies before it, so a clip that jumps over some
    gives one frame for all of them, and frames never drift away from the clock.
    """
    turn = int((seconds + _TICK) / every)
    return turn if turn > last else None


_TICK = 0.0005
"""Seconds: times in files are rounded to milliseconds."""


class Thinned(Generic[Kept]):
    """Of things that come one after the other, at most `most`, spread evenly; never twice as many are held."""

    def __init__(self, most: int, drop: Callable[[Kept], None]) -> None:
        self._most = most
        self._drop = drop
        self._kept: list[Kept] = []
        self._stride = 1
        self._come = 0

    def takes(self) -> bool:
        """Whether the next is to be kept at all."""
        turn = self._come % self._stride == 0
        self._come += 1
        return turn

    def keep(self, thing: Kept) -> None:
        """Keeps what was to be taken; drops others where there are too many."""
        self._kept.append(thing)
        if len(self._kept) >= 2 * self._most:
            for other in self._kept[1::2]:
                self._drop(other)
            self._kept = self._kept[::2]
            self._stride *= 2

    def end(self) -> list[Kept]:
        """What is kept in the end."""
        chosen = spread(len(self._kept), self._most)
        for number, thing in enumerate(self._kept):
            if number not in chosen:
                self._drop(thing)
        return [self._kept[number] for number in sorted(chosen)]


def spread(count: int, most: int) -> set[int]:
    """Numbers of `most` of `count` things, evenly spread, the first among them; all where there are no more."""
    return {*range(count)} if count <= most else {number * count // most for number in range(most)}

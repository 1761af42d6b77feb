"""What hangs together in a mask: the rectangle and the area of each spot, corners included."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_RUNS = 8_000_000
"""Runs of pixels of a mask that are looked at; photographs of spots have thousands, only noise has more."""


def spots(layer: "NDArray[np.bool_ | np.uint8]") -> list[tuple[int, int, int, int, int]]:
    """Left, top, width, height and area in pixels of each spot, from the top down, then from the left.

    Parameters
    ----------
    layer : (height, width); what is not zero belongs to a spot

    Raises
    ------
    ValueError : it is noise, of more runs of pixels than MOST_RUNS
    """
    import numpy as np

    height, width = layer.shape
    # A blank ends each row, so that no run goes on in the next.
    pitch = width + 1
    padded = np.zeros(height * pitch + 1, np.bool_)
    padded[1:].reshape(height, pitch)[:, :width] = layer
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    if len(edges) > 2 * MOST_RUNS:
        raise ValueError(f"noise, and no mask: over {MOST_RUNS:,} runs of pixels")
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return []
    spot = _connected(len(starts), *_touching(starts, ends, pitch))
    rows, lefts = np.divmod(starts, pitch)
    rights = ends - rows * pitch
    count = int(spot.max()) + 1
    left, right = np.full(count, width), np.zeros(count, np.intp)
    top, bottom = np.full(count, height), np.zeros(count, np.intp)
    np.minimum.at(left, spot, lefts)
    np.maximum.at(right, spot, rights)
    np.minimum.at(top, spot, rows)
    np.maximum.at(bottom, spot, rows)
    area = np.bincount(spot, weights=ends - starts).astype(np.intp)
    order = np.lexsort((left, top))
    columns = (left, top, right - left, bottom - top + 1, area)
    return list(zip(*(column[order].tolist() for column in columns), strict=True))


def _touching(
    starts: "NDArray[np.intp]", ends: "NDArray[np.intp]", pitch: int
) -> "tuple[NDArray[np.intp], NDArray[np.intp]]":
    """Pairs of runs that touch, one in the row above the other."""
    import numpy as np

    # Corners count: above a run are those that end where it begins or later, and begin where it ends or earlier.
    first = np.searchsorted(ends, starts - pitch, "left")
    after = np.searchsorted(starts, ends - pitch, "right")
    counts = np.maximum(after - first, 0)
    below = np.repeat(np.arange(len(starts)), counts)
    within = np.arange(len(below)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + within, below


def _connected(count: int, above: "NDArray[np.intp]", below: "NDArray[np.intp]") -> "NDArray[np.intp]":
    """The number, from 0 without gaps, of the group of each of `count` things that hang together by pairs."""
    import numpy as np

    root = np.arange(count)
    while True:
        roots = np.sort(np.stack((root[above], root[below])), axis=0)
        apart = roots[0] != roots[1]
        if not apart.any():
            break
        above, below, (least, most) = above[apart], below[apart], roots[:, apart]
        np.minimum.at(root, most, least)
        while ((further := root[root]) != root).any():
            root = further
    _, numbers = np.unique(root, return_inverse=True)
    return numbers

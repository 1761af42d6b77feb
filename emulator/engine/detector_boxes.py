"""Boxes of an image that may hold something, and what each is judged by.

All boxes are (boxes, 4): left, top, width, height in pixels of the working size.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from customlabels.emulator.engine.blurring import blurred

_SHARES = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
"""Of the highest value of a label's map, above which its pieces are looked for."""

_SMOOTHED = ((1.0, 2), (5.0, 3))
"""Every how many pixels a label's map is looked at, and the standard deviations, in pixels, that it is smoothed by."""

_CONTRASTS = (3.0, 5.0, 8.0)
"""Times the usual contrast, above which something stands out."""

_A_MAP, _A_CONTRAST, _A_SHAPE = 8, 6, 8
"""Boxes that each map and share, contrast, and usual shape may propose."""

_SHAPES = 6
"""Usual shapes of a label at most."""

_LEAST = 3.0
"""Pixels that a window is wide and high at least."""

_AT_ONCE = 128
"""Channels that OpenCV sums at a time at most; there are more with over a hundred labels."""

_LEAST_PIECE = 4
_AROUND = np.ones((3, 3), dtype=np.uint8)

Plane = NDArray[np.float32]
Boxes = NDArray[np.float64]


def overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Intersection over union of each box with each other one, (boxes, others)."""
    wide, high = (
        np.maximum(
            np.minimum(boxes[:, axis, None] + boxes[:, 2 + axis, None], others[:, axis] + others[:, 2 + axis])
            - np.maximum(boxes[:, axis, None], others[:, axis]),
            0,
        )
        for axis in (0, 1)
    )
    # In place: so many boxes are a table that leaves a processor's cache.
    wide *= high
    union = np.add(boxes[:, 2, None] * boxes[:, 3, None], others[:, 2] * others[:, 3], out=high)
    union -= wide
    wide /= np.maximum(union, 1e-9, out=union)
    shares: NDArray[np.float64] = wide
    return shares


def kept(shares: NDArray[np.float64], scores: NDArray[np.float64], overlap: float, most: int) -> NDArray[np.intp]:
    """Which boxes are left, best first, where of two that overlap by more only the better one stays.

    Parameters
    ----------
    shares : (boxes, boxes), how much they overlap
    scores : (boxes,)
    """
    order, left = np.argsort(-scores, kind="stable"), []
    alive = np.ones(len(scores), dtype=bool)
    for box in order:
        if alive[box]:
            left.append(box)
            if len(left) == most:
                break
            alive &= shares[box] <= overlap
    return np.array(left, dtype=np.intp)


def clipped(boxes: Boxes, sides: tuple[int, int]) -> Boxes:
    """The boxes within an image of height and width `sides`, at least a pixel large."""
    low = np.clip(boxes[:, :2], 0, np.array([sides[1] - 1, sides[0] - 1]))
    high = np.clip(boxes[:, :2] + boxes[:, 2:], low + 1, np.array([sides[1], sides[0]]))
    return np.concatenate([low, high - low], axis=1)


def usual_shapes(sizes: Boxes, seed: int) -> Boxes:
    """(shapes, 4) the usual widths and heights of one label's boxes, in pixels and as shares of the image's.

    Parameters
    ----------
    sizes : (boxes, 4) such rows of the training boxes
    """
    from sklearn.cluster import KMeans

    logs = np.log(sizes[:, :2])
    count = min(_SHAPES, len(np.unique(logs.round(3), axis=0)))
    if count == 0:
        return np.zeros((0, 4))
    near = KMeans(count, n_init=2, random_state=seed).fit(logs).labels_
    return np.array([np.median(sizes[near == shape], axis=0) for shape in range(count)])


def proposed(likely: Plane, light: Plane, shapes: Boxes, which: NDArray[np.intp]) -> Boxes:
    """Boxes that may hold something.

    Parameters
    ----------
    likely : (labels, height, width)
    light : (height, width)
    shapes : (shapes, 4) as `usual_shapes` gives them
    which : (shapes,) their labels
    """
    sides = light.shape[0], light.shape[1]
    proposals = [np.array([[0.0, 0.0, sides[1], sides[0]]])]
    for plane in likely:
        for width, step in _SMOOTHED:
            small = _coarser(plane, step)
            smooth = cv2.GaussianBlur(small, (0, 0), width * len(small) / len(plane))
            highest = float(smooth.max())
            proposals += [_pieces(smooth, share * highest, _A_MAP, plane.shape) for share in _SHARES]
    for width, step in ((1.0, 1), (2.5, 2), (6.0, 3)):
        contrast = blurred(light, width) - blurred(light, 5 * width)
        usual = max(1.4826 * float(np.median(np.abs(contrast[::2, ::2]))), 1e-3)
        contrast = _coarser(contrast / usual, step)
        for signed in (contrast, -contrast):
            proposals += [_pieces(signed, least, _A_CONTRAST, sides) for least in _CONTRASTS]
    sums = [cv2.integral(plane) for plane in likely]
    proposals += [_windows(sums[label], shape, sides) for shape, label in zip(shapes, which, strict=True)]
    boxes = clipped(np.concatenate(proposals), sides)
    _, first = np.unique(boxes.round(), axis=0, return_index=True)
    return boxes[np.sort(first)]


def _coarser(plane: Plane, step: int) -> Plane:
    """A plane at a size at which it is quickly cut into pieces; one that is small already stays as it is."""
    if step == 1 or min(plane.shape) < 8 * step:
        return plane
    height, width = plane.shape
    small: Plane = cv2.resize(plane, (width // step, height // step), interpolation=cv2.INTER_AREA)
    return small


def _pieces(plane: Plane, least: float, most: int, sides: tuple[int, ...]) -> Boxes:
    """The boxes around the pieces of the plane that lie above `least`, those that hold most of it.

    `plane` may be coarser than the image, whose height and width are `sides`.
    """
    whole = (plane > least).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(whole)
    if not width:
        return np.zeros((0, 4))
    inside, own = (part[top : top + height, left : left + width] for part in (whole, plane))
    # A working size has room for some 40,000 pieces that do not touch. Numbers of 16 bits take a third of the time.
    count, numbers, figures, _ = cv2.connectedComponentsWithStatsWithAlgorithm(inside, 8, cv2.CV_16U, cv2.CCL_DEFAULT)
    above = inside.view(bool)
    masses = np.bincount(numbers[above], own[above] - least, minlength=count)
    masses[0] = -np.inf
    masses[figures[:, 4] < _LEAST_PIECE] = -np.inf
    best = np.argsort(-masses, kind="stable")[: min(most, count - 1)]
    boxes: Boxes = figures[best[np.isfinite(masses[best])], :4] + np.array([left, top, 0.0, 0.0])
    larger: Boxes = boxes * np.tile([sides[1] / plane.shape[1], sides[0] / plane.shape[0]], 2)
    return larger


def _windows(sums: NDArray[np.float64], shape: NDArray[np.float64], sides: tuple[int, int]) -> Boxes:
    """The best places of a window of a usual shape: those where the map is high within and low around."""
    # A large thing is as large as its image rather than so many pixels.
    width, height = (
        min(side, max(_LEAST, share * side if share > 0.4 else pixels))
        for pixels, share, side in ((shape[0], shape[2], sides[1]), (shape[1], shape[3], sides[0]))
    )
    lefts, tops = (
        np.linspace(0, side - length, min(80, max(2, round((side - length) / max(1.5, length / 8)) + 1)))
        if side - length >= 1
        else np.zeros(1)
        for side, length in ((sides[1], width), (sides[0], height))
    )
    inner, small = _grid(sums, lefts, tops, (width, height))
    wide, high = 2 + 0.25 * width, 2 + 0.25 * height
    outer, large = _grid(sums, lefts - wide, tops - high, (width + 2 * wide, height + 2 * high))
    around = np.where(large > small, (outer - inner) / np.maximum(large - small, 1), inner / np.maximum(small, 1))
    scores = inner / np.maximum(small, 1) - around
    peaks = np.flatnonzero(scores >= cv2.dilate(scores, _AROUND))
    best = peaks[np.argsort(-scores.ravel()[peaks], kind="stable")[:_A_SHAPE]]
    rows, columns = np.divmod(best, len(lefts))
    return np.stack([lefts[columns], tops[rows], np.full(len(rows), width), np.full(len(rows), height)], axis=1)


def _grid(
    sums: NDArray[np.float64], lefts: NDArray[np.float64], tops: NDArray[np.float64], size: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(tops, lefts) sums within windows of one width and height, and their areas, clipped to the image.

    Parameters
    ----------
    sums : (height + 1, width + 1), sums of one channel
    """
    (left, right), (top, bottom) = (
        [np.minimum(np.maximum(np.rint(edge), 0), limit).astype(np.intp) for edge in (low, low + length)]
        for low, length, limit in ((lefts, size[0], sums.shape[1] - 1), (tops, size[1], sums.shape[0] - 1))
    )
    rows = sums.take(bottom, axis=0) - sums.take(top, axis=0)
    total = rows.take(right, axis=1) - rows.take(left, axis=1)
    return total, np.maximum(bottom - top, 0)[:, None] * np.maximum(right - left, 0).astype(np.float64)


def summed(planes: Sequence[Plane]) -> NDArray[np.float64]:
    """(height + 1, width + 1, channels) sums of the planes, (height, width) each, from the upper left corner."""
    sides = (planes[0].shape[0] + 1, planes[0].shape[1] + 1)
    sums: NDArray[np.float64]
    if len(planes) <= _AT_ONCE:
        sums = cv2.integral(cv2.merge(planes)).reshape(*sides, -1)
        return sums
    sums = np.empty((*sides, len(planes)))
    for first in range(0, len(planes), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        sums[:, :, part] = cv2.integral(cv2.merge(planes[part])).reshape(*sides, -1)
    return sums


def described(sums: NDArray[np.float64], boxes: Boxes, image: NDArray[np.float32]) -> Plane:
    """What each box is judged by, (boxes, length).

    Parameters
    ----------
    sums : (height + 1, width + 1, channels), sums of the channels from the upper left corner
    image : (figures,), of the whole image
    """
    sides = np.array([sums.shape[1] - 1, sums.shape[0] - 1], dtype=np.float64)
    low, size = boxes[:, :2], boxes[:, 2:]
    whole = _means(sums, boxes)
    margin = 2 + 0.4 * size
    parts = [whole, whole - _ring(sums, boxes, np.concatenate([low - margin, size + 2 * margin], axis=1))]
    for row in range(3):
        for column in range(3):
            cell = np.concatenate([low + size * np.array([column, row]) / 3, size / 3], axis=1)
            parts.append(_means(sums, cell) - whole)
    for axis in (0, 1):
        for far in (0, 1):
            for outside in (0, 1):
                strip = boxes.copy()
                thick = 1 + 0.2 * size[:, axis]
                edge = low[:, axis] + far * size[:, axis]
                strip[:, axis] = edge - thick * (far != outside)
                strip[:, 2 + axis] = thick
                parts.append(_means(sums, strip) - whole)
    relative = size / sides
    geometry = [np.log(size), relative, low / sides, (low + size) / sides, np.minimum(low, 20)]
    geometry += [np.minimum(sides - low - size, 20), np.log(size[:, :1] / size[:, 1:])]
    geometry += [np.log(size.prod(axis=1))[:, None]]
    parts += [*geometry, np.broadcast_to(image, (len(boxes), len(image)))]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _corners(sums: NDArray[np.float64], boxes: Boxes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    limits = np.array([sums.shape[1] - 1, sums.shape[0] - 1])
    low = np.clip(np.rint(boxes[:, :2]), 0, limits).astype(np.intp)
    high = np.clip(np.rint(boxes[:, :2] + boxes[:, 2:]), 0, limits).astype(np.intp)
    total = sums[high[:, 1], high[:, 0]] - sums[low[:, 1], high[:, 0]]
    total -= sums[high[:, 1], low[:, 0]] - sums[low[:, 1], low[:, 0]]
    return total, np.prod(np.maximum(high - low, 0), axis=1)[:, None].astype(np.float64)


def _means(sums: NDArray[np.float64], boxes: Boxes) -> NDArray[np.float64]:
    """(boxes, channels) means within the boxes, 0 for one that lies outside."""
    total, area = _corners(sums, boxes)
    means: NDArray[np.float64] = total / np.maximum(area, 1)
    return means


def _ring(sums: NDArray[np.float64], boxes: Boxes, around: Boxes) -> NDArray[np.float64]:
    """(boxes, channels) means around the boxes; their own where there is nothing around."""
    (inner, small), (outer, large) = _corners(sums, boxes), _corners(sums, around)
    means: NDArray[np.float64] = np.where(
        large > small, (outer - inner) / np.maximum(large - small, 1), inner / np.maximum(small, 1)
    )
    return means

"""What each pixel looks like in its surroundings, and how likely it is to lie in a box of each label."""

import warnings
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from customlabels.emulator.engine.blurring import blurred

_AREA = 400 * 400
"""Pixels of the working size at most; an image is made smaller for it, never larger."""

_LEAST_SIDE = 16
_HIDDEN = (48, 32)
_ROUNDS = 12
"""Of learning: 5 of them, or 25 on more pixels, were worse on sample images, if by little more than chance."""

_INSIDE, _OUTSIDE = 60, 160
"""Pixels of a training image that are learnt from: for each of its boxes, and outside of all."""

_MOST_PIXELS = 80_000

_AT_ONCE = 4096
"""Pixels that go through the network at a time: what it holds of them fits a processor's cache."""

Plane = NDArray[np.float32]
Net = list[NDArray[np.float32]]
"""Weights and biases of each layer in turn, the first ones scaled so that they take the channels as they are."""


def working(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image at its working size.

    Parameters
    ----------
    image : (height, width) or (height, width, 3)
    """
    height, width = image.shape[:2]
    scale = np.sqrt(_AREA / (height * width))
    if scale >= 1:
        return image
    sides = tuple(max(_LEAST_SIDE, round(side * scale)) for side in (width, height))
    smaller: NDArray[np.uint8] = cv2.resize(image, sides, interpolation=cv2.INTER_AREA)
    return smaller


def channels(image: NDArray[np.uint8]) -> tuple[list[Plane], list[Plane]]:
    """What a pixel is judged by, and what a box is, the light first; (height, width) each.

    Light is in units of the image's own spread, so that exposure matters little.

    Parameters
    ----------
    image : (height, width) or (height, width, 3) in RGB, as `working` gives it
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
    light = np.log(grey.astype(np.float32) + 8)
    light -= np.median(light)
    light /= max(1.4826 * float(np.median(np.abs(light))), 0.05)
    light = np.clip(light, -12, 12)
    smooth = {width: blurred(light, width) for width in (1, 2, 4, 8, 16, 32)}
    planes: list[Plane] = [light, *smooth.values()]
    planes += [smooth[width] - smooth[4 * width] for width in (1, 2, 4, 8)]
    bends = {width: _bends(smooth[width], width) for width in (1, 2, 4, 8)}
    planes += [plane for pair in bends.values() for plane in pair]
    for width in (8, 16):
        planes += [cv2.Sobel(smooth[width], cv2.CV_32F, *orders, ksize=3) * width for orders in ((1, 0), (0, 1))]
    across, down = (cv2.Sobel(smooth[1], cv2.CV_32F, *orders, ksize=3) for orders in ((1, 0), (0, 1)))
    energies = [np.abs(across), np.abs(down), np.abs(across + down) / 1.4, np.abs(across - down) / 1.4]
    planes += [blurred(plane, width) for plane in energies[:2] for width in (3, 10)]
    rough = np.abs(light - smooth[2])
    planes += [blurred(rough, width) for width in (2, 6, 18)]
    colours: list[Plane] = []
    if image.ndim == 3:
        lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
        colours = [blurred((lab[:, :, channel] - 128) / 16, 1.5) for channel in (1, 2)]
    else:
        colours = [np.zeros_like(light)] * 2
    planes += colours
    rows, columns = (np.arange(side, dtype=np.float32) for side in light.shape)
    for places, shape in ((rows[:, None], light.shape), (columns[None, :], light.shape)):
        length = float(places.size)
        planes += [
            np.broadcast_to(plane, shape)
            for plane in (np.minimum(places, 24) / 12, np.minimum(length - 1 - places, 24) / 12, places / length)
        ]
    spot, line = smooth[2] - smooth[8], bends[2]
    boxed = [light, smooth[2], np.maximum(spot, 0), np.maximum(-spot, 0), np.maximum(line[0], 0)]
    boxed += [np.maximum(-line[1], 0), *energies, rough, *colours]
    return planes, boxed


def places(
    sides: tuple[int, int], boxes: NDArray[np.float64], which: NDArray[np.intp], random: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of some of an image's pixels, and their class: 0 outside of all boxes, else 1 + label.

    Parameters
    ----------
    sides : height, width
    boxes : (boxes, 4) left, top, width, height
    which : (boxes,) labels
    """
    classes = np.zeros(sides, dtype=np.intp)
    # Smaller boxes last, so that one within a large one is seen.
    for box in np.argsort(-boxes[:, 2] * boxes[:, 3], kind="stable"):
        left, top, width, height = boxes[box]
        rows, columns = slice(int(top), int(np.ceil(top + height))), slice(int(left), int(np.ceil(left + width)))
        classes[rows, columns] = 1 + which[box]
    flat = classes.ravel()
    picked = []
    for pixel_class in range(int(flat.max()) + 1):
        own = np.flatnonzero(flat == pixel_class)
        count = _INSIDE * int((which == pixel_class - 1).sum()) if pixel_class else _OUTSIDE
        picked.append(random.choice(own, min(count, len(own)), replace=False))
    chosen = np.concatenate(picked)
    return chosen // sides[1], chosen % sides[1], flat[chosen]


def learn(rows: Plane, classes: NDArray[np.intp], labels: int, seed: int) -> Net:
    """A small network from a pixel's channels to its class.

    Parameters
    ----------
    rows : (pixels, length)
    classes : (pixels,) 0..labels
    """
    from sklearn.neural_network import MLPClassifier

    if len(rows) > _MOST_PIXELS:
        chosen = np.random.default_rng(seed).choice(len(rows), _MOST_PIXELS, replace=False)
        rows, classes = rows[chosen], classes[chosen]
    # In double precision, where what a processor rounds otherwise is lost again when the layers are stored.
    exact = rows.astype(np.float64)
    mean, scale = exact.mean(axis=0), exact.std(axis=0)
    scale[scale < 1e-3] = 1.0
    net = MLPClassifier(
        _HIDDEN,
        alpha=1e-3,
        batch_size=min(256, len(rows)),
        learning_rate_init=2e-3,
        max_iter=_ROUNDS,
        random_state=seed,
        n_iter_no_change=_ROUNDS,
    )
    # A one-hot truth has a column for classes without a pixel too, and gives each class a logistic of its own.
    truth = np.eye(labels + 1, dtype=np.int8)[classes][:, 1:]
    if labels == 1:
        truth = np.column_stack([truth, truth])
    with warnings.catch_warnings():
        # It tells of rounds that run out: they are so few on purpose.
        warnings.simplefilter("ignore")
        net.fit((exact - mean) / scale, truth)
    layers = [layer for pair in zip(net.coefs_, net.intercepts_, strict=True) for layer in pair]
    layers[1] = layers[1] - (mean / scale) @ layers[0]
    layers[0] = layers[0] / scale[:, None]
    return [layer.astype(np.float32) for layer in layers]


def sampled(maps: Sequence[Plane], sides: tuple[int, int], places: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Plane:
    """(pixels, channels) what coarse maps say at some of an image's pixels, between their values as `likely` has them.

    Parameters
    ----------
    maps : (channels, rows, columns) each
    sides : height, width of the image
    places : rows, columns of the pixels
    """
    values = np.zeros((len(places[0]), 0), dtype=np.float32)
    for plane in maps:
        (top, bottom, lower), (left, right, farther) = (
            _between(place, side, length) for place, side, length in zip(places, sides, plane.shape[1:], strict=True)
        )
        upper_row, lower_row = (
            plane[:, row, left] * (1 - farther) + plane[:, row, right] * farther for row in (top, bottom)
        )
        values = np.concatenate([values, (upper_row * (1 - lower) + lower_row * lower).T], axis=1)
    return values


def _between(
    places: NDArray[np.intp], side: int, length: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """The two values of `length` along a side of so many pixels that a place lies between, and how near the second."""
    at = np.clip((places + 0.5) * length / side - 0.5, 0, length - 1)
    first = at.astype(np.intp)
    return first, np.minimum(first + 1, length - 1), (at - first).astype(np.float32)


def likely(net: Sequence[NDArray[Any]], planes: Sequence[Plane], labels: int, maps: Sequence[Plane] = ()) -> Plane:
    """How likely each pixel is to lie in a box of each label, (labels, height, width).

    Parameters
    ----------
    planes : (height, width) each
    maps : (channels, rows, columns) each, coarser: the network was shown their channels after those of `planes`
    """
    height, width = planes[0].shape
    own, coarse = net[0][: len(planes)], net[0][len(planes) :]
    at, wide = _widened(coarse, maps, (height, width))
    wide += net[1][:, None, None]
    slopes = np.diff(wide, axis=1) / np.diff(at).astype(np.float32)[:, None]
    sure: Plane = np.empty((labels, height, width), dtype=np.float32)
    some = max(1, _AT_ONCE // width)
    for start in range(0, height, some):
        rows = np.arange(start, min(start + some, height))
        values = own.T @ np.concatenate([plane[start : start + some] for plane in planes]).reshape(len(planes), -1)
        before = np.clip(np.searchsorted(at, rows, side="right") - 1, 0, len(at) - 2)
        between = slopes[:, before]
        between *= (rows - at[before]).astype(np.float32)[:, None]
        between += wide[:, before]
        values += between.reshape(len(wide), -1)
        for layer in range(2, len(net), 2):
            # What is below 0 becomes 0, in an eighth of the time that numpy takes.
            cv2.threshold(values, 0, 0, cv2.THRESH_TOZERO, dst=values)
            values = net[layer].T @ values
            values += net[layer + 1][:, None]
        sure[:, start : start + some] = 1 / (1 + np.exp(-np.clip(values[:labels], -20, 20))).reshape(labels, -1, width)
    return sure


def _widened(weights: Plane, maps: Sequence[Plane], sides: tuple[int, int]) -> tuple[NDArray[np.float64], Plane]:
    """Rows of the image between which what all maps add to the first layer changes evenly, and what they add there,
    (units, rows, width): weighed while the maps are small, then made as wide as the image.

    Not as high: all of it at once would not fit a processor's cache.
    """
    height, width = sides
    centres = [(np.arange(plane.shape[1]) + 0.5) * height / plane.shape[1] - 0.5 for plane in maps]
    # Rounded, since rows of two maps that meet are no two rows apart by what a processor rounds.
    at = np.unique(np.clip(np.concatenate([[0, height - 1], *centres]), 0, height - 1).round(4))
    wide = np.zeros((weights.shape[1], len(at), width), dtype=np.float32)
    for plane in maps:
        own, weights = weights[: len(plane)], weights[len(plane) :]
        small = (own.T @ plane.reshape(len(plane), -1)).reshape(-1, *plane.shape[1:])
        first, second, share = _between(at, height, plane.shape[1])
        rows = small[:, first] * (1 - share)[:, None] + small[:, second] * share[:, None]
        for unit, added in zip(wide, rows, strict=True):
            unit += cv2.resize(added, (width, len(at)), interpolation=cv2.INTER_LINEAR)
    return at, wide


def _bends(smooth: Plane, width: float) -> tuple[Plane, Plane]:
    """The larger and the smaller second derivative over all directions, as large for a wide line as for a thin one."""
    across, down, mixed = (
        cv2.Sobel(smooth, cv2.CV_32F, *orders, ksize=3) * np.float32(width * width / 4)
        for orders in ((2, 0), (0, 2), (1, 1))
    )
    mean, swing = (across + down) / 2, np.sqrt(((across - down) / 2) ** 2 + mixed**2)
    return mean + swing, mean - swing

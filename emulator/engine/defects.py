"""Small things that stand out of a surface, measured wherever they lie: lines, spots, and their shapes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from customlabels.emulator.engine.blurring import Plane

_SIDE = 256
_LEAST_SIDE = 48
_STEPS = {1.2: 1, 2.4: 1, 4.8: 2}
"""Standard deviations, in pixels of the resized image, of the lines and spots that are looked for, and every how many
pixels."""

_QUANTILES = (0.95, 0.99, 0.995, 0.998, 0.9995, 1.0)
_STRENGTHS = (4.0, 7.0)
_LARGEST = 2

_LINE_STEPS = {1.2: 1, 2.4: 2, 4.8: 2, 9.6: 4}
"""Widths of the lines that are looked for in each direction, and every how many pixels."""

_LINE_QUANTILES = (0.5, 0.9, *_QUANTILES)
_DIRECTIONS = 8


def resized(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image at about 256 × 256 pixels' worth of area, in its own proportions: a round spot stays round.

    Parameters
    ----------
    grey : (height, width)
    """
    height, width = grey.shape
    scale = _SIDE / np.sqrt(height * width)
    sides = tuple(max(_LEAST_SIDE, round(side * scale)) for side in (width, height))
    smaller: NDArray[np.uint8] = cv2.resize(
        grey, sides, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    return smaller


def flattened(grey: NDArray[np.uint8], step: int = 1) -> Plane:
    """The surface without its shading, in units of its own unevenness, so that light and roughness matter little.

    Parameters
    ----------
    grey : (height, width), as `resized` gives it
    step : every how many pixels shading is told; at a much coarser size F1 on magnetic tiles was 0.004 lower
    """
    plane = grey.astype(np.float32)
    height, width = plane.shape
    small = cv2.resize(plane, (-(-width // step), -(-height // step)), interpolation=cv2.INTER_AREA)
    shading = cv2.resize(cv2.GaussianBlur(small, (0, 0), _SIDE / 12 / step), (width, height))
    flat: Plane = plane - shading
    return flat / max(_spread(flat), 1.0)


def stand_outs(flat: Plane) -> NDArray[np.float64]:
    """How strongly the strongest lines and spots stand out, and the shapes of the largest, dark and bright.

    Parameters
    ----------
    flat : (height, width), as `flattened` gives it
    """
    parts = []
    for width, step in _STEPS.items():
        smooth = np.ascontiguousarray(cv2.GaussianBlur(flat, (0, 0), width)[::step, ::step])
        parts += _curvatures(smooth, width)
        contrast = smooth - cv2.GaussianBlur(flat, (0, 0), 3 * width)[::step, ::step]
        least = max(_spread(contrast), 1e-3)
        parts += [_shapes(sign * contrast > strength * least) for sign in (1, -1) for strength in _STRENGTHS]
    return np.concatenate(parts)


def lines(flat: Plane) -> NDArray[np.float64]:
    """How much the surface bends in each direction, and how far lines stand out of what is usual in theirs.

    A scratch across the marks of grinding stands out; the marks themselves, in their direction, do not.

    Parameters
    ----------
    flat : (height, width), as `flattened` gives it
    """
    parts = []
    for width, step in _LINE_STEPS.items():
        smooth = np.ascontiguousarray(cv2.GaussianBlur(flat, (0, 0), width)[::step, ::step])
        across, down, mixed = _bends(smooth, width)
        most, least = np.full(smooth.shape, -np.inf, np.float32), np.full(smooth.shape, np.inf, np.float32)
        all_usual = []
        for angle in np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS:
            cosine, sine = float(np.cos(angle)), float(np.sin(angle))
            bend = cosine**2 * across + sine**2 * down + 2 * cosine * sine * mixed
            # A quarter of the values is enough for the middle one.
            usual = max(_middle(np.abs(bend[::2, ::2])), 1e-3)
            bend /= usual
            np.maximum(most, bend, out=most)
            np.minimum(least, bend, out=least)
            all_usual.append(np.log(usual))
        mean = np.mean(all_usual)
        parts += [np.array([mean]), np.sort(all_usual) - mean]
        parts += [np.log1p(np.maximum(_peaks(plane, _LINE_QUANTILES), 0)) for plane in (most, -least)]
    return np.concatenate(parts)


def _spread(plane: Plane) -> float:
    """A standard deviation that a few outliers do not move; a quarter of the values is enough for it."""
    some = plane[::2, ::2]
    return 1.4826 * _middle(np.abs(some - _middle(some)))


def _middle(plane: Plane) -> float:
    """The upper median; numpy sorts faster than it takes quantiles."""
    return float(np.sort(plane, axis=None)[plane.size // 2])


def _peaks(plane: Plane, quantiles: tuple[float, ...]) -> Plane:
    places = np.array([round(quantile * (plane.size - 1)) for quantile in quantiles])
    # What lies below the first of them need not be in order.
    first = int(places[0])
    upper: Plane = np.sort(np.partition(plane, first, axis=None)[first:])
    peaks: Plane = upper[places - first]
    return peaks


def _bends(smooth: Plane, width: float) -> tuple[Plane, Plane, Plane]:
    """Second derivatives across, down and mixed, as large for a wide line as for a thin one."""
    across, down, mixed = (
        cv2.Sobel(smooth, cv2.CV_32F, *orders, ksize=3) * (width * width) for orders in ((2, 0), (0, 2), (1, 1))
    )
    return across, down, mixed


def _curvatures(smooth: Plane, width: float) -> list[NDArray[np.float64]]:
    """Upper quantiles of how much the surface bends one way (lines) and both ways (spots), dark and bright."""
    across, down, mixed = _bends(smooth, width)
    mean, swing = (across + down) / 2, np.sqrt(((across - down) / 2) ** 2 + mixed**2)
    parts = []
    for strong, weak in ((mean + swing, mean - swing), (swing - mean, -mean - swing)):
        for response in (np.maximum(strong, 0) - np.abs(weak), np.maximum(weak, 0)):
            usual = max(_middle(np.abs(response[::2, ::2])), 1e-3)
            parts.append(np.log1p(np.maximum(_peaks(response, _QUANTILES), 0) / usual))
    return parts


def _shapes(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Number and area of the connected pieces of a mask; area, length, fill and elongation of the largest."""
    # Of the algorithms that there are the quickest on masks with many small pieces.
    count, _, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        mask.view(np.uint8), 8, cv2.CV_32S, cv2.CCL_GRANA
    )
    pieces = stats[1:][np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")][:_LARGEST]
    row = [np.log1p(min(count - 1, 50)), np.log1p(mask.sum())]
    for piece in pieces:
        width, height, area = (
            int(piece[statistic]) for statistic in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA)
        )
        long, short = max(width, height), min(width, height)
        row += [np.log1p(area), np.log1p(long), area / (width * height), np.log(long / short), area / long**2]
    row += [0.0] * (5 * (_LARGEST - len(pieces)))
    return np.array(row)

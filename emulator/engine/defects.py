"""Small things that stand out of a surface, measured wherever they lie: lines, spots, and their shapes."""

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 256
_WIDTHS = (1.2, 2.4, 4.8)
"""Standard deviations, in pixels of the resized image, of the lines and spots that are looked for."""

_QUANTILES = (0.95, 0.99, 0.995, 0.998, 0.9995, 1.0)
_STRENGTHS = (4.0, 7.0)
_LARGEST = 2

Plane = NDArray[np.float32]


def stand_outs(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How strongly the strongest lines and spots stand out, and the shapes of the largest, dark and bright.

    Everything is in units of the surface's own unevenness, so that light and roughness matter little.

    Parameters
    ----------
    grey : (height, width)
    """
    plane = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    flat = plane - cv2.GaussianBlur(plane, (0, 0), _SIDE / 12)
    flat /= max(_spread(flat), 1.0)
    parts = []
    for width in _WIDTHS:
        smooth = cv2.GaussianBlur(flat, (0, 0), width)
        parts += _curvatures(smooth, width)
        contrast = smooth - cv2.GaussianBlur(flat, (0, 0), 3 * width)
        least = max(_spread(contrast), 1e-3)
        parts += [_shapes(sign * contrast > strength * least) for sign in (1, -1) for strength in _STRENGTHS]
    return np.concatenate(parts)


def _spread(plane: Plane) -> float:
    """A standard deviation that a few outliers do not move."""
    return 1.4826 * _middle(np.abs(plane - _middle(plane)))


def _middle(plane: Plane) -> float:
    """The upper median; numpy sorts faster than it takes quantiles."""
    return float(np.sort(plane, axis=None)[plane.size // 2])


def _curvatures(smooth: Plane, width: float) -> list[NDArray[np.float64]]:
    """Upper quantiles of how much the surface bends one way (lines) and both ways (spots), dark and bright."""
    square = width * width
    across = cv2.Sobel(smooth, cv2.CV_32F, 2, 0, ksize=3) * square
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 2, ksize=3) * square
    mixed = cv2.Sobel(smooth, cv2.CV_32F, 1, 1, ksize=3) * square
    mean, swing = (across + down) / 2, np.sqrt(((across - down) / 2) ** 2 + mixed**2)
    parts = []
    for strong, weak in ((mean + swing, mean - swing), (swing - mean, -mean - swing)):
        for response in (np.maximum(strong, 0) - np.abs(weak), np.maximum(weak, 0)):
            usual = max(_middle(np.abs(response)), 1e-3)
            peaks = np.sort(response, axis=None)[[round(q * (response.size - 1)) for q in _QUANTILES]]
            parts.append(np.log1p(np.maximum(peaks, 0) / usual))
    return parts


def _shapes(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Number and area of the connected pieces of a mask; area, length, fill and elongation of the largest."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    pieces = stats[1:][np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")][:_LARGEST]
    row = [np.log1p(min(count - 1, 50)), np.log1p(mask.sum())]
    for piece in pieces:
        width, height, area = (int(piece[place]) for place in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
        long, short = max(width, height), min(width, height)
        row += [np.log1p(area), np.log1p(long), area / (width * height), np.log(long / short), area / long**2]
    row += [0.0] * (5 * (_LARGEST - len(pieces)))
    return np.array(row)

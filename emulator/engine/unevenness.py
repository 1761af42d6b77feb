"""How light and roughness change over an image as a whole: gradients, steps, bands."""

import cv2
import numpy as np
from numpy.typing import NDArray

_WAVES = 6
_BORDER = 4
"""Of 64 places along a side: borders of the piece and of the image, where light always changes."""


def unevenness(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The strengths of slow waves of light, and how its level and the roughness go up and down along each side.

    Parameters
    ----------
    grey : (height, width), at least 48 pixels a side
    """
    plane = np.log(grey.astype(np.float32) + 8)
    coarse = cv2.resize(plane, (16, 16), interpolation=cv2.INTER_AREA)
    waves = np.abs(cv2.dct(coarse - coarse.mean()))[:_WAVES, :_WAVES]
    parts = [np.log1p(5 * waves.ravel()[1:])]
    rough = cv2.GaussianBlur(plane, (0, 0), 1) - cv2.GaussianBlur(plane, (0, 0), 4)
    for axis in (0, 1):
        level = _along(_middles(plane, axis), 64)
        inner = level[_BORDER:-_BORDER]
        steps = np.abs(inner[4:] - inner[:-4])
        usual = float(np.median(steps))
        parts.append(
            np.array([level.std(), inner.std(), np.ptp(inner), steps.max(), usual, steps.max() / (usual + 0.01)])
        )
        roughness = _along(np.log(rough.std(axis=axis) + 0.005), 32)[_BORDER // 2 : -_BORDER // 2]
        steps = np.abs(roughness[3:] - roughness[:-3])
        parts.append(np.array([roughness.std(), np.ptp(roughness), steps.max(), np.median(steps)]))
    return np.concatenate(parts)


def _middles(plane: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """The medians along an axis; numpy sorts faster than it takes them."""
    ordered = np.sort(plane, axis=axis)
    count = plane.shape[axis]
    middles: NDArray[np.float32] = (ordered.take((count - 1) // 2, axis) + ordered.take(count // 2, axis)) / 2
    return middles


def _along(profile: NDArray[np.float32], places: int) -> NDArray[np.float32]:
    """(places,) means of a profile, however long it is."""
    means: NDArray[np.float32] = cv2.resize(profile[None], (places, 1), interpolation=cv2.INTER_AREA)[0]
    return means

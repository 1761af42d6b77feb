"""Planes made smooth."""

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

_NARROW, _FINE = 6, 2.5
"""Pixels: below the first a blur is made at the own size; to the second the others are brought, at a coarser one."""


def blurred(plane: Plane, width: float) -> Plane:
    """The plane smoothed by a Gaussian of a standard deviation in pixels; a wide one at a coarser size, at little cost.

    Parameters
    ----------
    plane : (height, width)
    """
    if width < _NARROW or min(plane.shape) < 32:
        narrow: Plane = cv2.GaussianBlur(plane, (0, 0), width)
        return narrow
    step = int(width / _FINE)
    height, across = plane.shape
    small = cv2.resize(plane, (max(4, across // step), max(4, height // step)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), width / step)
    wide: Plane = cv2.resize(small, (across, height), interpolation=cv2.INTER_LINEAR)
    return wide

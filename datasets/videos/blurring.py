"""Faces made such that nobody is known by them, before people see the pictures."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import numpy as np

from customlabels.datasets.videos.decoding import jpeg

if TYPE_CHECKING:
    from customlabels.datasets.videos.decoding import Pixels

Box = tuple[float, float, float, float]
"""Left, top, width, height in fractions of the sides."""

_WIDER = 0.2
"""Of a side, on each side: boxes of faces leave out hair, ears and chin."""

_CELLS = 6
"""A face is left as so many cells a side; blurring alone can be undone, means cannot."""


def blurred(body: bytes, boxes: Iterable[Box]) -> bytes:
    """A JPEG picture with what lies in the boxes made coarse; the same bytes where there are none."""
    import cv2

    places = [*boxes]
    if not places:
        return body
    pixels = cast("Pixels", cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR))
    for box in places:
        _blur(pixels, box)
    return jpeg(pixels)


def _blur(pixels: "Pixels", box: Box) -> None:
    import cv2

    height, width = pixels.shape[:2]
    left, top, across, down = box
    begin = max(0, int((left - _WIDER * across) * width)), max(0, int((top - _WIDER * down) * height))
    end = (
        min(width, int(np.ceil((left + across * (1 + _WIDER)) * width))),
        min(height, int(np.ceil((top + down * (1 + _WIDER)) * height))),
    )
    part = pixels[begin[1] : end[1], begin[0] : end[0]]
    if not part.size:
        return
    cells = min(_CELLS, part.shape[1]), min(_CELLS, part.shape[0])
    coarse = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    size = part.shape[1], part.shape[0]
    pixels[begin[1] : end[1], begin[0] : end[0]] = cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST)

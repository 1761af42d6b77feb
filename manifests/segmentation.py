"""Masks in which each class has a colour: what hangs together becomes a box."""

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING

from customlabels.datasets.limits import MAX_SIDE
from customlabels.datasets.model import Box
from customlabels.datasets.spots import spots

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_BYTES = 50_000_000
_PLAIN = (0x000000, 0xFFFFFF)
"""Colours of what is no class, where the background has none of its own."""

_NAMED = 5


def boxes_by_color(
    data: bytes, colors: Mapping[int, str | None], min_area: int
) -> tuple[tuple[Box, ...], tuple[int, int], int]:
    """A box for each spot of a class, the mask's width and height in pixels, and how many spots were too small.

    Parameters
    ----------
    data : a PNG file
    colors : 0xRRGGBB to label; None is the background
    min_area : pixels of the smallest spot that becomes a box

    Raises
    ------
    ValueError : no PNG, too large, damaged, or with colours that nobody named
    """
    import numpy as np

    pixels = _pixels(data)
    height, width = pixels.shape
    known = set(colors) if None in colors.values() else {*colors, *_PLAIN}
    unknown = [f"#{color:06x}" for color in np.unique(pixels).tolist() if color not in known]
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        raise ValueError(f"colours that its line does not name: {', '.join(unknown[:_NAMED])}{more}")
    boxes, small = [], 0
    for color, label in colors.items():
        if label is None:
            continue
        for left, top, across, down, area in spots(pixels == color):
            if area < min_area:
                small += 1
            else:
                boxes.append(Box(label, float(left), float(top), float(across), float(down)))
    return tuple(boxes), (width, height), small


def _pixels(data: bytes) -> "NDArray[np.uint32]":
    """The colours of a PNG, (height, width), as 0xRRGGBB."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=("PNG",)) as image:
            if max(image.size) > MAX_SIDE:
                raise ValueError(f"a side is longer than {MAX_SIDE} pixels")
            red, green, blue = (np.asarray(band, np.uint32) for band in image.convert("RGB").split())
            pixels: NDArray[np.uint32] = ((red << 16) | (green << 8) | blue).astype(np.uint32)
            return pixels
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("no PNG file, or a damaged one") from error

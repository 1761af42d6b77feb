"""Brightness, sharpness, contrast and colours of an image, as they are measured.

The service says of each from 0 to 100, and not how it is computed; these stand in the same order as people see them,
and are not its numbers.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIDE = 256
"""An image is measured at this size at most, so that a larger copy of it has about the same properties."""

_COLOURS = {
    "black": (0, 0, 0), "blue": (0, 0, 255), "brown": (139, 69, 19), "green": (0, 128, 0), "grey": (128, 128, 128),
    "orange": (255, 165, 0), "pink": (255, 192, 203), "purple": (128, 0, 128), "red": (255, 0, 0),
    "white": (255, 255, 255), "yellow": (255, 255, 0), "cyan": (0, 255, 255),
}  # fmt: skip
_CSS = {
    **_COLOURS, "darkslategrey": (47, 79, 79), "dimgrey": (105, 105, 105), "lightgrey": (211, 211, 211),
    "silver": (192, 192, 192), "navy": (0, 0, 128), "teal": (0, 128, 128), "maroon": (128, 0, 0),
    "olive": (128, 128, 0), "beige": (245, 245, 220), "gold": (255, 215, 0), "steelblue": (70, 130, 180),
    "forestgreen": (34, 139, 34),
}  # fmt: skip


def properties(body: bytes, most: int) -> dict[str, Any]:
    """ImageProperties as DetectLabels answers them, of the whole image.

    Parameters
    ----------
    most : dominant colours

    Raises
    ------
    ValueError : no image that can be used
    """
    pixels = _pixels(body)
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    return {"Quality": _quality(grey), "DominantColors": _colours(pixels, most)}


def _pixels(body: bytes) -> NDArray[np.float64]:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(body), formats=("JPEG", "PNG")) as opened:
            opened.draft("RGB", (2 * _SIDE, 2 * _SIDE))
            image = ImageOps.exif_transpose(opened).convert("RGB")
            image.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
            return np.asarray(image, np.float64)
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ValueError(f"cannot be decoded ({error})") from error


def _quality(grey: NDArray[np.float64]) -> dict[str, float]:
    across, down = np.diff(grey, axis=1), np.diff(grey, axis=0)
    # Of a sharp edge much of the contrast lies between two neighbours; of a blurred one, little.
    steps = np.concatenate([np.abs(across).ravel(), np.abs(down).ravel()])
    spread = float(grey.std())
    steepest = float(np.percentile(steps, 99)) if steps.size else 0.0
    sharpness = 100 * min(1.0, steepest / (4 * spread)) if spread > 1 else 0.0
    return {
        "Brightness": round(float(grey.mean()) / 2.55, 4),
        "Sharpness": round(sharpness, 4),
        "Contrast": round(min(100.0, 2 * spread / 2.55), 4),
    }


def _colours(pixels: NDArray[np.float64], most: int) -> list[dict[str, Any]]:
    """The colours that most of the image is of, the largest part first: cells of a grid of colours, by their means."""
    flat = pixels.reshape(-1, 3)
    cells = (flat // 52).astype(int) @ np.array([25, 5, 1])
    counts = np.bincount(cells)
    found = []
    for cell in np.argsort(-counts, kind="stable")[:most]:
        if not counts[cell]:
            break
        red, green, blue = (round(part) for part in flat[cells == cell].mean(axis=0))
        found.append(
            {
                "Red": red,
                "Green": green,
                "Blue": blue,
                "HexCode": f"#{red:02x}{green:02x}{blue:02x}",
                "CSSColor": _nearest((red, green, blue), _CSS),
                "SimplifiedColor": _nearest((red, green, blue), _COLOURS),
                "PixelPercent": round(100 * float(counts[cell]) / len(flat), 4),
            }
        )
    return found


def _nearest(colour: tuple[int, int, int], known: dict[str, tuple[int, int, int]]) -> str:
    return min(known, key=lambda name: sum((a - b) ** 2 for a, b in zip(colour, known[name], strict=True)))

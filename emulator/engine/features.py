"""An image as a row of figures, of the same length for every image."""

import io
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from skimage.feature import hog

from customlabels.datasets.limits import MAX_SIDE, MIN_SIDE
from customlabels.emulator.engine.defects import flattened, lines, resized, stand_outs
from customlabels.emulator.engine.scattering import scattered
from customlabels.emulator.engine.unevenness import unevenness

_SIDE = 128
_BINS = 32
_WEIGHTS = (2.5, 1.5, 0.8, 1.0, 0.5, 0.8, 0.2, 0.3)
"""Of the two blocks of scattering, what stands out, lines, unevenness, edges, light, and hue.

Chosen on magnetic tiles kept whole on one side of the split and on sample images, where halving or doubling one of
them changes the F1 by about 0.01. Edges and hue have more than is best there: with less, labels that differ by the way
a thing lies, or by hue alone, are not told apart.
"""

cv2.setNumThreads(1)
# Its figures differ from one kind of processor to another, and it saves no time here.
cv2.ipp.setUseIPP(False)


def decode(data: bytes) -> NDArray[np.uint8]:
    """The pixels of a JPEG or PNG: (height, width) where it is grey, (height, width, 3) in RGB where not.

    The header is looked at first: nothing larger than 4096 pixels a side is ever decoded. A JPEG is turned as its EXIF
    orientation says, as Rekognition does (API reference, DetectLabels; taken to hold for Custom Labels too).

    Raises
    ------
    ValueError : another format, a side out of range, or damaged data
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as opened:
            if not MIN_SIDE <= min(opened.size) <= max(opened.size) <= MAX_SIDE:
                width, height = opened.size
                raise ValueError(f"{width}×{height} pixels; a side has {MIN_SIDE} to {MAX_SIDE}")
            image = ImageOps.exif_transpose(opened) if opened.format == "JPEG" else opened
            if image.mode.startswith(("I", "F")):
                # 16-bit grey: the upper eight bits.
                return (np.asarray(image, dtype=np.float64) / 256).clip(0, 255).astype(np.uint8)
            grey = image.mode in {"1", "L", "LA"}
            return np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("no JPEG or PNG image, or a damaged one") from error


def describe(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The features of an image, (length,); grey and colour images give the same length.

    Scattering, what stands out of the surface, lines and unevenness change little where the image is mirrored; a
    histogram of oriented gradients tells where and which way things lie, and light and hue tell the rest.

    Parameters
    ----------
    image : (height, width) or (height, width, 3) in RGB
    """
    return np.concatenate(_blocks(image)).astype(np.float32)


@cache
def weights() -> NDArray[np.float64]:
    """How much each feature counts, (length,); they add up to 1.

    A block counts by its weight and not by its length: edges are many figures, unevenness is few.
    """
    blocks = _blocks(np.zeros((_SIDE, _SIDE), dtype=np.uint8))
    shares = [np.full(block.size, weight / block.size) for block, weight in zip(blocks, _WEIGHTS, strict=True)]
    together = np.concatenate(shares)
    normal: NDArray[np.float64] = together / together.sum()
    return normal


def _blocks(image: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    whole = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
    in_proportion = resized(whole)
    flat = flattened(in_proportion)
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    colour = small if small.ndim == 3 else cv2.merge([small] * 3)
    grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    surface = [*scattered(whole), stand_outs(flat), lines(flat), unevenness(in_proportion)]
    return [*surface, _edges(grey), _light(grey), _hue(colour)]


def _edges(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    rows: NDArray[np.float64] = hog(
        grey, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2), transform_sqrt=True
    )
    return rows


def _light(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    levels = np.bincount(grey.ravel(), minlength=256)
    counts = np.sqrt(levels.reshape(_BINS, -1).sum(axis=1) / grey.size)
    values, shares = np.arange(256) / 255, levels / grey.size
    mean = float(shares @ values)
    centred = values - mean
    spread = max(float(np.sqrt(shares @ centred**2)), 1e-6)
    places = np.array((0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)) * (grey.size - 1)
    marks = values[np.searchsorted(levels.cumsum(), np.rint(places), side="right")]
    steps = np.diff(marks)
    moments = [mean, spread, shares @ centred**3 / spread**3, shares @ centred**4 / spread**4 / 10]
    return np.concatenate([counts, marks, steps, moments])


def _hue(colour: NDArray[np.uint8]) -> NDArray[np.float64]:
    """A block of its own, or four figures would be lost among the many of light; all the same for grey images."""
    lab = cv2.cvtColor(colour, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float64) / 255
    return np.concatenate([lab[:, 1:].mean(axis=0), lab[:, 1:].std(axis=0)])

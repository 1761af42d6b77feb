"""An image as a row of figures: what a network says that has seen ImageNet, where it is installed, else by hand."""

import io
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from customlabels.datasets.limits import MAX_SIDE, MIN_SIDE
from customlabels.emulator.engine import pretrained
from customlabels.emulator.engine.defects import flattened, lines, resized, stand_outs
from customlabels.emulator.engine.scattering import scattered
from customlabels.emulator.engine.unevenness import unevenness

BY_HAND = "by hand"

_SIDE = 128
_BINS = 32
_CELL, _DIRECTIONS, _MOST_SHARE = 16, 9, 0.2
"""Of the histograms of gradients: pixels of a cell's side, directions, and what one of them counts at most."""

_WEIGHTS = (2.5, 1.5, 0.8, 1.0, 0.5, 0.8, 0.2, 0.3)
"""Of the two blocks of scattering, what stands out, lines, unevenness, edges, light, and hue.

Chosen on magnetic tiles kept whole on one side of the split and on sample images, where halving or doubling one of
them changes the F1 by about 0.01. Edges and hue have more than is best there: with less, labels that differ by the way
a thing lies, or by hue alone, are not told apart.
"""

_QUICK = 3
"""The first of the blocks that take little time: these stand beside what the network says."""

_COARSE = 2
"""Every how many pixels shading is told there, where time counts more."""

_SHARE_BESIDE = 1 / 3
"""What the quick blocks count beside it, together. Without them F1 on cells of solar modules was lower than by hand;
with the slow ones too it was no higher.
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


def describer() -> str:
    """What describes images where nothing else is asked for: the network's name where it is installed, else BY_HAND."""
    return pretrained.NAME if pretrained.is_there() else BY_HAND


def describe(image: NDArray[np.uint8], by: str | None = None) -> NDArray[np.float32]:
    """The features of an image, (length,); grey and colour images give the same length.

    By hand: scattering, what stands out of the surface, lines and unevenness change little where the image is
    mirrored; a histogram of oriented gradients tells where and which way things lie, and light and hue tell the rest.

    Parameters
    ----------
    image : (height, width) or (height, width, 3) in RGB
    by : one of pretrained.NAME and BY_HAND; None: what `describer` says

    Raises
    ------
    ModuleNotFoundError : the network is asked for, and not installed
    """
    if (by or describer()) == pretrained.NAME:
        return np.concatenate([*_quick_blocks(image, _COARSE), pretrained.described(image)]).astype(np.float32)
    return np.concatenate([*_slow_blocks(image), *_quick_blocks(image)]).astype(np.float32)


def weights(by: str | None = None) -> NDArray[np.float64]:
    """How much each feature counts, (length,), of those that `by` describes images by; they add up to 1."""
    return _weights(by or describer())


@cache
def _weights(by: str) -> NDArray[np.float64]:
    """A block counts by its weight and not by its length: edges are many figures, unevenness is few."""
    image = np.zeros((_SIDE, _SIDE), dtype=np.uint8)
    if by == pretrained.NAME:
        quick = _normal(_quick_blocks(image), _WEIGHTS[_QUICK:])
        return np.concatenate([quick * _SHARE_BESIDE, pretrained.weights() * (1 - _SHARE_BESIDE)])
    return _normal([*_slow_blocks(image), *_quick_blocks(image)], _WEIGHTS)


def _normal(blocks: Sequence[NDArray[np.float64]], weights: Sequence[float]) -> NDArray[np.float64]:
    shares = [np.full(block.size, weight / block.size) for block, weight in zip(blocks, weights, strict=True)]
    together = np.concatenate(shares)
    normal: NDArray[np.float64] = together / together.sum()
    return normal


def _slow_blocks(image: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    grey = _grey(image)
    return [*scattered(grey), stand_outs(flattened(resized(grey)))]


def _quick_blocks(image: NDArray[np.uint8], step: int = 1) -> list[NDArray[np.float64]]:
    in_proportion = resized(_grey(image))
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    colour = small if small.ndim == 3 else cv2.merge([small] * 3)
    grey = _grey(colour)
    surface = [lines(flattened(in_proportion, step)), unevenness(in_proportion)]
    return [*surface, _edges(grey), _light(grey), _hue(colour)]


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image


def _edges(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """A histogram of oriented gradients, cell by cell; to eight digits scikit-image's, in two fifths of the time.

    After N. Dalal, B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.
    """
    light = np.sqrt(grey.astype(np.float64))
    down, across = np.zeros_like(light), np.zeros_like(light)
    down[1:-1] = light[2:] - light[:-2]
    across[:, 1:-1] = light[:, 2:] - light[:, :-2]
    directions = (np.rad2deg(np.arctan2(down, across)) % 180 * (_DIRECTIONS / 180)).astype(np.intp)
    cells = len(grey) // _CELL
    cell = np.repeat(np.arange(cells), _CELL)
    bins = (cell[:, None] * cells + cell) * _DIRECTIONS + np.minimum(directions, _DIRECTIONS - 1)
    sums = np.bincount(bins.ravel(), np.hypot(across, down).ravel(), cells * cells * _DIRECTIONS)
    shares = sums.reshape(cells, cells, _DIRECTIONS) / _CELL**2
    corners = [shares[:-1, :-1], shares[:-1, 1:], shares[1:, :-1], shares[1:, 1:]]
    blocks = np.stack(corners, axis=2).reshape((cells - 1) ** 2, -1)
    rows: NDArray[np.float64] = _of_length_one(np.minimum(_of_length_one(blocks), _MOST_SHARE)).ravel()
    return rows


def _of_length_one(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.sqrt((rows**2).sum(axis=1, keepdims=True) + 1e-10)
    return rows / lengths


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
    means, spreads = cv2.meanStdDev(cv2.cvtColor(colour, cv2.COLOR_RGB2LAB))
    hue: NDArray[np.float64] = np.concatenate([means[1:, 0], spreads[1:, 0]]) / 255
    return hue

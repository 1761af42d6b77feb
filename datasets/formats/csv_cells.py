"""What a single cell of a CSV file may hold beside a word or a number: boxes, polygons, run lengths.

Source of run lengths: Kaggle, "Severstal: Steel Defect Detection" and "Airbus Ship Detection", Data: pairs of start and
length, pixels counted from 1, down the columns first.
"""

import json
import math
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeGuard

from customlabels.datasets.layout import rectangle
from customlabels.datasets.limits import MAX_SIDE
from customlabels.datasets.model import Box
from customlabels.datasets.spots import spots

Corners = tuple[float, float, float, float]

_NUMBERS = re.compile(r"[-+\d.eE]+(?:[\s,;]+[-+\d.eE]+)*")
_NAMED = (("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"), ("left", "top", "right", "bottom"))
_NAMED_SIZES = (("x", "y", "width", "height"), ("left", "top", "width", "height"), ("x", "y", "w", "h"))
_MOST_NESTED = 100_000
"""Characters of a cell that are parsed as a list."""


def is_number(cell: str) -> bool:
    """Whether a cell is a number, and a finite one."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


@lru_cache(maxsize=256)
def shapes_of(cell: str) -> tuple[tuple[float, ...], ...] | None:
    """The numbers of each box (four) or polygon (six and more) in a cell; None where it holds none.

    JSON, a Python list, or four numbers with commas or blanks between them: `[1, 2, 3, 4]`, `(1,2,3,4)`, `1 2 3 4`,
    `[[1, 2, 3, 4], [5, 6, 7, 8]]`, `{"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}`.
    """
    text = cell.strip()
    if len(text) > _MOST_NESTED or not text:
        return None
    if text[0] in "[({":
        try:
            return _shapes(json.loads(text.translate(str.maketrans("()'", '[]"'))))
        except (ValueError, RecursionError):
            # As NumPy writes an array: blanks alone between its numbers.
            text = text[1:-1].strip()
    bare = _NUMBERS.fullmatch(text)
    numbers = [float(part) for part in re.split(r"[\s,;]+", text) if is_number(part)] if bare else []
    return (tuple(numbers),) if len(numbers) == 4 and len(re.split(r"[\s,;]+", text)) == 4 else None


def _shapes(document: object) -> tuple[tuple[float, ...], ...] | None:
    if isinstance(document, dict):
        corners = _named(document)
        return (corners,) if corners else None
    if not isinstance(document, list):
        return None
    if all(_is_finite(number) for number in document) and _is_shape(len(document)):
        return (tuple(map(float, document)),)
    if len(document) >= 3 and all(map(_is_point, document)):
        return (tuple(float(number) for pair in document for number in pair),)
    inner = [_shapes(part) for part in document if isinstance(part, list | dict)]
    if not inner or len(inner) < len(document) or None in inner:
        return None
    return tuple(shape for shapes in inner for shape in shapes or ())


def _is_shape(count: int) -> bool:
    return count == 4 or (count >= 6 and count % 2 == 0)


def _is_point(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(map(_is_finite, pair))


def _is_finite(number: object) -> TypeGuard[float]:
    # A whole number may be larger than any float, which math.isfinite does not take.
    return isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= sys.float_info.max


def _named(document: dict[str, object]) -> Corners | None:
    """A box whose numbers have names, as left, top, width, height with a mark that they are no corners."""
    lowered = {str(key).lower(): number for key, number in document.items()}
    for names in _NAMED:
        numbers = _numbers(lowered, names)
        if len(numbers) == len(names):
            left, top, right, bottom = numbers
            return left, top, right - left, bottom - top
    for names in _NAMED_SIZES:
        numbers = _numbers(lowered, names)
        if len(numbers) == len(names):
            left, top, width, height = numbers
            return left, top, width, height
    return None


def _numbers(document: dict[str, object], names: Sequence[str]) -> list[float]:
    """The numbers under those of the names that have one."""
    return [float(number) for name in names if _is_finite(number := document.get(name))]


def boxes_of(cell: str, labels: Sequence[str], corners: bool) -> tuple[Box, ...]:
    """The boxes in a cell, each with the one label, or with its own.

    Parameters
    ----------
    corners : whether four numbers are left, top, right, bottom rather than left, top, width, height

    Raises
    ------
    ValueError : a sentence saying why there are none
    """
    text = cell.strip()
    shapes = () if re.fullmatch(r"[\[({]\s*[\])}]", text) else shapes_of(text)
    if shapes is None:
        raise ValueError(f"{text[:40]!r} is no box")
    if not shapes:
        return ()
    if len(labels) not in {1, len(shapes)}:
        raise ValueError(f"{len(shapes)} boxes have {len(labels)} labels" if labels else "its box has no label")
    named = text.startswith("{") or "{" in text[:3]
    boxes = []
    for number, shape in enumerate(shapes):
        label = labels[number if len(labels) > 1 else 0]
        if len(shape) > 4:
            boxes.append(rectangle(label, zip(shape[::2], shape[1::2], strict=True)))
        elif corners and not named:
            boxes.append(Box(label, shape[0], shape[1], shape[2] - shape[0], shape[3] - shape[1]))
        else:
            boxes.append(Box(label, *shape))
    return tuple(boxes)


def runs_of(cell: str) -> list[tuple[int, int]] | None:
    """(start, length) of each run in a cell, pixels counted from 1; None where it holds no runs."""
    parts = cell.split()
    if len(parts) < 2 or len(parts) % 2 or not all(part.isdecimal() and len(part) < 10 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    runs = list(zip(numbers[::2], numbers[1::2], strict=True))
    end = 0
    for start, length in runs:
        if start <= end or length < 1:
            return None
        end = start + length - 1
    return runs


def boxes_of_runs(cell: str, label: str, size: tuple[int, int], min_area: int) -> tuple[tuple[Box, ...], int]:
    """A box for each spot of a mask in run lengths, and how many smaller spots there are.

    Parameters
    ----------
    size : width and height of the image in pixels
    min_area : pixels of the smallest spot that becomes a box

    Raises
    ------
    ValueError : no run lengths, or they lead out of the image
    """
    import numpy as np

    runs = runs_of(cell)
    if runs is None:
        raise ValueError(f"{cell[:40]!r} are no run lengths: pairs of start and length, counted from 1")
    width, height = size
    if max(width, height) > MAX_SIDE:
        raise ValueError(f"a side is longer than {MAX_SIDE} pixels")
    start, length = runs[-1]
    if start + length - 1 > width * height:
        raise ValueError(f"its run lengths lead to pixel {start + length - 1:,} of {width}×{height}")
    pixels = np.zeros(width * height, np.uint8)
    for start, length in runs:
        pixels[start - 1 : start - 1 + length] = 1
    # Down the columns first: the transposed picture lies row by row.
    connected = spots(pixels.reshape(width, height).T)
    boxes = [Box(label, *map(float, spot[:4])) for spot in connected if spot[4] >= min_area]
    return tuple(boxes), len(connected) - len(boxes)

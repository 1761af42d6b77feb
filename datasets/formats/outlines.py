"""Outlines of COCO JSON: polygons and runs of pixels, and the rectangles around them.

Source: https://cocodataset.org/#format-data; for compressed runs rleFrString in
https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c
"""

from collections.abc import Iterator
from typing import Any

import msgspec

Corners = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

_MOST_PIXELS = 1 << 30
_FIRST, _MORE, _SIGN, _BITS = 48, 0x20, 0x10, 5
"""Of compressed counts: the character of 0, the bit that says that more follow, that of the sign, bits a character."""


class Runs(msgspec.Struct):
    """Runs of pixels, column by column, background first: plain counts, or compressed to text."""

    size: tuple[int, int]
    counts: list[int] | str


def rectangle_around(outline: bytes | msgspec.Raw) -> Corners:
    """The rectangle around a segmentation as COCO JSON writes it.

    Raises
    ------
    ValueError : it is none, or empty
    """
    try:
        value: Any = msgspec.json.decode(outline)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"a segmentation that cannot be read: {error}") from error
    if isinstance(value, dict):
        try:
            return around_runs(msgspec.convert(value, Runs))
        except msgspec.ValidationError as error:
            raise ValueError(f"a segmentation that is no run-length encoding: {error}") from error
    if not isinstance(value, list):
        raise ValueError("a segmentation that is neither polygons nor a run-length encoding")
    polygons = value if any(isinstance(part, list | dict) for part in value) else [value]
    if not all(isinstance(polygon, list) for polygon in polygons):
        raise ValueError("a segmentation of polygons and what is none, a run-length encoding say")
    numbers = [number for polygon in polygons for number in polygon]
    if len(numbers) < 4 or len(numbers) % 2 or not all(type(number) in (int, float) for number in numbers):
        raise ValueError("a segmentation without points")
    across, down = numbers[::2], numbers[1::2]
    return min(across), min(down), max(across), max(down)


def around_runs(runs: Runs) -> Corners:
    """The rectangle around the pixels that are set.

    Raises
    ------
    ValueError : none is, or they are more than the image has
    """
    height, width = runs.size
    if not (height > 0 and width > 0 and height * width <= _MOST_PIXELS):
        raise ValueError(f"a run-length encoding of {width}×{height} pixels")
    counts = list(_counts(runs.counts)) if isinstance(runs.counts, str) else runs.counts
    if any(count < 0 for count in counts) or sum(counts) > height * width:
        raise ValueError(f"a run-length encoding of more than its {width}×{height} pixels")
    start, left, top, right, bottom = 0, width, height, 0, 0
    for number, count in enumerate(counts):
        end = start + count
        if number % 2 and count:
            first, last = start // height, (end - 1) // height
            left, right = min(left, first), max(right, last + 1)
            # A run that goes on in the next column touches the lower edge and the upper one.
            top = 0 if last > first else min(top, start % height)
            bottom = height if last > first else max(bottom, (end - 1) % height + 1)
        start = end
    if right <= left:
        raise ValueError("a run-length encoding of no pixel")
    return left, top, right, bottom


def _counts(text: str) -> Iterator[int]:
    """The counts in a compressed text; from the fourth on, each is told by what it is more than the last but one."""
    earlier: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - _FIRST
        if not 0 <= bits < 64 or shift > 60:
            raise ValueError("a run-length encoding that is no text of counts")
        value |= (bits & 0x1F) << shift
        shift += _BITS
        if bits & _MORE:
            continue
        if bits & _SIGN:
            value -= 1 << shift
        if len(earlier) > 2:
            value += earlier[-2]
        earlier.append(value)
        yield value
        value = shift = 0
    if shift:
        raise ValueError("a run-length encoding that breaks off")

"""Regions of the VGG Image Annotator: the rectangle around a shape; lines and points have none.

Source: https://www.robots.ox.ac.uk/~vgg/software/via/docs/user_guide.html; of version 3 _VIA_RSHAPE in its code.
"""

import math
from collections.abc import Sequence

from customlabels.datasets.formats.documents import Document, is_number, numbers
from customlabels.datasets.layout import rectangle
from customlabels.datasets.model import Box

LINES = {"polyline": "lines", "line": "lines", "point": "points"}
_SHAPES = {1: "point", 2: "rect", 3: "circle", 4: "ellipse", 5: "line", 6: "polyline", 7: "polygon", 8: "extreme"}
"""Of version 3, by their numbers; an extreme rectangle is given by points on its sides."""


def box_of(label: str, shape: Document) -> Box | str:
    """The rectangle around a shape of versions 1 and 2; where it has none, what it is, in the plural.

    Raises
    ------
    ValueError : a sentence saying what is wrong with it
    """
    name = shape.get("name") or ("polygon" if "all_points_x" in shape else "rect" if "width" in shape else None)
    if name == "rect":
        return Box(label, *numbers(shape, ("x", "y", "width", "height")))
    if name == "circle":
        across, down, radius = numbers(shape, ("cx", "cy", "r"))
        return _round(label, across, down, radius, radius, 0)
    if name == "ellipse":
        across, down, wide, high = numbers(shape, ("cx", "cy", "rx", "ry"))
        theta = shape.get("theta", 0)
        return _round(label, across, down, wide, high, float(theta) if is_number(theta) else 0)
    if name == "polygon":
        xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
        if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys) or len(xs) < 2:
            raise ValueError("its polygon has no points")
        if not all(map(is_number, (*xs, *ys))):
            raise ValueError("a point of its polygon is no number")
        return rectangle(label, zip(map(float, xs), map(float, ys), strict=True))
    return LINES.get(str(name), f"shapes of kind {name!r}")


def _round(label: str, across: float, down: float, wide: float, high: float, theta: float) -> Box:
    """The rectangle around an ellipse that is turned by `theta`, in radians."""
    half_width = math.hypot(wide * math.cos(theta), high * math.sin(theta))
    half_height = math.hypot(wide * math.sin(theta), high * math.cos(theta))
    return Box(label, across - half_width, down - half_height, 2 * half_width, 2 * half_height)


def box_of_numbers(label: str, values: Sequence[object]) -> Box | str:
    """As `box_of`, of version 3: the number of the shape, then its coordinates.

    Raises
    ------
    ValueError : a sentence saying what is wrong with it
    """
    given = [float(value) for value in values if is_number(value)]
    if len(given) < len(values):
        raise ValueError("a coordinate is no number")
    kind, *coordinates = given
    name = _SHAPES.get(int(kind), "")
    if name in LINES:
        return LINES[name]
    wanted = {"rect": 4, "circle": 3, "ellipse": 4}.get(name)
    if wanted is not None and len(coordinates) != wanted:
        raise ValueError(f"a {name} has {wanted} numbers, not {len(coordinates)}")
    if name == "rect":
        return Box(label, *coordinates)
    if name == "circle":
        across, down, radius = coordinates
        return _round(label, across, down, radius, radius, 0)
    if name == "ellipse":
        across, down, wide, high = coordinates
        return _round(label, across, down, wide, high, 0)
    if name in ("polygon", "extreme"):
        if len(coordinates) < 4 or len(coordinates) % 2:
            raise ValueError("its points are not pairs of numbers")
        return rectangle(label, zip(coordinates[::2], coordinates[1::2], strict=True))
    return f"shapes of kind {values[0]!r}"

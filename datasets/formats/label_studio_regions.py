"""What results of Label Studio mark on an image: boxes in fractions of it, labels, and what is neither.

A region may have its label in a result of its own: results that share an id are one region. Of the pixels of brush
strokes nothing is ever made, so that an export of many of them costs little more than its bytes.
Source: https://labelstud.io/guide/task_format and https://labelstud.io/tags
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from customlabels.datasets.layout import rectangle
from customlabels.datasets.model import Box

LABELS = (
    "rectanglelabels",
    "polygonlabels",
    "ellipselabels",
    "labels",
    "brushlabels",
    "keypointlabels",
    "vectorlabels",
    "bitmasklabels",
)
"""Keys of a result's value that hold labels of its region."""

_LEFT_OUT = {
    "brush": "brush strokes",
    "bitmask": "brush strokes",
    "keypoint": "key points",
    "vector": "lines",
    "taxonomy": "taxonomies",
    "textarea": "texts",
    "relation": "relations",
    "rating": "ratings",
    "number": "numbers",
}
"""Kinds of results, by what their type begins with."""

ANSWERS = "answers about regions"


class Value(msgspec.Struct):
    """The fields that count of a result's value; whatever they hold, a fault in them is one of their region alone."""

    x: Any = None
    y: Any = None
    width: Any = None
    height: Any = None
    rotation: Any = None
    points: Any = None
    closed: Any = None
    vertices: Any = None
    radiusX: Any = None  # noqa: N815 - the format's own name
    radiusY: Any = None  # noqa: N815 - the format's own name
    choices: Any = None
    rectanglelabels: Any = None
    polygonlabels: Any = None
    ellipselabels: Any = None
    labels: Any = None
    brushlabels: Any = None
    keypointlabels: Any = None
    vectorlabels: Any = None
    bitmasklabels: Any = None

    @property
    def named(self) -> list[str]:
        """The labels in it."""
        labels = [label for key in LABELS for label in (getattr(self, key) or ())]
        return [label.strip() for label in labels if isinstance(label, str) and label.strip()]


class Result(msgspec.Struct):
    type: str
    value: Value = msgspec.field(default_factory=Value)
    id: str | int | None = None
    from_name: str | None = None
    to_name: str | None = None
    item_index: int | None = None
    original_width: Any = None
    original_height: Any = None
    image_rotation: Any = None

    @staticmethod
    def of(raw: msgspec.Raw, control: str) -> "Result":
        """The result that a region of the short form stands for."""
        sized = msgspec.json.decode(raw, type=_Sized)
        value = msgspec.json.decode(raw, type=Value)
        kind = next((key for key in LABELS if getattr(value, key)), control)
        size = (sized.original_width, sized.original_height)
        return Result(kind, value, from_name=control, original_width=size[0], original_height=size[1])

    @staticmethod
    def choice(label: str, control: str) -> "Result":
        """The result that a choice of the short form stands for."""
        return Result("choices", Value(choices=[label]), from_name=control)


class _Sized(msgspec.Struct):
    original_width: Any = None
    original_height: Any = None


@dataclass(slots=True)
class Marks:
    """What is marked on an image; `boxes` in fractions of its sides, `size` in pixels."""

    labels: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    size: tuple[int, int] | None = None


def marks_of(results: Iterable[Result], lines: str, question: str | None = None) -> Marks:
    """What the results on one image mark.

    Parameters
    ----------
    lines : out or boxes: whether a line is left out, or becomes the rectangle around it
    question : whose answers are labels of the image; None: whichever are asked
    """
    marks = Marks()
    regions: dict[Any, list[Result]] = {}
    for number, result in enumerate(results):
        if isinstance(result.original_width, int) and isinstance(result.original_height, int):
            marks.size = (result.original_width, result.original_height)
        regions.setdefault(number if result.id is None else f"id {result.id}", []).append(result)
    for region in regions.values():
        try:
            _add(marks, region, lines, question)
        except (TypeError, ValueError, KeyError, ArithmeticError) as error:
            marks.faults.append(f"a region of type {region[0].type}: {error}")
    return marks


def _add(marks: Marks, region: list[Result], lines: str, question: str | None) -> None:
    """Adds a region: shapes that share an id, each with labels of its own or else with those of the others."""
    shapes = [_shape(result, lines) for result in region]
    everything = [label for result in region for label in result.value.named]
    together = list(zip(region, shapes, strict=True))
    spread = [label for result, shape in together if shape is None for label in result.value.named]
    boxes: dict[Box, None] = {}
    for result, shape in together:
        if shape is not None:
            left, top, width, height = shape
            labels = [*result.value.named, *spread] if result.value.named else everything
            if not labels:
                raise ValueError("has no label")
            boxes |= {Box(label, left / 100, top / 100, width / 100, height / 100): None for label in labels}
    marks.boxes += boxes
    for result, shape in together:
        if shape is not None or (boxes and result.value.named):
            continue
        if result.type == "choices" and not boxes:
            if question in (None, result.from_name or ""):
                marks.labels += _choices(result.value)
            else:
                marks.left_out.append(f"answers to {result.from_name!r}")
        else:
            marks.left_out.append(ANSWERS if boxes else _kind(result.type))


def _choices(value: Value) -> list[str]:
    if not isinstance(value.choices, list) or not value.choices:
        raise ValueError("has no choice")
    return [str(choice).strip() for choice in value.choices]


def _kind(type: str) -> str:
    """What a result of that type is, in the plural."""
    return next((kind for start, kind in _LEFT_OUT.items() if type.startswith(start)), f"results of type {type}")


def _shape(result: Result, lines: str) -> tuple[float, float, float, float] | None:
    """Left, top, width and height of the rectangle around a region, in percent; None where it is no area."""
    value = result.value
    if _kind(result.type) in ("brush strokes", "key points"):
        return None
    if result.image_rotation and (value.x is not None or value.points is not None):
        raise ValueError(f"was drawn on an image turned by {result.image_rotation} degrees (image_rotation)")
    if value.vertices is not None:
        if not value.closed and lines != "boxes":
            return None
        return _around((float(point["x"]), float(point["y"])) for point in value.vertices)
    if value.points is not None:
        return _around((float(x), float(y)) for x, y in value.points)
    if value.radiusX is not None:
        wide, high = float(value.radiusX), float(value.radiusY)
        return _turned_ellipse(result, wide, high)
    if value.width is None or value.height is None:
        return None
    left, top, width, height = (float(side) for side in (value.x, value.y, value.width, value.height))
    turn = _turn(value)
    if not turn:
        return left, top, width, height
    # It is turned about its upper-left corner, in pixels: percent of unequal sides would shear it.
    shape = _proportion(result)
    across, down = math.cos(turn), math.sin(turn)
    corners = [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)]
    return _around((left + x * across - y / shape * down, top + x * shape * down + y * across) for x, y in corners)


def _turned_ellipse(result: Result, wide: float, high: float) -> tuple[float, float, float, float]:
    """The rectangle around an ellipse, which is turned about its centre."""
    across, down, turn, shape = float(result.value.x), float(result.value.y), _turn(result.value), _proportion(result)
    # In a unit of which both sides have the same length, percent of the width.
    tall = high / shape
    reach = math.hypot(wide * math.cos(turn), tall * math.sin(turn))
    rise = math.hypot(wide * math.sin(turn), tall * math.cos(turn)) * shape
    return across - reach, down - rise, 2 * reach, 2 * rise


def _turn(value: Value) -> float:
    """How far a shape is turned, in radians."""
    return math.radians(float(value.rotation or 0))


def _proportion(result: Result) -> float:
    """The image's width over its height."""
    if not result.value.rotation:
        return 1.0
    if not result.original_width or not result.original_height:
        raise ValueError("is turned, and the image's size is not said (original_width, original_height)")
    return float(result.original_width) / float(result.original_height)


def _around(points: Iterator[tuple[float, float]]) -> tuple[float, float, float, float]:
    box = rectangle("", points)
    return box.left, box.top, box.width, box.height

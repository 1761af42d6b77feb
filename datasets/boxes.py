"""Boxes beside each other, and turned ones."""

import math
from collections.abc import Sequence

from customlabels.datasets.model import Box


def around_turned(box: Box, degrees: float) -> Box:
    """The rectangle around a box that is turned about its centre."""
    if not degrees % 360:
        return box
    turn = math.radians(degrees)
    wide = abs(box.width * math.cos(turn)) + abs(box.height * math.sin(turn))
    high = abs(box.width * math.sin(turn)) + abs(box.height * math.cos(turn))
    across, down = box.left + box.width / 2, box.top + box.height / 2
    return Box(box.label, across - wide / 2, down - high / 2, wide, high)


def overlap(box: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes (left, top, width, height in the same unit), 0..1."""
    across = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    down = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    return both / (box[2] * box[3] + other[2] * other[3] - both)

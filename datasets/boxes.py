"""Boxes beside each other."""

from collections.abc import Sequence


def overlap(box: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes (left, top, width, height in the same unit), 0..1."""
    across = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    down = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    return both / (box[2] * box[3] + other[2] * other[3] - both)

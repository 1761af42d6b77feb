"""Turned copies of training images: where objects lie any way round, one that lies otherwise is one more example.

Whether they do is told by their boxes: where those of a label are wide ones alone, or tall ones, how it lies may be
what it is, a line across and not a line down; then nothing is turned.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from customlabels.emulator.engine.detector_truth import MOST_IMAGES, Box

_LONG = 1.3
"""A box that is longer than it is wide by more lies one way or the other."""

_OTHER_WAY = 0.1
"""The least part of a label's long boxes that lie the other way."""


class Copied(NamedTuple):
    """Images and their boxes, each followed by its copy; which of the given ones each is of, (images,)."""

    images: list[NDArray[np.uint8]]
    boxes: list[Sequence[Box]]
    origins: NDArray[np.intp]


def with_copies(images: Sequence[NDArray[np.uint8]], boxes: Sequence[Sequence[Box]], seed: int) -> Copied:
    """Each image, and behind it a copy that is turned by quarters or mirrored, by chance; none where none is of use."""
    if 2 * len(images) > MOST_IMAGES or not lie_any_way(boxes):
        return Copied([*images], [*boxes], np.arange(len(images)))
    copied = Copied([], [], np.repeat(np.arange(len(images)), 2))
    for number, (image, own) in enumerate(zip(images, boxes, strict=True)):
        way = int(np.random.default_rng((seed, number)).integers(1, 8))
        copied.images.extend((image, turned_image(image, way)))
        copied.boxes.extend((own, turned_boxes(own, (image.shape[0], image.shape[1]), way)))
    return copied


def lie_any_way(boxes: Sequence[Sequence[Box]]) -> bool:
    """Whether the long ones among the boxes of every label lie both ways."""
    labels = {box[0] for own in boxes for box in own}
    for label in labels:
        sizes = [box[3:] for own in boxes for box in own if box[0] == label]
        wide, tall = (sum(size[k] > _LONG * size[1 - k] for size in sizes) for k in (0, 1))
        if min(wide, tall) < _OTHER_WAY * (wide + tall):
            return False
    return True


def turned_image(image: NDArray[np.uint8], way: int) -> NDArray[np.uint8]:
    """The image turned to the left by `way` % 4 quarters, and mirrored from 4 on."""
    turned = np.rot90(image, way % 4)
    return np.ascontiguousarray(turned[:, ::-1] if way >= 4 else turned)


def turned_boxes(boxes: Sequence[Box], sides: tuple[int, int], way: int) -> list[Box]:
    """The boxes of an image of height and width `sides` on it as `turned_image` turns it."""
    height, width = sides
    turned = []
    for label, left, top, across, down in boxes:
        at = (left, top, across, down)
        room = width, height
        for _ in range(way % 4):
            at, room = (at[1], room[0] - at[0] - at[2], at[3], at[2]), (room[1], room[0])
        if way >= 4:
            at = (room[0] - at[0] - at[2], *at[1:])
        turned.append((label, *at))
    return turned

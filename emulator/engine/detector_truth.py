"""What a detector learns from: images at their working size, and which boxes show what of their objects."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from customlabels.emulator.engine import detector_boxes, detector_pixels
from customlabels.emulator.engine.detector_boxes import Boxes, clipped, overlaps
from customlabels.emulator.engine.detector_pixels import Plane

MOST_IMAGES = 600
"""That are learnt from at most, copies among them."""

FOLDS = 3
_NEAR_OVERLAP = 0.3
"""With an object's box at least, for a box to learn from where the object's own lies."""

_NEAR, _MOVED = 30, 10
"""Boxes to learn from for each object: proposed ones near it, and its own, moved."""

Box = tuple[int, float, float, float, float]


class Truth(NamedTuple):
    """An image at its working size, with the labels (boxes,) of its objects and their boxes."""

    image: NDArray[np.uint8]
    which: NDArray[np.intp]
    boxes: Boxes


def scaled(image: NDArray[np.uint8], boxes: Sequence[Box]) -> Truth:
    small = detector_pixels.working(image)
    rows = np.array(boxes, dtype=np.float64).reshape(-1, 5)
    rows[:, 1:] *= np.tile([small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]], 2)
    return Truth(small, rows[:, 0].astype(np.intp), clipped(rows[:, 1:], (small.shape[0], small.shape[1])))


def split(truths: list[Truth]) -> NDArray[np.intp]:
    """A fold an image. Photographs of one thing tend to follow each other, so a fold is a run of a label's images."""
    firsts = np.array([truth.which.min() if len(truth.which) else -1 for truth in truths])
    folds = np.zeros(len(truths), dtype=np.intp)
    for label in np.unique(firsts):
        own = np.flatnonzero(firsts == label)
        folds[own] = np.arange(len(own)) * FOLDS // len(own)
    return folds


def usual_sizes(truths: list[Truth], labels: int, seed: int) -> tuple[Boxes, NDArray[np.int64]]:
    shapes = []
    for label in range(labels):
        sizes = [truth.boxes[truth.which == label][:, 2:] for truth in truths]
        sides = [truth.image.shape[1::-1] for truth in truths]
        both = [np.concatenate([size, size / side], axis=1) for size, side in zip(sizes, sides, strict=True)]
        shapes.append(detector_boxes.usual_shapes(np.concatenate(both), seed))
    return np.concatenate(shapes), np.repeat(np.arange(labels), [len(own) for own in shapes])


def chosen_boxes(
    proposed: Boxes, truth: Truth, far: int, further: int, random: np.random.Generator
) -> tuple[Boxes, Boxes]:
    """Boxes to learn from, and so many `further` ones that lie near no object, to choose the most mistaken from.

    To learn from are of the proposed ones those near objects and `far` others, and the objects' own, moved.
    """
    best = overlaps(proposed, truth.boxes).max(axis=1, initial=0)
    near, others = np.flatnonzero(best >= _NEAR_OVERLAP), np.flatnonzero(best < _NEAR_OVERLAP)
    near, others = random.permutation(near)[: _NEAR * len(truth.boxes)], random.permutation(others)
    own = np.repeat(truth.boxes, _MOVED, axis=0)
    # Half of them close to the object's, as those are that have been moved once.
    by = random.normal(0, 1, own.shape) * np.where(np.arange(len(own)) % 2, 0.15, 0.05)[:, None]
    moved = np.concatenate([own[:, :2] + by[:, :2] * own[:, 2:], own[:, 2:] * np.exp(by[:, 2:])], axis=1)
    sides = (truth.image.shape[0], truth.image.shape[1])
    chosen = np.concatenate([proposed[near], proposed[others[:far]], moved, truth.boxes])
    return clipped(chosen, sides), proposed[others[far : far + further]]


def targets_of(boxes: Boxes, truth: Truth, labels: int) -> Plane:
    """(boxes, labels + 5) how well each box fits each label; whether one is near, and then where it lies from it."""
    targets = np.zeros((len(boxes), labels + 5), dtype=np.float32)
    if not len(truth.boxes):
        return targets
    shares = overlaps(boxes, truth.boxes)
    for label in np.unique(truth.which):
        targets[:, label] = np.clip((shares[:, truth.which == label].max(axis=1) - 0.2) / 0.6, 0, 1)
    nearest = truth.boxes[shares.argmax(axis=1)]
    near = shares.max(axis=1) >= _NEAR_OVERLAP
    centres = (nearest[:, :2] + nearest[:, 2:] / 2 - boxes[:, :2] - boxes[:, 2:] / 2) / boxes[:, 2:]
    offsets = np.concatenate([centres, np.log(nearest[:, 2:] / boxes[:, 2:])], axis=1)
    targets[:, labels] = near
    targets[:, labels + 1 :] = np.clip(offsets, -1, 1) * near[:, None]
    return targets

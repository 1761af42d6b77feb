"""Boxes near no object that are most like one: what a forest would be wrong about is what another learns from."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from customlabels.emulator.engine import detector_forest
from customlabels.emulator.engine.detector_pixels import Plane

_TREES = 10
"""Of the forests that are asked: a quarter of those of a model, enough to tell what is like an object."""

_WORST = 40
"""Boxes of an image that a model learns from again at most; 100 were no better on tiles."""


class Examples(NamedTuple):
    """Boxes to learn from: rows (boxes, length), targets (boxes, outputs), and each one's image and fold (boxes,)."""

    rows: Plane
    targets: Plane
    images: NDArray[np.intp]
    folds: NDArray[np.intp]

    def some(self, boxes: NDArray[np.intp] | NDArray[np.bool_]) -> "Examples":
        return Examples(self.rows[boxes], self.targets[boxes], self.images[boxes], self.folds[boxes])


def joined(parts: list[Examples]) -> Examples:
    rows, targets, images, folds = zip(*parts, strict=True)
    return Examples(np.concatenate(rows), np.concatenate(targets), np.concatenate(images), np.concatenate(folds))


def most_mistaken(learnt: Examples, others: Examples, labels: int, seed: int) -> Examples:
    """Those of the `others` that forests which have not seen their image's fold take for objects most.

    Parameters
    ----------
    learnt : what a forest learns from first
    others : boxes near no object, in order of their images
    labels : how many; the first outputs are how well a box fits each
    """
    scores = np.zeros(len(others.rows))
    for fold in np.unique(others.folds):
        seen = learnt.folds != fold
        if not seen.any():
            continue
        forest = detector_forest.grow(learnt.rows[seen], learnt.targets[seen], seed, _TREES)
        own = others.folds == fold
        scores[own] = detector_forest.asked(forest, others.rows[own])[:, :labels].max(axis=1)
    order = np.lexsort((-scores, others.images))
    rank = np.arange(len(order)) - np.searchsorted(others.images, others.images[order])
    return others.some(np.sort(order[rank < _WORST]))

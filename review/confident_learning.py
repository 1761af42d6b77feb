"""Labels that are probably wrong, by what a model says of images that it was not trained on. Pure.

A label's usual confidence is what the model says of images that carry it, on average. An image is counted as wrong
where another label reaches its usual confidence, and the one that it carries stays below; or where that one is believed
no more than on images without it. The less the label is believed beside the other, the earlier it is shown.
Source: C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels" (2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Doubt:
    """An image whose labels are doubted.

    Parameters
    ----------
    image : its number
    given : labels that it carries and that are doubted; none where one is missing
    likely : the label that the model sees instead, or besides; empty where it sees none
    margin : how far the given label is below what is usual of it, or the other above: -1..1, the surest doubt lowest
    counted : whether the rule counts it as wrong; else it is merely among the least believed
    """

    image: int
    given: tuple[str, ...]
    likely: str
    margin: float
    counted: bool


def doubts(confidences: NDArray[np.floating[Any]], truth: NDArray[np.bool_], labels: Sequence[str]) -> list[Doubt]:
    """Every image, the most doubtful first.

    Parameters
    ----------
    confidences : (images, labels) in 0..1, of a model that had not seen the image
    truth : (images, labels), which labels are on which image
    """
    if not len(labels) or not len(truth):
        return []
    sure = np.asarray(confidences, dtype=np.float64)
    usual = np.array([sure[truth[:, n], n].mean() if truth[:, n].any() else 1.0 for n in range(len(labels))])
    rest = np.array([sure[~truth[:, n], n].mean() if (~truth[:, n]).any() else 0.0 for n in range(len(labels))])
    believed = np.where(truth, sure, np.inf).min(axis=1)
    weakest = np.where(truth, sure, np.inf).argmin(axis=1)
    others = np.where(truth, -np.inf, sure)
    strongest = others.argmax(axis=1)
    other = others.max(axis=1)
    carries: NDArray[np.bool_] = np.asarray(truth.any(axis=1))
    # An image without labels is doubted by what is seen on it alone; one that carries all, by what is not.
    given = np.where(carries, believed, 1 - np.where(np.isfinite(other), other, 0.0))
    seen = np.where(np.isfinite(other), other, 0.0)
    margin = given - np.where(carries, seen, 1 - given)
    counted: NDArray[np.bool_] = (seen >= usual[strongest]) & (~carries | (given < usual[weakest]))
    counted |= carries & (seen < usual[strongest]) & (given <= rest[weakest])
    order = np.lexsort((np.arange(len(truth)), margin, ~counted))
    return [
        Doubt(
            int(number),
            (labels[weakest[number]],) if carries[number] else (),
            labels[strongest[number]] if seen[number] >= 0.5 * usual[strongest[number]] else "",
            float(margin[number]),
            bool(counted[number]),
        )
        for number in order
    ]

"""How good a version is in production, from answers on picked images, with intervals. Pure.

Each answered image counts for as many as it was picked from: for 1/chance of its group. What the others hold is drawn
from what the answers leave possible (a Dirichlet posterior a group, with a weak prior), as often as the interval needs;
so a group in which nobody has seen a miss yet still may hold some, and one answered whole leaves nothing open.
Source: M. Ghosh, G. Meeden, "Bayesian Methods for Finite Population Sampling" (1997).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 4000
PRIOR = np.array([0.5, 0.5, 0.7, 0.7])
"""Of hits, false alarms, misses and the rest, where they are possible in a group, in images.

Jeffreys' half where the label was predicted. Where it was not, a half makes intervals of recall too narrow, which hang
on a miss or two among the random images: 0.7 was chosen there by simulated productions (benchmarks/review.py, worlds
before 3,000). In a thousand later ones of each of seven kinds, of six of which it had seen none, intervals held the
truth in 93.7 to 96.6 %. Others were tried on the like: with 0.85 or 1, and as highest densities, too few hold recall
where no defect surprises the model or defects are rare (83 to 93 %); Korn and Graubard's, by an effective sample, hold
it in a fifth of those, since no miss seen is no variance.
"""

_TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in 0..1 and where it lies with 95 %; None where nothing that was answered tells."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A picked image.

    Parameters
    ----------
    group : images of one group and chance were picked alike
    chance : with which it was picked, over 0 and up to 1
    predicted : labels that the version gave it
    true : labels that people gave it; None where they have not, or do not agree
    stands_for : images that look the same, itself among them
    """

    group: str
    chance: float
    predicted: frozenset[str]
    true: frozenset[str] | None
    stands_for: int = 1


@dataclass(frozen=True, slots=True)
class LabelEstimate:
    """Estimated figures of a label in production.

    Parameters
    ----------
    answered : images that the figures rest on
    images : in production, that they stand for
    having : of those, the ones with the label
    """

    label: str
    precision: Figure
    recall: Figure
    answered: int
    images: float
    having: Figure


def estimates(weighed: Iterable[Weighed], *, draws: int = DRAWS, seed: int = 0) -> list[LabelEstimate]:
    """Precision and recall of each label that was predicted, or is true: of whether it is on an image."""
    cells: dict[tuple[str, float], list[Weighed]] = defaultdict(list)
    for image in weighed:
        cells[image.group, image.chance].append(image)
    images = [image for cell in cells.values() for image in cell]
    labels = sorted({label for image in images for label in (*image.predicted, *(image.true or ()))})
    return [_of_label(label, list(cells.values()), draws, seed) for label in labels]


def _of_label(label: str, cells: Sequence[list[Weighed]], draws: int, seed: int) -> LabelEstimate:
    rng = np.random.default_rng(seed)
    point, drawn = np.zeros(4), np.zeros((draws, 4))
    answered, images = 0, 0.0
    for cell in cells:
        total = sum(image.stands_for / image.chance for image in cell)
        images += total
        known = [image for image in cell if image.true is not None]
        answered += len(known)
        counts = _counts(label, known)
        if known:
            point += total * counts / len(known)
        drawn += _possible(counts, _may(label, cell), total, draws, rng)
    precision, recall = _share(point, 0, 1), _share(point, 0, 2)
    having = (point[0] + point[2]) / images if answered else None
    having_drawn = (drawn[:, 0] + drawn[:, 2]) / max(images, 1e-12)
    return LabelEstimate(
        label,
        _figure(precision, _shares(drawn, 0, 1)),
        _figure(recall, _shares(drawn, 0, 2)),
        answered,
        images,
        _figure(having, having_drawn),
    )


def _counts(label: str, known: Sequence[Weighed]) -> NDArray[np.float64]:
    """Hits, false alarms, misses, and images on which the label neither is nor was predicted."""
    counts = np.zeros(4)
    for image in known:
        predicted, true = label in image.predicted, label in (image.true or ())
        counts[(0 if true else 1) if predicted else (2 if true else 3)] += 1
    return counts


def _may(label: str, cell: Sequence[Weighed]) -> NDArray[np.bool_]:
    """Which outcomes are possible at all: what the version predicted is known of every image, whoever answers."""
    predicted = {label in image.predicted for image in cell}
    return np.array([True in predicted, True in predicted, False in predicted, False in predicted])


def _possible(
    counts: NDArray[np.float64], may: NDArray[np.bool_], total: float, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Counts that a whole group may have, (draws, 4)."""
    answered = counts.sum()
    shares = rng.gamma(np.where(may, counts + PRIOR, 1.0), size=(draws, 4)) * may
    shares /= shares.sum(axis=1, keepdims=True)
    others = rng.multinomial(max(0, round(total - answered)), shares)
    # Near-duplicates are as the one of them that was asked about.
    return np.asarray(counts + others, dtype=np.float64)


def _share(counts: NDArray[np.float64], part: int, other: int) -> float | None:
    whole = counts[part] + counts[other]
    return float(counts[part] / whole) if whole > 0 else None


def _shares(counts: NDArray[np.float64], part: int, other: int) -> NDArray[np.float64]:
    whole = counts[:, part] + counts[:, other]
    shares: NDArray[np.float64] = counts[whole > 0, part] / whole[whole > 0]
    return shares


def _figure(value: float | None, drawn: NDArray[np.float64]) -> Figure:
    if value is None or not len(drawn):
        return Figure(None, None, None)
    low, high = np.quantile(drawn, (_TAIL, 1 - _TAIL))
    return Figure(value, float(min(low, value)), float(max(high, value)))

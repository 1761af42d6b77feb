"""Image-level labels learnt from features: a support vector machine a label, with calibrated confidences."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customlabels.core.thresholds import halfway
from customlabels.emulator.engine import model_files

_COST = 10.0
_GAMMA = 0.3
"""Of the kernel, for distances in which every feature has a spread of 1 and the weights add up to 1."""

_FOLDS = 5

_MOST_IMAGES = 6000
"""Images that a model is learnt from at most: the kernel holds a figure for each pair of them."""


@dataclass(frozen=True, slots=True)
class ImageClassifier:
    """A trained model, all arrays of plain numbers, so that it is stored and read without pickle.

    `mean`, `scale` are (length,), `supports` (vectors, length) scaled features, `weights` (labels, vectors),
    `biases`, `slopes`, `offsets` (labels,); `described_by`, what its features come from.
    """

    labels: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    supports: NDArray[np.float32]
    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    slopes: NDArray[np.float64]
    offsets: NDArray[np.float64]
    described_by: str = ""


def fit(
    features: NDArray[np.floating[Any]],
    truth: NDArray[np.bool_],
    labels: Sequence[str],
    seed: int,
    weights: NDArray[np.float64] | None = None,
    described_by: str = "",
) -> ImageClassifier:
    """A model of `labels`; on the same kind of processor the same input gives the same model to the bit.

    Each label has a machine of its own, so an image may carry several. Confidences are a logistic curve over
    decision values of images that the machine had not seen.

    Parameters
    ----------
    features : (images, length)
    truth : (images, labels), at least one image with and one without each label
    weights : (length,), how much each feature counts; all the same where it is None

    Raises
    ------
    ValueError : a label that every image has, or none
    """
    images = chosen(truth, _MOST_IMAGES, seed)
    rows: NDArray[np.float64] = features[images].astype(np.float64)
    truth = truth[images]
    for number, label in enumerate(labels):
        if truth[:, number].all() or not truth[:, number].any():
            raise ValueError(f"label {label!r}: needs an image with it and one without it")
    mean: NDArray[np.float64] = rows.mean(axis=0)
    scale: NDArray[np.float64] = rows.std(axis=0)
    scale[scale < 1e-9] = 1.0
    length = rows.shape[1]
    scale /= np.sqrt(np.full(length, 1 / length) if weights is None else weights / weights.sum())
    scaled = (rows - mean) / scale
    kernel = _kernel(scaled, scaled)
    machines = [_machine(kernel, truth[:, number], seed) for number in range(len(labels))]
    used = np.flatnonzero(np.any([weights != 0 for weights, *_ in machines], axis=0))
    return ImageClassifier(
        labels=tuple(labels),
        mean=mean,
        scale=scale,
        supports=scaled[used].astype(np.float32),
        weights=np.array([weights[used] for weights, *_ in machines]),
        biases=np.array([bias for _, bias, _, _ in machines]),
        slopes=np.array([slope for *_, slope, _ in machines]),
        offsets=np.array([offset for *_, offset in machines]),
        described_by=described_by,
    )


def confidences(model: ImageClassifier, features: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """How sure the model is of each label, (images, labels) in 0..1.

    Parameters
    ----------
    features : (images, length)
    """
    scaled = ((features.astype(np.float64) - model.mean) / model.scale).astype(np.float32)
    decisions = _kernel(scaled, model.supports) @ model.weights.T + model.biases
    sure: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(decisions * model.slopes + model.offsets, -30, 30)))
    return sure


def assumed_threshold(
    scores: Sequence[float] | NDArray[np.float64], truth: Sequence[bool] | NDArray[np.bool_]
) -> float:
    """Threshold on `scores` with the best F1 (ties: the highest), halfway down to the next lower score.

    Parameters
    ----------
    scores : confidences in 0..1, one an image
    truth : whether the label is really there, same length

    Returns
    -------
    float in 0..1, a label being found where its score is at least this; 1.0 where `truth` holds no positive

    Source: Custom Labels developer guide, "Assumed threshold".
    """
    values, present = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=bool)
    if not present.any():
        return 1.0
    order = np.argsort(-values, kind="stable")
    values, hits = values[order], np.cumsum(present[order])
    last = np.append(values[1:] != values[:-1], True)
    f1 = 2 * hits / (np.arange(1, len(values) + 1) + present.sum())
    distinct, best = values[last], int(np.argmax(f1[last]))
    return halfway(float(distinct[best]), float(distinct[best + 1]) if best + 1 < len(distinct) else None)


def chosen(truth: NDArray[np.bool_], most: int, seed: int) -> NDArray[np.intp]:
    """The images to learn from, in order: all of them, or `most`, as many of each label as there is room for.

    Parameters
    ----------
    truth : (images, labels), which label is on which image
    """
    if len(truth) <= most:
        return np.arange(len(truth))
    shuffled = np.random.default_rng(seed).permutation(len(truth))
    # Images whose labels have come up least go first, so that rare labels are kept whole.
    rank = np.where(truth[shuffled], np.cumsum(truth[shuffled], axis=0), len(truth)).min(axis=1)
    return np.sort(shuffled[np.argsort(rank, kind="stable")[:most]])


def save(model: ImageClassifier, path: Path) -> None:
    """Writes the model, whole or not at all."""
    model_files.write(model, path)


def load(path: Path) -> ImageClassifier:
    """The model in a file that `save` wrote.

    Raises
    ------
    ValueError : another file
    """
    return model_files.read(ImageClassifier, path)


def _kernel(left: NDArray[np.floating[Any]], right: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    lengths = [np.einsum("ij,ij->i", rows, rows).astype(np.float64) for rows in (left, right)]
    squares = lengths[0][:, None] + lengths[1] - 2 * (left @ right.T)
    kernel: NDArray[np.float64] = np.exp(-_GAMMA * np.maximum(squares, 0))
    return kernel


def _machine(
    kernel: NDArray[np.float64], truth: NDArray[np.bool_], seed: int
) -> tuple[NDArray[np.float64], float, float, float]:
    """Weights over the training images, bias, and slope and offset of the confidence's curve."""
    weights, bias = _separate(kernel, truth)
    slope, offset = _calibrate(_unseen(kernel, truth, seed), truth)
    return weights, bias, slope, offset


def _separate(kernel: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    from sklearn.svm import SVC

    machine = SVC(C=_COST, kernel="precomputed", class_weight="balanced").fit(kernel, truth)
    weights = np.zeros(len(truth))
    weights[machine.support_] = machine.dual_coef_[0]
    return weights, float(machine.intercept_[0])


def _unseen(kernel: NDArray[np.float64], truth: NDArray[np.bool_], seed: int) -> NDArray[np.float64]:
    """A decision value an image from a machine that was not shown it; NaN where there are too few images for that."""
    from sklearn.model_selection import StratifiedKFold

    values = np.full(len(truth), np.nan)
    folds = min(_FOLDS, int(truth.sum()), int((~truth).sum()))
    if folds >= 2:
        for seen, left_out in StratifiedKFold(folds, shuffle=True, random_state=seed).split(kernel, truth):
            weights, bias = _separate(kernel[np.ix_(seen, seen)], truth[seen])
            values[left_out] = kernel[np.ix_(left_out, seen)] @ weights + bias
    return values


def _calibrate(decisions: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of the logistic curve from decision values to confidences (Platt's scaling)."""
    from sklearn.linear_model import LogisticRegression

    if np.isnan(decisions).any():
        return 2.0, 0.0
    curve = LogisticRegression(C=10.0).fit(decisions[:, None], truth)
    slope, offset = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    # A label that cannot be told apart would otherwise turn its own order round.
    return (slope, offset) if slope > 0.1 else (0.1, offset)

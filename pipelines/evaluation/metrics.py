"""Counts and figures of a version on its test images, with intervals over those images.

Figures follow the service: of each label at its threshold, overall their plain means. An interval is a percentile
bootstrap: the test images are drawn again and again with repetition, and the figure is worked out for each draw that
tells. Where no draw differs (eight of eight found), that says nothing; there the exact interval of that many trials
without an exception takes its place.
Source of the figures: Custom Labels developer guide, "Metrics for evaluating your model".
"""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from customlabels.core.thresholds import Margin, halfway, margin
from customlabels.pipelines.evaluation.snapshot import Snapshot

DRAWS = 2000
CONFIDENCE = 0.95
_TAIL = (1 - CONFIDENCE) / 2
_MOST_WEIGHTS, _LABELS_AT_ONCE = 4_000_000, 16
"""Weights of images, and labels, that are worked on at once."""


class Figures(NamedTuple):
    """Precision, recall and F1, all 0..1."""

    precision: float
    recall: float
    f1: float


class Interval(NamedTuple):
    """Where a figure lies with `CONFIDENCE`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits, false alarms and misses of each label on each image.

    Parameters
    ----------
    table : (images, labels, 3), true positives, false positives and false negatives
    """

    images: tuple[str, ...]
    labels: tuple[str, ...]
    table: NDArray[np.int32]


def count(
    snapshot: Snapshot, thresholds: Mapping[str, float] | None = None, labels: tuple[str, ...] | None = None
) -> Counts:
    """The counts of a snapshot, for all labels or those that are named.

    Parameters
    ----------
    thresholds : by label, 0..1; where it is None, what the service itself took for found
    """
    labels = snapshot.labels if labels is None else labels
    columns = {label: column for column, label in enumerate(labels)}
    table = np.zeros((len(snapshot.images), len(labels), 3), dtype=np.int32)
    for row, image in enumerate(snapshot.images):
        instances, hit = [0] * len(labels), [0] * len(labels)
        for truth in image.truth:
            if truth.label in columns:
                instances[columns[truth.label]] += 1
        for prediction in image.predictions:
            column = columns.get(prediction.label)
            accepted = (
                prediction.accepted
                if thresholds is None
                else prediction.confidence >= thresholds.get(prediction.label, 0.5)
            )
            if column is not None and accepted:
                table[row, column, 0 if prediction.present else 1] += 1
                hit[column] += prediction.present
        table[row, :, 2] = np.maximum(0, np.subtract(instances, hit))
    return Counts(tuple(image.source_ref for image in snapshot.images), labels, table)


def figures(counts: Counts) -> tuple[Figures, dict[str, Figures]]:
    """Overall, the plain means over labels, and by label."""
    each = _figures(counts.table.sum(axis=0, dtype=np.int64))
    by_label = {label: Figures(*map(float, each[index])) for index, label in enumerate(counts.labels)}
    return Figures(*map(float, each.mean(axis=0))) if len(each) else Figures(0.0, 0.0, 0.0), by_label


@dataclass(frozen=True, slots=True)
class Spread:
    """Figures of every draw of the test images, or the differences of two versions'.

    Parameters
    ----------
    table : (draws, labels, 3), precision, recall and F1; NaN where a draw has no image that tells
    trials : (labels, 3), on how many instances or predictions each rests
    paired : whether it holds differences
    """

    labels: tuple[str, ...]
    table: NDArray[np.float32]
    trials: NDArray[np.int64]
    paired: bool = False

    def overall(self) -> "Figures3":
        return self._intervals(list(range(len(self.labels))))

    def label(self, label: str) -> "Figures3":
        return self._intervals([self.labels.index(label)])

    def _intervals(self, indexes: list[int]) -> "Figures3":
        """Of the mean over some labels."""
        with warnings.catch_warnings():
            # A draw without any of the labels is NaN, as it should be.
            warnings.simplefilter("ignore", RuntimeWarning)
            part = self.table[:, indexes]
            tail = 100 * _TAIL
            ends = np.nanpercentile(np.nanmean(part, axis=1), [tail, 100 - tail], axis=0)
            least, most = np.nanmin(part, axis=0), np.nanmax(part, axis=0)
        intervals = []
        for metric in range(3):
            low, high = (float(end) for end in np.nan_to_num(ends[:, metric], nan=0.0))
            still = [(self.trials[index, metric], least[row, metric]) for row, index in enumerate(indexes)
                     if least[row, metric] == most[row, metric]]  # fmt: skip
            down, up = (0, 0) if self.paired else (1, 0)
            below = _unseen([int(trials) for trials, value in still if value == down]) / max(1, len(indexes))
            above = _unseen([int(trials) for trials, value in still if value == up]) / max(1, len(indexes))
            intervals.append(Interval(max(-1.0 if self.paired else 0.0, low - below), min(1.0, high + above)))
        return intervals[0], intervals[1], intervals[2]


Figures3 = tuple[Interval, Interval, Interval]
"""Intervals of precision, recall and F1."""


def _unseen(trials: list[int]) -> float:
    """How much rates may sum to, with 97.5 % confidence, of which not one case was seen in so many trials each.

    For one rate it is the exact (Clopper-Pearson) bound. For several it is the largest sum under which seeing none is
    not unlikelier than that: the rates that make it likeliest are 1 - trials / level, or nothing, with a common level.
    """
    trials = [number for number in trials if number]
    if not trials:
        return 0.0
    wanted = math.log(_TAIL)
    low, high = float(min(trials)), max(trials) * 2.0
    while sum(number * math.log(min(1.0, number / high)) for number in trials) > wanted:
        high *= 2
    level = low
    for _ in range(80):
        level = (low + high) / 2
        if sum(number * math.log(min(1.0, number / level)) for number in trials) > wanted:
            low = level
        else:
            high = level
    return sum(max(0.0, 1 - number / level) for number in trials)


def spread(counts: Counts, draws: int = DRAWS, seed: int = 0) -> Spread:
    """The figures of `draws` draws of the images."""
    return Spread(counts.labels, _drawn(counts, draws, seed), _trials(counts))


def paired_spread(base: Counts, other: Counts, draws: int = DRAWS, seed: int = 0) -> Spread:
    """The figures of `other` less those of `base`, drawn in step; both hold the same images in the same order."""
    table = _drawn(other, draws, seed) - _drawn(base, draws, seed)
    return Spread(base.labels, table, np.minimum(_trials(base), _trials(other)), paired=True)


def _drawn(counts: Counts, draws: int, seed: int) -> NDArray[np.float32]:
    """(draws, labels, 3); the same seed draws the same images, so that versions pair up."""
    many, labels = len(counts.images), len(counts.labels)
    drawn = np.full((draws, labels, 3), np.nan, dtype=np.float32)
    # What is undefined on all images is 0, as the service has it; on a draw alone, it says nothing.
    undefined = np.where(_trials(counts) > 0, np.nan, 0.0)
    at_once = max(1, _MOST_WEIGHTS // max(1, many))
    rng = np.random.default_rng(seed)
    for start in range(0, draws if many else 0, at_once):
        size = min(at_once, draws - start)
        weights = rng.multinomial(many, np.full(many, 1 / many), size=size).astype(np.float32)
        for first in range(0, labels, _LABELS_AT_ONCE):
            part = counts.table[:, first : first + _LABELS_AT_ONCE].astype(np.float32)
            sums = (weights @ part.reshape(many, -1)).reshape(size, -1, 3)
            kept = slice(first, first + part.shape[1])
            drawn[start : start + size, kept] = _figures(sums, undefined[kept])
    return drawn


def _trials(counts: Counts) -> NDArray[np.int64]:
    """(labels, 3): what precision, recall and F1 rest on: predictions, instances, and the fewer of both."""
    hits, false, missed = (counts.table[..., outcome].sum(axis=0, dtype=np.int64) for outcome in range(3))
    predictions, instances = hits + false, hits + missed
    fewer = np.minimum(predictions, instances)
    # Where one of both is lacking altogether, F1 is 0 by the other.
    return np.stack([predictions, instances, np.where(fewer, fewer, predictions + instances)], axis=-1)


def _figures(sums: NDArray[Any], undefined: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Precision, recall and F1 of (…, labels, 3) counts; `undefined` (labels, 3) where one is not defined, else 0."""
    hits, false, missed = (sums[..., outcome].astype(np.float64) for outcome in range(3))

    def share(part: NDArray[np.float64], whole: NDArray[np.float64], metric: int) -> NDArray[np.float64]:
        instead = np.zeros_like(part) if undefined is None else np.broadcast_to(undefined[:, metric], part.shape).copy()
        return np.divide(part, whole, out=instead, where=whole > 0)

    both = share(2 * hits, 2 * hits + false + missed, 2)
    return np.stack([share(hits, hits + false, 0), share(hits, hits + missed, 1), both], axis=-1)


class Curve(NamedTuple):
    """Precision and recall of a label at each threshold that changes something, the highest first."""

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def curve(snapshot: Snapshot, label: str) -> Curve:
    """The label's precision and recall over thresholds; empty where nothing was said or true of it."""
    predictions = [
        prediction for image in snapshot.images for prediction in image.predictions if prediction.label == label
    ]
    instances = sum(truth.label == label for image in snapshot.images for truth in image.truth)
    if not predictions or not instances:
        return Curve(*(np.zeros(0) for _ in range(3)))
    confidences = np.array([prediction.confidence for prediction in predictions])
    hits = np.array([prediction.present for prediction in predictions])
    order = np.argsort(-confidences, kind="stable")
    confidences, caught = confidences[order], np.cumsum(hits[order])
    last = np.append(confidences[1:] != confidences[:-1], True)
    given = np.arange(1, len(caught) + 1)
    return Curve(confidences[last], (caught / given)[last], (caught / instances)[last])


class Threshold(NamedTuple):
    """A confidence to ask for, between the scores that it parts, and what it gives on the test set; all 0..1."""

    confidence: float
    precision: float
    recall: float


def recommend(snapshot: Snapshot, label: str, *, precision: float | None, recall: float | None) -> Threshold | None:
    """The threshold that reaches the wanted precision or recall and gives the most of the other; None where none does.

    With a wanted precision it is that with the highest recall, with a wanted recall that with the highest precision,
    with both the one among those that reach both with the best F1.
    """
    thresholds, precise, recalled = curve(snapshot, label)
    able = (precise >= (precision or 0)) & (recalled >= (recall or 0))
    if not able.any():
        return None
    if precision is not None and recall is not None:
        total = precise + recalled
        worth = np.divide(2 * precise * recalled, total, out=np.zeros_like(total), where=total > 0)
    else:
        worth = recalled if recall is None else precise
    best = int(np.argmax(np.where(able, worth, -1.0)))
    refused = float(thresholds[best + 1]) if best + 1 < len(thresholds) else None
    return Threshold(halfway(float(thresholds[best]), refused), float(precise[best]), float(recalled[best]))


def margins(snapshot: Snapshot, thresholds: Mapping[str, float]) -> dict[str, Margin]:
    """What each label's threshold parts its scores on the test images into."""
    scores: dict[str, list[float]] = {label: [] for label in thresholds}
    for image in snapshot.images:
        for prediction in image.predictions:
            if prediction.label in scores:
                scores[prediction.label].append(prediction.confidence)
    return {label: margin(scores[label], threshold) for label, threshold in thresholds.items()}


def confusion(snapshot: Snapshot) -> tuple[tuple[str, ...], NDArray[np.int64]] | None:
    """Images of each true label (rows) by the label said with the most confidence (columns); None for boxes.

    An image with several true labels counts once for each.
    """
    if snapshot.boxes:
        return None
    labels = snapshot.labels
    indexes = {label: index for index, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for image in snapshot.images:
        if image.predictions:
            best = max(image.predictions, key=lambda prediction: prediction.confidence).label
            for truth in image.truth:
                if truth.label in indexes and best in indexes:
                    table[indexes[truth.label], indexes[best]] += 1
    return labels, table

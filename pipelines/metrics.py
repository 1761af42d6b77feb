"""Counts and figures of a version on its test images, with intervals over those images.

Figures follow the service: of each label at its threshold, overall their plain means. An interval is a percentile
bootstrap: the test images are drawn again and again with repetition, and the figure is worked out for each draw. Where
no draw differs (eight of eight found), that says nothing; there it is the exact (Clopper-Pearson) interval of no miss.
Source of the figures: Custom Labels developer guide, "Metrics for evaluating your model".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from customlabels.pipelines.snapshot import Snapshot

DRAWS = 2000
CONFIDENCE = 0.95
_MOST_WEIGHTS = 4_000_000
"""Weights of images that are held at once."""


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
    table: NDArray[np.int64]


def count(
    snapshot: Snapshot, thresholds: Mapping[str, float] | None = None, labels: tuple[str, ...] | None = None
) -> Counts:
    """The counts of a snapshot, for all labels or those that are named.

    Parameters
    ----------
    thresholds : by label, 0..1; where it is None, what the service itself took for found
    """
    labels = snapshot.labels if labels is None else labels
    places = {label: place for place, label in enumerate(labels)}
    table = np.zeros((len(snapshot.images), len(labels), 3), dtype=np.int64)
    for row, image in enumerate(snapshot.images):
        there, hit = [0] * len(labels), [0] * len(labels)
        for one in image.truth:
            if one.label in places:
                there[places[one.label]] += 1
        for said in image.said:
            place = places.get(said.label)
            found = said.found if thresholds is None else said.confidence >= thresholds.get(said.label, 0.5)
            if place is not None and found:
                table[row, place, 0 if said.there else 1] += 1
                hit[place] += said.there
        table[row, :, 2] = np.maximum(0, np.subtract(there, hit))
    return Counts(tuple(image.source_ref for image in snapshot.images), labels, table)


def figures(counts: Counts) -> tuple[Figures, dict[str, Figures]]:
    """Overall, the plain means over labels, and by label."""
    each = _figures(counts.table.sum(axis=0)[None])[0]
    by_label = {label: Figures(*map(float, each[place])) for place, label in enumerate(counts.labels)}
    return Figures(*map(float, each.mean(axis=0))) if len(each) else Figures(0.0, 0.0, 0.0), by_label


@dataclass(frozen=True, slots=True)
class Spread:
    """Figures of every draw.

    Parameters
    ----------
    table : (draws, labels, 3), precision, recall and F1
    trials : (labels,), instances that the figures rest on; None for differences
    """

    labels: tuple[str, ...]
    table: NDArray[np.float64]
    trials: NDArray[np.int64] | None = None

    def overall(self) -> "Figures3":
        trials = None if self.trials is None else int(self.trials.sum())
        return _intervals(self.table.mean(axis=1), trials)

    def label(self, label: str) -> "Figures3":
        place = self.labels.index(label)
        return _intervals(self.table[:, place], None if self.trials is None else int(self.trials[place]))

    def __sub__(self, other: "Spread") -> "Spread":
        return Spread(self.labels, self.table - other.table)


Figures3 = tuple[Interval, Interval, Interval]
"""Intervals of precision, recall and F1."""


def spread(counts: Counts, draws: int = DRAWS, seed: int = 0) -> Spread:
    """The figures of `draws` draws of the images; the same seed draws the same images, so that versions pair up."""
    many = len(counts.images)
    rng = np.random.default_rng(seed)
    table = counts.table.reshape(many, -1).astype(np.float64)
    sums = np.zeros((draws, table.shape[1]))
    at_once = max(1, _MOST_WEIGHTS // max(1, many))
    for start in range(0, draws if many else 0, at_once):
        size = min(at_once, draws - start)
        sums[start : start + size] = rng.multinomial(many, np.full(many, 1 / many), size=size) @ table
    there = counts.table[..., [0, 2]].sum(axis=(0, 2))
    return Spread(counts.labels, _figures(sums.reshape(draws, len(counts.labels), 3)), there)


def _figures(sums: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Precision, recall and F1 of (…, labels, 3) counts; 0 where one is not defined."""
    hits, false, missed = (sums[..., place].astype(np.float64) for place in range(3))

    def share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)

    both = share(2 * hits, 2 * hits + false + missed)
    return np.stack([share(hits, hits + false), share(hits, hits + missed), both], axis=-1)


def _intervals(table: NDArray[np.float64], trials: int | None) -> Figures3:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.percentile(table, [100 * tail, 100 - 100 * tail], axis=0)
    one, two, three = (_widened(Interval(float(low[place]), float(high[place])), trials, tail) for place in range(3))
    return one, two, three


def _widened(found: Interval, trials: int | None, tail: float) -> Interval:
    """The interval; where all draws are 1 or all are 0, the exact one of as many trials without an exception."""
    if trials is None or found.low != found.high or found.low not in (0.0, 1.0):
        return found
    furthest = tail ** (1 / trials) if trials else 0.0
    return Interval(furthest, 1.0) if found.low == 1.0 else Interval(0.0, 1 - furthest)


class Curve(NamedTuple):
    """Precision and recall of a label at each threshold that changes something, the highest first."""

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def curve(snapshot: Snapshot, label: str) -> Curve:
    """The label's precision and recall over thresholds; empty where nothing was said or true of it."""
    said = [one for image in snapshot.images for one in image.said if one.label == label]
    there = sum(one.label == label for image in snapshot.images for one in image.truth)
    if not said or not there:
        return Curve(*(np.zeros(0) for _ in range(3)))
    confidences = np.array([one.confidence for one in said])
    hits = np.array([one.there for one in said])
    order = np.argsort(-confidences, kind="stable")
    confidences, found = confidences[order], np.cumsum(hits[order])
    last = np.append(confidences[1:] != confidences[:-1], True)
    given = np.arange(1, len(found) + 1)
    return Curve(confidences[last], (found / given)[last], (found / there)[last])


class Threshold(NamedTuple):
    """A confidence to ask for, and what it gives on the test set; all 0..1."""

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
    return Threshold(float(thresholds[best]), float(precise[best]), float(recalled[best]))


def confusion(snapshot: Snapshot) -> tuple[tuple[str, ...], NDArray[np.int64]] | None:
    """Images of each true label (rows) by the label said with the most confidence (columns); None for boxes.

    An image with several true labels counts once for each.
    """
    if snapshot.boxes:
        return None
    labels = snapshot.labels
    places = {label: place for place, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for image in snapshot.images:
        if image.said:
            best = max(image.said, key=lambda one: one.confidence).label
            for one in image.truth:
                if one.label in places and best in places:
                    table[places[one.label], places[best]] += 1
    return labels, table

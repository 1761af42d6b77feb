"""Versions side by side on the same test images."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from customlabels.core.errors import ServiceError
from customlabels.core.printable import printable
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation, LabelMetrics
from customlabels.pipelines.evaluation.measured import Measured, same_test_images
from customlabels.pipelines.evaluation.metrics import Counts, Interval, count, paired_spread, spread
from customlabels.pipelines.evaluation.snapshot import Snapshot, TestImage

METRICS = ("precision", "recall", "f1")


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two versions; `interval` is that of the difference, None where they cannot be paired."""

    base: float
    other: float
    interval: Interval | None

    @property
    def change(self) -> float:
        return self.other - self.base

    @property
    def is_sure(self) -> bool:
        """Whether the difference is more than the choice of test images explains."""
        return self.interval is not None and not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A test image on which two versions say different labels; `right` names the version that says what is true."""

    source_ref: str
    truth: tuple[str, ...]
    base: tuple[str, ...]
    other: tuple[str, ...]
    right: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions; figures by metric (precision, recall, f1), overall and by label.

    Parameters
    ----------
    comparable : whether both were judged on the same images with the same truth
    shared : test images that both have
    """

    base: str
    other: str
    comparable: bool
    shared: int
    overall: dict[str, Difference]
    labels: dict[str, dict[str, Difference | None]]
    disagreements: tuple[Disagreement, ...]


def compare(base: Measured, other: Measured) -> Comparison:
    """`other` beside `base`; only on the same test set do their figures tell which is better."""
    paired = _paired(base.snapshot, other.snapshot)
    intervals: dict[str, dict[str, Interval]] = {}
    if paired is not None:
        difference = paired_spread(*paired)
        intervals = {label: dict(zip(METRICS, difference.label(label), strict=True)) for label in difference.labels}
        if set(base.snapshot.labels if base.snapshot else ()) == set(other.snapshot.labels if other.snapshot else ()):
            intervals[""] = dict(zip(METRICS, difference.overall(), strict=True))
    first, second = _by_label(base.evaluation), _by_label(other.evaluation)
    labels: dict[str, dict[str, Difference | None]] = {}
    for label in sorted({*first, *second}):
        both = first.get(label), second.get(label)
        labels[label] = {metric: _difference(both, metric, intervals.get(label, {})) for metric in METRICS}
    overall = {
        metric: Difference(
            getattr(base.evaluation, metric), getattr(other.evaluation, metric), intervals.get("", {}).get(metric)
        )
        for metric in METRICS
    }
    shared, disagreements = _disagreements(base.snapshot, other.snapshot)
    return Comparison(base.name, other.name, paired is not None, shared, overall, labels, disagreements)


def _by_label(evaluation: Evaluation) -> dict[str, LabelMetrics]:
    return {metrics.label: metrics for metrics in evaluation.labels}


def _difference(
    both: tuple[LabelMetrics | None, LabelMetrics | None], metric: str, intervals: dict[str, Interval]
) -> Difference | None:
    base, other = both
    if base is None or other is None:
        return None
    return Difference(getattr(base, metric), getattr(other, metric), intervals.get(metric))


def _paired(base: Snapshot | None, other: Snapshot | None) -> tuple[Counts, Counts] | None:
    """The counts of both on the same images in the same order; None where their test sets differ."""
    if base is None or other is None or not same_test_images(base, other):
        return None
    labels = tuple(sorted({*base.labels, *other.labels}))
    return count(_ordered(base), labels=labels), count(_ordered(other), labels=labels)


def _ordered(snapshot: Snapshot) -> Snapshot:
    images = tuple(sorted(snapshot.images, key=lambda image: image.source_ref))
    return Snapshot(snapshot.version, snapshot.boxes, images, snapshot.thresholds)


def found_labels(image: TestImage) -> tuple[str, ...]:
    """Labels that the version found on the image, each once."""
    return tuple(sorted({prediction.label for prediction in image.predictions if prediction.accepted}))


def true_labels(image: TestImage) -> tuple[str, ...]:
    return tuple(sorted({truth.label for truth in image.truth}))


def _disagreements(base: Snapshot | None, other: Snapshot | None) -> tuple[int, tuple[Disagreement, ...]]:
    """How many test images both have, and those of them on which they say different labels."""
    if base is None or other is None:
        return 0, ()
    counterparts = {image.source_ref: image for image in other.images}
    pairs = [(image, counterparts[image.source_ref]) for image in base.images if image.source_ref in counterparts]
    disagreements = []
    for image, counterpart in pairs:
        truth, first, second = true_labels(image), found_labels(image), found_labels(counterpart)
        if first != second:
            right = base.version if first == truth else other.version if second == truth else None
            disagreements.append(Disagreement(image.source_ref, truth, first, second, right))
    return len(pairs), tuple(sorted(disagreements, key=lambda disagreement: disagreement.source_ref))


def need_snapshot(measured: Measured) -> Snapshot:
    """The version's snapshot.

    Raises
    ------
    ServiceError : it has none
    """
    if measured.snapshot is None:
        raise ServiceError(f"version {measured.name} has no evaluation snapshot any more; it was deleted from S3")
    return measured.snapshot


def interval_lows(snapshot: Snapshot) -> dict[str, tuple[float, float, float]]:
    """Lower ends of the intervals of precision, recall and F1, overall under "" and by label."""
    drawn = spread(count(snapshot))
    intervals = {"": drawn.overall(), **{label: drawn.label(label) for label in drawn.labels}}
    return {name: (figure[0].low, figure[1].low, figure[2].low) for name, figure in intervals.items()}


def markdown(comparisons: Sequence[Comparison]) -> str:
    """The comparisons as Markdown tables, for a pull request."""
    lines = []
    for comparison in comparisons:
        base, other = comparison.base, comparison.other
        lines += [f"### {other} beside {base}", ""]
        if not comparison.comparable:
            lines += ["**Their test sets differ: the figures do not tell which version is better.**", ""]
        lines += [f"| | F1 of {base} | F1 of {other} | change | 95 % interval |", "|---|---:|---:|---:|---:|"]
        rows: list[tuple[str, Difference | None]] = [("**all labels**", comparison.overall["f1"])]
        rows += [(_cell(label), by["f1"]) for label, by in comparison.labels.items()]
        for name, difference in rows:
            if difference is None:
                lines.append(f"| {name} | – | – | – | – |")
                continue
            span = difference.interval
            shown = f"{span.low:+.3f} to {span.high:+.3f}{' ✱' if difference.is_sure else ''}" if span else "–"
            figures_ = f"{difference.base:.3f} | {difference.other:.3f} | {difference.change:+.3f}"
            lines.append(f"| {name} | {figures_} | {shown} |")
        right = [
            sum(disagreement.right == version for disagreement in comparison.disagreements) for version in (base, other)
        ]
        if comparison.shared:
            lines += [
                "",
                f"They disagree on {len(comparison.disagreements)} of {comparison.shared} shared test images; {base} "
                f"is right on {right[0]}, {other} on {right[1]}. ✱: more than the choice of test images explains.",
                "",
            ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return escape(printable(text.replace("\n", " ")), quote=False).replace("|", "\\|")

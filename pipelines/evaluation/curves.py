"""Precision and recall over thresholds, drawn: a square a label, in the report or as a picture of its own."""

from dataclasses import dataclass

from customlabels.core.templates import template
from customlabels.pipelines.evaluation.comparison import need_snapshot
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.metrics import curve
from customlabels.pipelines.evaluation.snapshot import Snapshot

_POINTS = 120
_ACROSS = 5
"""Squares in a row."""


@dataclass(frozen=True, slots=True)
class Line:
    """A label's curve as an SVG polyline in a square of 100, and where its threshold lies on it."""

    label: str
    points: str
    mark: tuple[float, float] | None
    threshold: float
    f1: float


def draw_curves(measured: Measured) -> str:
    """An SVG picture of the version's precision (upwards) and recall (to the right), a square a label.

    The dot is the threshold that is used. It looks well on light and on dark paper.

    Raises
    ------
    ServiceError : the evaluation snapshot is not in S3 any more
    """
    need_snapshot(measured)
    lines = curves_of(measured)
    page = template("customlabels.pipelines.evaluation", "curves.svg.j2")
    return page.render(version=measured.name, lines=lines, across=max(1, min(_ACROSS, len(lines))))


def curves_of(measured: Measured) -> list[Line]:
    """The curve of each label; none where the evaluation snapshot is gone."""
    if measured.snapshot is None:
        return []
    return [_line(measured.snapshot, metrics.label, metrics.f1) for metrics in measured.evaluation.labels]


def _line(snapshot: Snapshot, label: str, f1: float) -> Line:
    thresholds, precision, recall = curve(snapshot, label)
    threshold = snapshot.thresholds.get(label, 0.0)
    step = max(1, len(recall) // _POINTS)
    kept = [*range(0, len(recall), step), *([len(recall) - 1] if len(recall) else [])]
    points = " ".join(f"{100 * recall[index]:.1f},{100 - 100 * precision[index]:.1f}" for index in kept)
    reached = [index for index in range(len(thresholds)) if thresholds[index] >= threshold]
    mark = (float(100 * recall[reached[-1]]), float(100 - 100 * precision[reached[-1]])) if reached else None
    return Line(label, points, mark, threshold, f1)

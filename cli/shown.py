"""Evaluations, comparisons and verdicts, printed for people; shared by the commands that have them."""

from typing import TYPE_CHECKING

from customlabels.core.console import Console
from customlabels.core.plurals import counted
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation
from customlabels.pipelines.evaluation.gate import Result, Verdict
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.evaluation.comparison import Comparison, Difference

_MOST_SHOWN = 20
"""Images on which versions disagree; JSON has all."""


def show_comparisons(console: Console, comparisons: "list[Comparison]") -> None:
    """A table a comparison, and the images on which its versions disagree."""
    for comparison in comparisons:
        _show_comparison(console, comparison)


def _show_comparison(console: Console, comparison: "Comparison") -> None:
    """The table of two versions a label, and the images on which they disagree."""
    rows = [("all labels", comparison.overall["f1"])]
    rows += [(label, by["f1"]) for label, by in comparison.labels.items() if by["f1"] is not None]
    console.table(
        ("F1", comparison.base, comparison.other, "change", "95 % interval of the change"),
        [
            (name, difference.base, difference.other, f"{difference.change:+.3f}", _interval(difference))
            for name, difference in rows
        ],
        give_way=("95 % interval of the change",),
    )
    for metric in ("precision", "recall"):
        figure = comparison.overall[metric]
        console.text(f"{metric}: {figure.base:.3f} → {figure.other:.3f} ({_interval(figure) or 'not comparable'})")
    only = [label for label, by in comparison.labels.items() if by["f1"] is None]
    if only:
        console.text(f"labels that only one of them has: {', '.join(only)}")
    many = comparison.disagreements
    console.text(f"they disagree on {len(many)} of {counted(comparison.shared, 'shared test image')}")
    if many:
        console.table(
            ("image", "true", comparison.base, comparison.other, "right"),
            [
                (
                    disagreement.source_ref,
                    _labels(disagreement.truth),
                    _labels(disagreement.base),
                    _labels(disagreement.other),
                    disagreement.right,
                )
                for disagreement in many[:_MOST_SHOWN]
            ],
            give_way=("right", "true"),
        )
    if len(many) > _MOST_SHOWN:
        console.text(f"… and {len(many) - _MOST_SHOWN} more; --output json has all")


def _labels(labels: tuple[str, ...]) -> str:
    return ", ".join(labels) or "–"


def _interval(difference: "Difference | None") -> str:
    if difference is None or difference.interval is None:
        return ""
    sure = ", more than chance" if difference.is_sure else ""
    return f"{difference.interval.low:+.3f} to {difference.interval.high:+.3f}{sure}"


def show_verdict(console: Console, verdict: Verdict) -> None:
    """The table of checks, and how it came out; nothing where nothing was asked."""
    if not verdict.checks:
        return
    by_interval = any(check.low is not None for check in verdict.checks)
    columns = ["check", "found", "asked", *(["95 % from"] if by_interval else []), "result"]
    rows = [
        [check.name, check.value, check.least, *([check.low] if by_interval else []), check.result.value]
        for check in verdict.checks
    ]
    console.table(columns, rows, give_way=("95 % from",))
    if verdict.result is Result.PASSED:
        console.text(f"gate passed: F1 {verdict.f1:.3f}")


def show_evaluation(console: Console, evaluation: Evaluation) -> None:
    """The table of a version's figures a label."""
    console.table(
        ("label", "test images", "precision", "recall", "F1", "threshold"),
        [
            (metrics.label, metrics.images, metrics.precision, metrics.recall, metrics.f1, metrics.threshold)
            for metrics in evaluation.labels
        ],
        give_way=("test images", "threshold"),
    )
    console.text(
        f"version {evaluation.version}: F1 {evaluation.f1:.3f} (mean over labels), "
        f"precision {evaluation.precision:.3f}, recall {evaluation.recall:.3f}; "
        f"{counted(evaluation.training_images, 'image')} trained, {evaluation.testing_images} tested"
    )


def note_schedule(session: Session, project: str) -> None:
    """Says what a deployed schedule makes of a new champion."""
    from customlabels.scheduler.deployed import known_schedule

    if known_schedule(session.clients, project, session.now(), session.console) is None:
        return
    session.console.note(
        "while a window is open, the schedule brings it up first, and then stops the one before; "
        "customlabels schedule deploy has the stop after closing time know it"
    )

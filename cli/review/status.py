"""customlabels review status."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.cli.review_options import review_option
from customlabels.core.plurals import counted
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.review.estimates import Figure
    from customlabels.review.status import Status

Tested = dict[str, dict[str, tuple[float, float]]]
"""Precision and recall of each label on its test set, by version."""


@click.command(cls=Command)
@review_option
@click.option("--test-set", is_flag=True, help="Beside it the figures of the version's test set; asks the service.")
@project_option
@pass_session
def status(session: Session, folder: Path, test_set: bool, project: str | None) -> None:
    """Show what is answered and what is open, how people agree, and how good the version is in production.

    Figures are of whether a label is on an image, weighed by 1/chance, with 95 % intervals.

    Example: customlabels review status
    """
    current = session.review_status(folder)
    tested: Tested = {}
    if test_set:
        for version in current.versions:
            evaluation = session.measured(session.project(project), version).evaluation
            tested[version] = {metrics.label: (metrics.precision, metrics.recall) for metrics in evaluation.labels}
    document = asdict(current) | ({"test_set": tested} if test_set else {})
    session.console.result(document, lambda _: _show(session, current, tested))


def _show(session: Session, current: "Status", tested: Tested) -> None:
    from customlabels.review.agreement import Outcome

    console = session.console
    counts = ", ".join(f"{current.outcomes.get(outcome, 0)} {outcome.value}" for outcome in Outcome)
    console.text(f"{counted(sum(current.outcomes.values()), 'image')}: {counts}; {counted(current.answers, 'answer')}")
    if current.people:
        console.table(
            ("person", "answers", "cannot tell", "right of known", "seconds each"),
            [
                (
                    row.person,
                    row.answers,
                    row.unsure,
                    _right(row.right, row.known, _between(row.low, row.high)),
                    row.seconds,
                )
                for row in current.people
            ],
        )
    if current.labels:
        console.table(
            ("label", "by two or more", "pairs agree", "Fleiss' kappa", "boxes' overlap"),
            [(row.label, row.images, row.same, row.kappa, row.overlap) for row in current.labels],
        )
    if current.pairs:
        console.table(
            ("people", "both answered", "agree", "Cohen's kappa"),
            [(f"{row.first}, {row.second}", row.images, row.same, row.kappa) for row in current.pairs],
        )
    for version, rows in current.versions.items():
        if rows:
            beside = tested.get(version)
            console.table(
                (
                    *("label", "precision in production", "recall", "has it, of images", "answered"),
                    *(("precision on its test set", "recall on it") if beside is not None else ()),
                ),
                [
                    (
                        *(row.label, _figure(row.precision), _figure(row.recall), _figure(row.having), row.answered),
                        *(beside.get(row.label, (None, None)) if beside is not None else ()),
                    )
                    for row in rows
                ],
                title=f"version {version}, over {rows[0].images:,.0f} images",
            )


def _right(right: int, known: int, between: str) -> str | None:
    return f"{right} of {known}{between}" if known else None


def _figure(figure: "Figure") -> str | None:
    return None if figure.value is None else f"{figure.value:.3f}{_between(figure.low, figure.high)}"


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({low:.2f}–{high:.2f})"

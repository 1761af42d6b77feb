"""customlabels versions thresholds."""

import math

import click

from customlabels.cli.group import Command, Figure, pass_session, project_option
from customlabels.core.errors import SettingsError
from customlabels.session import Session


@click.command(cls=Command)
@click.argument("version", required=False)
@project_option
@click.option("--precision", type=Figure(0, 1), help="The precision to reach; gives the best recall then.")
@click.option("--recall", type=Figure(0, 1), help="The recall to reach; gives the best precision then.")
@pass_session
def thresholds(
    session: Session, version: str | None, project: str | None, precision: float | None, recall: float | None
) -> None:
    """Recommend a confidence a label for a wanted precision or recall, from VERSION's test images.

    Example: customlabels versions thresholds champion --recall 0.98
    """
    from customlabels.pipelines.evaluation.comparison import need_snapshot
    from customlabels.pipelines.evaluation.metrics import margins, recommend

    if precision is None and recall is None:
        raise SettingsError("nothing is wanted", hint="give --precision or --recall, or both")
    measured = session.measured(session.project(project), version)
    snapshot, rows = need_snapshot(measured), []
    wanted = {
        metrics.label: recommend(snapshot, metrics.label, precision=precision, recall=recall)
        for metrics in measured.evaluation.labels
    }
    asked = {label: threshold.confidence for label, threshold in wanted.items() if threshold}
    held = margins(snapshot, asked)
    for metrics in measured.evaluation.labels:
        threshold, margin = wanted[metrics.label], held.get(metrics.label)
        rows.append(
            {
                "label": metrics.label,
                "assumed": _percent(metrics.threshold),
                "confidence": _percent(threshold.confidence) if threshold else None,
                "precision": threshold.precision if threshold else None,
                "recall": threshold.recall if threshold else None,
                "test_images": metrics.images,
                "refused": _percent(margin.refused) if margin and margin.refused is not None else None,
                "accepted": _percent(margin.accepted) if margin and margin.accepted is not None else None,
                "fragile": margin.fragility if margin else None,
            }
        )

    def show(_: object) -> None:
        columns = ("label", "assumed threshold", "confidence to ask for", "precision", "recall", "test images")
        session.console.table(columns, [tuple(row.values())[: len(columns)] for row in rows])
        session.console.text("confidences are 0 to 100, as DetectCustomLabels takes them: call it with MinConfidence 0")
        for row in rows:
            if row["fragile"]:
                session.console.text(f"{row['label']}: fragile; {row['fragile']}")
        if any(row["confidence"] is None for row in rows):
            session.console.text("–: no confidence reaches that on these test images")

    session.console.result(rows, show)


def _percent(confidence: float) -> float:
    """0..1 as 0..100, cut off and never rounded up: a score that is accepted has to stay so."""
    return math.floor(1e6 * confidence) / 1e4

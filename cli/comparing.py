"""customlabels versions compare, gate, thresholds and report."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.cli.gating import end_on, judged, judges, show_verdict
from customlabels.cli.group import Command, Figure, pass_session, project_option
from customlabels.cli.running import kept_running
from customlabels.core.console import Console
from customlabels.core.errors import SettingsError
from customlabels.core.settings import GateSettings
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.evaluation.comparison import Comparison, Difference
    from customlabels.pipelines.evaluation.measured import Measured


@click.command(cls=Command)
@click.argument("base")
@click.argument("others", nargs=-1, required=True, metavar="OTHER...")
@project_option
@click.option("--re-evaluate", is_flag=True, help="Show BASE's test images to versions that were judged on others.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request.")
@click.option("--yes", is_flag=True, help="Do not ask before a model is started.")
@pass_session
def compare(
    session: Session,
    base: str,
    others: tuple[str, ...],
    project: str | None,
    re_evaluate: bool,
    markdown: bool,
    yes: bool,
) -> None:
    """Put versions side by side: figures with intervals, and the test images on which they disagree.

    Example: customlabels versions compare champion v-3f9c2a71b0
    """
    from customlabels.pipelines.evaluation import comparison

    name = session.project(project)
    first = session.measured(name, base)
    found = []
    for other in others:
        beside = comparison.compare(first, session.measured(name, other))
        if not beside.comparable and re_evaluate:
            beside = comparison.compare(first, _re_evaluated(session, name, other, first, yes))
        found.append(beside)
    if markdown and not session.console.as_json:
        session.console.text(comparison.markdown(found))
    else:
        session.console.result([asdict(one) for one in found], lambda _: show_comparisons(session.console, found))
    for one in found:
        if not one.comparable:
            session.console.warn(
                f"{one.base} and {one.other} were judged on different test images: their figures do not tell which is "
                "better; --re-evaluate shows the test images of the first to the others"
            )


def _re_evaluated(session: Session, project: str, name: str, base: "Measured", yes: bool) -> "Measured":
    """The version on the test images of `base`; its model is started for that, and stopped again."""
    from customlabels.pipelines.evaluation import re_evaluation
    from customlabels.pipelines.evaluation.comparison import need_snapshot
    from customlabels.pipelines.evaluation.results import measure, trained_on, training_lines
    from customlabels.pipelines.service.versions import version_name

    chosen, test = session.version(project, name), need_snapshot(base)
    known = trained_on(training_lines(session.clients.s3, chosen))
    seen = sum(image.source_ref in known for image in test.images)
    if seen:
        session.console.warn(
            f"{seen} of the {len(test.images)} test images are among those that {version_name(chosen)} was trained on: "
            "its figures on them are too good"
        )
    measured = measure(session.clients.s3, chosen)
    if need_snapshot(measured).boxes != test.boxes:
        kinds = ["locates objects" if one.boxes else "labels whole images" for one in (test, need_snapshot(measured))]
        raise SettingsError(f"{base.name} {kinds[0]}, {version_name(chosen)} {kinds[1]}: they cannot be compared")
    with kept_running(session, chosen, yes=yes):
        title = f"showing {len(test.images)} test images to {name}"
        with session.console.step(title, len(test.images)) as advance:
            return re_evaluation.re_evaluate(
                session.clients.rekognition,
                chosen["ProjectVersionArn"],
                measured,
                test,
                advance,
            )


_MOST_SHOWN = 20


def show_comparisons(console: Console, comparisons: "list[Comparison]") -> None:
    for one in comparisons:
        _show_comparison(console, one)


def _show_comparison(console: Console, comparison: "Comparison") -> None:
    """The table of two versions a label, and the images on which they disagree."""
    rows = [("all labels", comparison.overall["f1"])]
    rows += [(label, by["f1"]) for label, by in comparison.labels.items() if by["f1"] is not None]
    console.table(
        ("F1", comparison.base, comparison.other, "change", "95 % interval of the change"),
        [(name, one.base, one.other, f"{one.change:+.3f}", _interval(one)) for name, one in rows],
    )
    for metric in ("precision", "recall"):
        figure = comparison.overall[metric]
        console.text(f"{metric}: {figure.base:.3f} → {figure.other:.3f} ({_interval(figure) or 'not comparable'})")
    only = [label for label, by in comparison.labels.items() if by["f1"] is None]
    if only:
        console.text(f"labels that only one of them has: {', '.join(only)}")
    many = comparison.disagreements
    console.text(f"they disagree on {len(many)} of {comparison.shared} shared test images")
    if many:
        console.table(
            ("image", "true", comparison.base, comparison.other, "right"),
            [
                (one.source_ref, _labels(one.truth), _labels(one.base), _labels(one.other), one.right)
                for one in many[:_MOST_SHOWN]
            ],
        )
    if len(many) > _MOST_SHOWN:
        console.text(f"… and {len(many) - _MOST_SHOWN} more; --output json has all")


def _labels(labels: tuple[str, ...]) -> str:
    return ", ".join(labels) or "–"


def _interval(one: "Difference | None") -> str:
    if one is None or one.interval is None:
        return ""
    sure = ", more than chance" if one.is_sure else ""
    return f"{one.interval.low:+.3f} to {one.interval.high:+.3f}{sure}"


@click.command(cls=Command)
@click.argument("version", required=False)
@project_option
@pass_session
@judges
def gate(session: Session, version: str | None, project: str | None, gate: GateSettings, junit: Path | None) -> None:
    """Judge VERSION (default: the newest) without training anything; exits 3 where it does not pass.

    Example: customlabels versions gate --min-f1 0.9 --min-label crack=0.95:recall --decide-on interval
    """
    name = session.project(project)
    verdict = judged(session, name, session.measured(name, version), gate)
    if not verdict.checks and gate.max_regression is not None:
        session.console.done("gate passed: there is no other champion to fall behind", **verdict.document())
        return
    if not verdict.checks:
        raise SettingsError(
            "the gate asks for nothing", hint="give --min-f1 or another flag, or fill [gate] in the settings"
        )
    session.console.result(verdict.document(), lambda _: show_verdict(session.console, verdict))
    end_on(verdict, junit)


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


@click.command(cls=Command)
@click.argument("version")
@click.argument("other", required=False)
@project_option
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="The file.  [default: VERSION.html]")
@click.option("--images", default=24, show_default=True, type=click.IntRange(0, 500), help="Images in each gallery.")
@pass_session
def report(
    session: Session, version: str, other: str | None, project: str | None, to: Path | None, images: int
) -> None:
    """Write one HTML file about VERSION, beside OTHER where it is given; it needs no network to be read.

    Example: customlabels versions report champion v-3f9c2a71b0
    """
    from customlabels.pipelines.evaluation import report as reporting
    from customlabels.pipelines.evaluation.results import measure, training_counts, training_lines
    from customlabels.pipelines.service.versions import version_name, version_tags

    clients, name = session.clients, session.project(project)
    chosen = session.version(name, version)
    measured = measure(clients.s3, chosen)
    beside = session.measured(name, other) if other else None
    with session.console.step(f"report on {version_name(chosen)}") as advance:
        page = reporting.report(
            name,
            measured,
            beside,
            tags=version_tags(clients.rekognition, chosen),
            training=training_counts(training_lines(clients.s3, chosen)),
            s3=clients.s3,
            most_images=images,
            made=session.now(),
            advance=advance,
        )
    path = to or Path(f"{version_name(chosen)}.html")
    reporting.write(path, page)
    session.console.done(f"wrote {path}", file=str(path), bytes=path.stat().st_size)

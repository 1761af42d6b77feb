"""customlabels inspection watch."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.cli.group import Command, pass_session, project_option
from customlabels.core.plurals import counted
from customlabels.core.spans import parse_span
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.inspection.drift import Day
    from customlabels.session.watching import Production

_SHOWN = 31
"""Days of the table; the page and JSON have all."""


@click.command(cls=Command)
@project_option
@click.option("--version", metavar="VERSION", help="Whose images.  [default: the champion]")
@click.option("--since", default="30d", show_default=True, metavar="SPAN", help="How far back days are judged.")
@click.option(
    "--reference",
    type=click.IntRange(1, 365),
    default=1,
    show_default=True,
    metavar="DAYS",
    help="Days that the first images are of, at least; and 500 images.",
)
@click.option(
    "--look",
    type=click.IntRange(50),
    metavar="N",
    help="Fetch N images of each day from S3, to see how bright and how sharp they are.  [default: as the analyzer "
    "properties said, where it looked]",
)
@click.option(
    "--golden/--no-golden", default=True, help="Show the golden images of [inspection], where the model is up."
)
@click.option(
    "--review",
    type=click.Path(path_type=Path, file_okay=False),
    default="review",
    show_default=True,
    help="Folder of a review, whose answers tell precision and recall.",
)
@click.option(
    "--page", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page about it, one HTML file."
)
@click.option(
    "--publish",
    is_flag=True,
    help="Put the figures into CloudWatch, where alarms look (three metrics, $0.30 a month each).",
)
@pass_session
def watch(
    session: Session,
    project: str | None,
    version: str | None,
    since: str,
    reference: int,
    look: int | None,
    golden: bool,
    review: Path,
    page: Path | None,
    publish: bool,
) -> None:
    """Tell whether what arrives has changed since the version's first 500 images, and whether the model has.

    Each day's confidences, shares of labels and of refused images are held against the first ones; a false alarm is
    expected once in years. Golden images are shown where the model is up; nothing is started.

    Example: customlabels inspection watch --page watch.html
    """
    production = session.watch_inspection(
        project=project,
        version=version,
        since=parse_span(since),
        reference=reference,
        look=look or 0,
        golden=golden,
        review=review,
        publish=publish,
    )
    if page is not None:
        from customlabels.core.files import written_aside
        from customlabels.inspection.watch_page import watch_page

        text = watch_page(
            session.project(project),
            production.version,
            production.watched,
            production.golden,
            [asdict(row) for row in production.estimates],
            made=session.now(),
        )
        with written_aside(page) as file:
            file.write(text.encode())
        session.console.note(f"{page} shows it")
    session.console.result(_document(production), lambda _: _show(session, production))


def _document(production: "Production") -> dict[str, Any]:
    watched, golden = production.watched, production.golden
    reference = watched.reference
    return {
        "version": production.version,
        "images": watched.images,
        "reference": reference
        and {**asdict(reference), "first": reference.first.isoformat(), "last": reference.last.isoformat()},
        "days": [{**asdict(day), "day": day.day.isoformat(), "drifted": len(day.drifted)} for day in watched.days],
        "golden": golden and asdict(golden),
        "production": [asdict(row) for row in production.estimates],
    }


def _show(session: Session, production: "Production") -> None:
    from customlabels.inspection.drift import LEAST, REFERENCE

    console, watched = session.console, production.watched
    if watched.reference is None:
        console.text(
            f"{production.version} has seen {counted(watched.images, 'image')} so far; from {REFERENCE} "
            "in whole days on, the first are what later ones are held against"
        )
    else:
        shown = watched.days[-_SHOWN:]
        if shown:
            console.table(
                ("day (UTC)", "images", "refused", "drift"),
                [(_name(day), day.images, day.refused, _drift(day)) for day in shown],
                give_way=("drift",),
                title=f"version {production.version}, against its first {watched.reference.images:,} images, "
                f"{watched.reference.first} to {watched.reference.last}",
            )
        judged = [day for day in watched.days if day.signals]
        few = len(watched.days) - len(judged)
        rest = f"; {counted(few, 'day')} with fewer than {LEAST} images left out" if few else ""
        console.text(f"{counted(len(judged), 'day')} judged, {sum(bool(day.drifted) for day in judged)} drifted{rest}")
    if production.golden is not None:
        right = production.golden.images - len(production.golden.wrong)
        sure = production.golden.confidence
        console.text(
            f"golden images: {right} of {production.golden.images} right"
            + (f", their labels at {sure:.1f} in the mean" if sure is not None else "")
        )
    if production.estimates:
        console.table(
            ("label", "precision in production", "recall", "answered"),
            [(row.label, _figure(row.precision), _figure(row.recall), row.answered) for row in production.estimates],
        )


def _name(day: "Day") -> str:
    return day.day.isoformat() + ("" if day.whole else ", so far")


def _drift(day: "Day") -> str:
    if not day.signals:
        return "too few images"
    from customlabels.inspection.signal_words import in_words

    return "; ".join(map(in_words, day.drifted)) or "none"


def _figure(figure: Any) -> str | None:
    return None if figure.value is None else f"{figure.value:.3f} ({figure.low:.2f}–{figure.high:.2f})"

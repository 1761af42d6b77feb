"""customlabels detect."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.cli.confirming import confirm_start
from customlabels.cli.detect_beside import Analyzers, beside_in_words, confirm_price, see_that_they_go_together
from customlabels.cli.detect_video import VideoOptions, looks_at_videos, show_spans
from customlabels.cli.group import Command, Figure, pass_session, project_option
from customlabels.cli.safe_csv import safe_csv_option, see_that_csv_is_written
from customlabels.core.errors import SettingsError
from customlabels.core.files import written_aside
from customlabels.core.plurals import counted
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.service.detection import DetectedLabel, Detection
    from customlabels.session.detections import Measured


@click.command(cls=Command)
@click.argument("source", metavar="IMAGE|FOLDER|VIDEO|S3-ADDRESS")
@project_option
@click.option("--version", "version", help="Name of the version.  [default: the champion, else the newest trained]")
@click.option(
    "--min-confidence",
    type=Figure(0, 100),
    help="0 to 100, in place of each label's assumed threshold.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write JSON lines there, or CSV where it ends in .csv; run again, it goes on where it was.",
)
@safe_csv_option
@click.option(
    "--draw",
    "drawn",
    type=click.Path(path_type=Path),
    help="Write images with what was seen there; of one video FILE.mp4 or FILE.webm, all of it.",
)
@click.option("--rate", type=Figure(0, min_open=True), help="Images a second that an inference unit takes.")
@click.option(
    "--measure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write there how many images a second a unit takes, by asking for more for half a minute.",
)
@click.option("--results", is_flag=True, help="Read and write the inspection's results: a known image costs no call.")
@click.option(
    "--with",
    "beside",
    type=Analyzers(),
    default=(),
    help="Ask analyzers of Rekognition's own too: labels, properties, text, moderation, faces; commas between.",
)
@click.option("--no-model", is_flag=True, help="Ask only what --with names; no model has to run.")
@looks_at_videos
@click.option("--start", is_flag=True, help="Start the model where it is stopped, and stop it again afterwards.")
@click.option("--no-guard", is_flag=True, help="Set no schedule that stops the model should this be killed.")
@click.option("--yes", is_flag=True, help="Do not ask before it is started.")
@pass_session
def detect(
    session: Session,
    source: str,
    project: str | None,
    version: str | None,
    min_confidence: float | None,
    to: Path | None,
    safe_csv: bool,
    drawn: Path | None,
    rate: float | None,
    measure: Path | None,
    results: bool,
    beside: tuple[str, ...],
    no_model: bool,
    video: VideoOptions,
    start: bool,
    no_guard: bool,
    yes: bool,
) -> int:
    """Show the labels that a running version sees in an image, in every image below a folder, or below an S3 address.

    Of a video, frames are looked at, and neighbours that show the same become spans: from when to when a label is seen.
    So it is with each video of a folder that holds videos and no images.

    Exits 1 where an image could not be looked at, 4 where a video is broken or cut off; the rest is shown all the same.

    Example: customlabels detect images/crack --to found.jsonl --draw drawn

    Example: customlabels detect photos --with text,properties --no-model

    Example: customlabels detect line.mp4 --every 1s --to found.jsonl --spans spans.csv --draw drawn.mp4
    """
    from customlabels.pipelines.service.detection import as_document

    see_that_csv_is_written(safe_csv, to, video.spans, flags="--to FILE.csv, or --spans FILE.csv")
    if min_confidence is not None and 0 < min_confidence < 1:
        session.console.warn(f"--min-confidence goes from 0 to 100; {min_confidence} is under one per cent")
    models = {"--version": version, "--min-confidence": min_confidence, "--measure": measure, "--start": start}
    as_csv = to is not None and to.suffix.lower() == ".csv"
    see_that_they_go_together(beside, no_model=no_model, as_csv=as_csv, others=models)
    before_start = confirm_start(session, yes)
    if session.holds_videos(source):
        video.see_that_it_goes({"--with": beside, "--results": results, "--measure": measure})
        videos = session.look_at_videos(
            source,
            video.wanted(),
            project=project,
            version=version,
            min_confidence=min_confidence,
            rate=rate,
            to=to,
            safe_csv=safe_csv,
            draw=drawn,
            start=start,
            before_start=before_start,
            guard=not no_guard,
        )
        return show_spans(session, source, videos)
    video.refuse()
    if drawn is not None and drawn.is_file():
        raise SettingsError(f"--draw {drawn}: is a file, and images are drawn into a folder")
    if measure is not None:
        measured = session.measure_rate(
            source, project=project, version=version, start=start, before_start=before_start, guard=not no_guard
        )
        return _show_rate(session, measured, measure)
    looked = session.look_at(
        source,
        project=project,
        version=version,
        min_confidence=min_confidence,
        rate=rate,
        to=to,
        safe_csv=safe_csv,
        draw=drawn,
        results=results,
        beside=beside,
        model=not no_model,
        before_paying=confirm_price(yes),
        start=start,
        before_start=before_start,
        guard=not no_guard,
    )
    if to is not None:
        session.console.done(
            f"{counted(looked.images, 'image')} looked at, {looked.failed} of them in vain; all in {to}",
            file=str(to),
            images=looked.images,
            failed=looked.failed,
        )
    else:
        detections = looked.detections
        session.console.result(
            [as_document(detection) for detection in detections],
            lambda _: _show(session, detections, model=not no_model),
        )
    return 1 if looked.failed else 0


def _show(session: Session, detections: "Sequence[Detection]", *, model: bool) -> None:
    rows: list[tuple[str, str]] = []
    for detection in detections:
        own = [detection.error or ", ".join(map(_in_words, detection.labels)) or "none"] if model else []
        lines = [*own, *beside_in_words(detection.beside)]
        rows += [(detection.name if not number else "", line) for number, line in enumerate(lines)]
    session.console.table(
        ("image", "labels (confidence), where: left, top, width, height in %"),
        rows,
        give_way=(),
    )


def _show_rate(session: Session, measured: "Measured", to: Path) -> int:
    """Writes and shows how many images a second a unit of the version takes."""
    rate = measured.rate
    document = {
        "version": measured.version,
        "units": measured.units,
        "rate_per_unit": round(rate.rate / measured.units, 3),
        "answered": rate.answered,
        "throttled": rate.throttled,
        "seconds": round(rate.seconds, 1),
        "bounded": rate.throttled > 0,
    }
    with written_aside(to) as file:
        file.write((json.dumps(document, indent=2) + "\n").encode())
    if not rate.throttled:
        session.console.warn("nothing was throttled: this machine, or its connection, was the limit; a unit takes more")
    session.console.done(
        f"{document['rate_per_unit']} images a second a unit ({rate.answered} answered, {rate.throttled} "
        f"throttled in {rate.seconds:.0f} s on {counted(measured.units, 'unit')}); {to}",
        **document,
    )
    return 0


def _in_words(label: "DetectedLabel") -> str:
    where = "" if label.box is None else f" at {', '.join(f'{100 * side:.0f}' for side in label.box)}"
    return f"{label.label} ({label.confidence:.1f}){where}"

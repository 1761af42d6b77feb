"""customlabels detect."""

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.aws import s3
from customlabels.cli.confirming import confirm_start
from customlabels.cli.detect_beside import (
    Analyzers,
    beside_in_words,
    failed_beside,
    looked_beside,
    see_that_they_go_together,
)
from customlabels.cli.detect_video import VideoOptions, detect_video, looks_at_videos
from customlabels.cli.group import Command, Figure, pass_session, project_option
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.pipelines.service import arns
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.service.detection import DetectedLabel, Detection, Image
    from customlabels.pipelines.service.versions import Description

NO_MODEL = "-"
"""Stands for the version where none was asked."""


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
@click.option(
    "--safe-csv",
    is_flag=True,
    help="Write an apostrophe before cells of a CSV that a spreadsheet would run, as those that begin with =.",
)
@click.option(
    "--draw",
    "drawn",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write images with what was seen there.",
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

    Exits 1 where an image could not be looked at, 4 where a video is broken or cut off; the rest is shown all the same.

    Example: customlabels detect images/crack --to found.jsonl --draw drawn

    Example: customlabels detect photos --with text,properties --no-model

    Example: customlabels detect line.mp4 --every 1s --to found.jsonl --spans spans.csv --sheet sheet.jpg
    """
    from customlabels.pipelines.service.detection import Detection, as_document
    from customlabels.pipelines.service.detection import detect as look
    from customlabels.pipelines.service.detection_files import Run, detection_file, read_kept
    from customlabels.pipelines.service.image_sources import images_of
    from customlabels.pipelines.service.versions import version_name
    from customlabels.pipelines.service.video_sources import names_video

    if safe_csv and (to is None or to.suffix.lower() != ".csv"):
        raise SettingsError("--safe-csv goes with --to FILE.csv", hint="JSON lines are run by no spreadsheet")
    if min_confidence is not None and 0 < min_confidence < 1:
        session.console.warn(f"--min-confidence goes from 0 to 100; {min_confidence} is under one per cent")
    models = {"--version": version, "--min-confidence": min_confidence, "--measure": measure, "--start": start}
    as_csv = to is not None and to.suffix.lower() == ".csv"
    see_that_they_go_together(beside, no_model=no_model, as_csv=as_csv, others=models)
    if names_video(source):
        if measure is not None or results or beside:
            flag = "--with" if beside else "--results" if results else "--measure"
            raise SettingsError(
                f"{flag} goes with images, not with a video", hint="customlabels dataset frames makes images of it"
            )
        answering = session.answering(project, version)
        return detect_video(
            session, source, answering, video, min_confidence, to, safe_csv, drawn, rate, start, not no_guard, yes
        )
    video.refuse()
    images = images_of(source, session.clients.s3)
    if drawn is not None:
        _keep_originals(images, drawn)
    chosen = None if no_model else session.answering(project, version)
    if measure is not None and chosen is not None:
        return _measure(session, chosen, images, measure, start=start, yes=yes, guard=not no_guard)
    run = Run(source, NO_MODEL if chosen is None else version_name(chosen), min_confidence)
    kept = read_kept(to, run, safe=safe_csv) if to else None
    if kept is not None and kept.done:
        before = len(images)
        images = [(name, image) for name, image in images if name not in kept.done]
        kept_count = before - len(images)
        are = (
            "is in {} already, and is left as it is"
            if kept_count == 1
            else "are in {} already, and are left as they are"
        )
        session.console.note(f"{counted(kept_count, 'image')} {are.format(to)}")
    detections: list[Detection] = []
    looked = failed = 0
    results_of = _project_of(session, project, chosen) if results and beside else None
    seen_beside = looked_beside(session, images, beside, results_of, yes=yes)
    known, through = (
        session.known_detections(chosen, images, min_confidence=min_confidence)
        if results and chosen is not None
        else ([], None)
    )
    fresh = sum(image.analysis is None for image in known) if through is not None else len(images)
    if through is not None:
        session.console.note(f"{len(images) - fresh} of {len(images)} images are in the results already")
    with ExitStack() as stack:
        units = max(1, chosen.get("MinInferenceUnits") or 1) if chosen is not None else 1
        if fresh and chosen is not None:
            stack.enter_context(
                session.running(
                    chosen, units=units, start=start, before_start=confirm_start(session, yes), guard=not no_guard
                )
            )
        file = stack.enter_context(detection_file(to, kept, run, safe=safe_csv)) if to and kept else None
        advance = stack.enter_context(session.console.step(f"looking at {counted(len(images), 'image')}", len(images)))
        originals = dict(images)
        pace = units * (rate or session.settings.detect.rate)
        seen: Iterable[Detection]
        if chosen is None:
            seen = (Detection(name, ()) for name, _ in images)
        elif through is not None:
            seen = through(images=known, rate=pace, advance=advance)
        else:
            arn, rekognition = chosen["ProjectVersionArn"], session.clients.rekognition
            seen = look(rekognition, arn, images, rate=pace, min_confidence=min_confidence, advance=advance)
        for detection in (replace(detection, beside=seen_beside(detection.name)) for detection in seen):
            looked, failed = looked + 1, failed + (bool(detection.error) or failed_beside(detection.beside))
            if file is not None:
                for fault in _faults(detection):
                    session.console.warn(f"{detection.name}: {fault}")
            if drawn is not None and detection.error is None:
                _draw(session, detection, originals[detection.name], drawn)
            if file is not None:
                file.write(detection)
            else:
                detections.append(detection)
    if to is not None:
        session.console.done(
            f"{counted(looked, 'image')} looked at, {failed} of them in vain; all in {to}",
            file=str(to),
            images=looked,
            failed=failed,
        )
    else:
        session.console.result(
            [as_document(detection) for detection in detections],
            lambda _: _show(session, detections, model=chosen is not None),
        )
    return 1 if failed else 0


def _show(session: Session, detections: "list[Detection]", *, model: bool) -> None:
    rows = []
    for detection in detections:
        own = [detection.error or ", ".join(map(_in_words, detection.labels)) or "none"] if model else []
        lines = [*own, *beside_in_words(detection.beside)]
        rows += [(detection.name if not number else "", line) for number, line in enumerate(lines)]
    session.console.table(
        ("image", "labels (confidence), where: left, top, width, height in %"),
        rows,
        give_way=(),
    )


def _faults(detection: "Detection") -> list[str]:
    """Why the version, or an analyzer, could not look."""
    beside = (detection.beside or {}).items()
    return [
        *([detection.error] if detection.error else []),
        *(f"{name}: {found['refusal']}" for name, found in beside if found["refusal"] is not None),
    ]


def _project_of(session: Session, project: str | None, chosen: "Description | None") -> str:
    return session.project(project) if chosen is None else arns.project_name(chosen["ProjectVersionArn"])


def _keep_originals(images: "list[tuple[str, Image]]", folder: Path) -> None:
    """Sees that no image would be drawn over.

    Raises
    ------
    SettingsError
    """
    own = {image.resolve() for _, image in images if isinstance(image, Path)}
    for name, _ in images:
        if (folder / name).resolve() in own:
            raise SettingsError(
                f"--draw {folder} would write over {name}, which is to be looked at", hint="name another folder"
            )


def _measure(
    session: Session,
    chosen: "Description",
    images: list[tuple[str, "Image"]],
    to: Path,
    *,
    start: bool,
    yes: bool,
    guard: bool,
) -> int:
    """Writes how many images a second a unit of the running version takes."""
    from customlabels.core.files import written_aside
    from customlabels.pipelines.service.request_rate import LASTS, measure_rate
    from customlabels.pipelines.service.versions import version_name

    if not images:
        raise LayoutError("there is no image to measure with")
    units = max(1, chosen.get("MinInferenceUnits") or 1)
    with session.running(chosen, units=units, start=start, before_start=confirm_start(session, yes), guard=guard):
        # What it was started on shows only now.
        up = session.version(session.project(arns.project_name(chosen["ProjectVersionArn"])), version_name(chosen))
        units = max(1, up.get("MinInferenceUnits") or 1)
        with session.console.step(f"asking for as much as it takes, for {LASTS:.0f} seconds") as advance:
            measured = measure_rate(session.clients.rekognition_once, up["ProjectVersionArn"], images, advance)
    document = {
        "version": version_name(up),
        "units": units,
        "rate_per_unit": round(measured.rate / units, 3),
        "answered": measured.answered,
        "throttled": measured.throttled,
        "seconds": round(measured.seconds, 1),
        "bounded": measured.throttled > 0,
    }
    with written_aside(to) as file:
        file.write((json.dumps(document, indent=2) + "\n").encode())
    if not measured.throttled:
        session.console.warn("nothing was throttled: this machine, or its connection, was the limit; a unit takes more")
    session.console.done(
        f"{document['rate_per_unit']} images a second a unit ({measured.answered} answered, {measured.throttled} "
        f"throttled in {measured.seconds:.0f} s on {counted(units, 'unit')}); {to}",
        **document,
    )
    return 0


def _draw(session: Session, detection: "Detection", image: "Image", folder: Path) -> None:
    from customlabels.pipelines.service.detection_drawing import draw

    if isinstance(image, bytes):
        body = image
    else:
        body = image.read_bytes() if isinstance(image, Path) else s3.get(session.clients.s3, image)
    target = (folder / detection.name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise LayoutError(f"{detection.name}: would be written outside {folder}")
    draw(body, detection, target)


def _in_words(label: "DetectedLabel") -> str:
    where = "" if label.box is None else f" at {', '.join(f'{100 * side:.0f}' for side in label.box)}"
    return f"{label.label} ({label.confidence:.1f}){where}"

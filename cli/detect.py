"""customlabels detect."""

import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.aws import s3
from customlabels.cli.confirming import confirm_start
from customlabels.cli.detect_video import VideoOptions, detect_video, looks_at_videos
from customlabels.cli.group import Command, Figure, pass_session, project_option
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.pipelines.service import arns
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.service.detection import DetectedLabel, Detection, Image
    from customlabels.pipelines.service.versions import Description


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
    video: VideoOptions,
    start: bool,
    no_guard: bool,
    yes: bool,
) -> int:
    """Show the labels that a running version sees in an image, in every image below a folder, or below an S3 address.

    Of a video, frames are looked at, and neighbours that show the same become spans: from when to when a label is seen.

    Exits 1 where an image could not be looked at, 4 where a video is broken or cut off; the rest is shown all the same.

    Example: customlabels detect images/crack --to found.jsonl --draw drawn

    Example: customlabels detect line.mp4 --every 1s --to found.jsonl --spans spans.csv --sheet sheet.jpg
    """
    from customlabels.pipelines.service.detection import detect as look
    from customlabels.pipelines.service.detection_files import Run, detection_file, read_kept
    from customlabels.pipelines.service.image_sources import images_of
    from customlabels.pipelines.service.versions import version_name
    from customlabels.pipelines.service.video_sources import names_video

    if safe_csv and (to is None or to.suffix.lower() != ".csv"):
        raise SettingsError("--safe-csv goes with --to FILE.csv", hint="JSON lines are run by no spreadsheet")
    if min_confidence is not None and 0 < min_confidence < 1:
        session.console.warn(f"--min-confidence goes from 0 to 100; {min_confidence} is under one per cent")
    if names_video(source):
        if measure is not None or results:
            flag = "--results" if results else "--measure"
            raise SettingsError(
                f"{flag} goes with images, not with a video", hint="customlabels dataset frames makes images of it"
            )
        chosen = session.answering(project, version)
        return detect_video(
            session, source, chosen, video, min_confidence, to, safe_csv, drawn, rate, start, not no_guard, yes
        )
    video.refuse()
    images = images_of(source, session.clients.s3)
    if drawn is not None:
        _keep_originals(images, drawn)
    chosen = session.answering(project, version)
    if measure is not None:
        return _measure(session, chosen, images, measure, start=start, yes=yes, guard=not no_guard)
    run = Run(source, version_name(chosen), min_confidence)
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
    units = max(1, chosen.get("MinInferenceUnits") or 1)
    detections: list[Detection] = []
    looked = failed = 0
    known, through = session.known_detections(chosen, images, min_confidence=min_confidence) if results else ([], None)
    fresh = sum(image.analysis is None for image in known) if results else len(images)
    if results:
        session.console.note(f"{len(images) - fresh} of {len(images)} images are in the results already")
    with ExitStack() as stack:
        if fresh:
            stack.enter_context(
                session.running(
                    chosen, units=units, start=start, before_start=confirm_start(session, yes), guard=not no_guard
                )
            )
        file = stack.enter_context(detection_file(to, kept, run, safe=safe_csv)) if to and kept else None
        advance = stack.enter_context(session.console.step(f"looking at {counted(len(images), 'image')}", len(images)))
        originals = dict(images)
        pace = units * (rate or session.settings.detect.rate)
        for detection in (
            through(images=known, rate=pace, advance=advance)
            if through is not None
            else look(
                session.clients.rekognition,
                chosen["ProjectVersionArn"],
                images,
                rate=pace,
                min_confidence=min_confidence,
                advance=advance,
            )
        ):
            looked, failed = looked + 1, failed + bool(detection.error)
            if detection.error and file is not None:
                session.console.warn(f"{detection.name}: {detection.error}")
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
        session.console.result([asdict(detection) for detection in detections], lambda _: _show(session, detections))
    return 1 if failed else 0


def _show(session: Session, detections: "list[Detection]") -> None:
    session.console.table(
        ("image", "labels (confidence), where: left, top, width, height in %"),
        [
            (detection.name, detection.error or ", ".join(map(_in_words, detection.labels)) or "none")
            for detection in detections
        ],
        give_way=(),
    )


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

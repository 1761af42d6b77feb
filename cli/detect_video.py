"""customlabels detect VIDEO: the options that only videos take, and what is done with them."""

import functools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from customlabels.cli.confirming import confirm_start
from customlabels.cli.group import Figure
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.core.spans import parse_span
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.service.detection import Detection
    from customlabels.pipelines.service.spans import Span
    from customlabels.pipelines.service.versions import Description

Result = TypeVar("Result")
_EVERY = "1s"


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """What is asked for of a video; None and false leave it open."""

    every: str | None = None
    gap: str | None = None
    hold: float | None = None
    spans: Path | None = None
    sheet: Path | None = None
    key_frames: bool = False

    def refuse(self) -> None:
        """Sees that none is given where images are looked at.

        Raises
        ------
        SettingsError
        """
        given = [field.name for field in fields(self) if getattr(self, field.name) not in (None, False)]
        if given:
            raise SettingsError(f"--{given[0].replace('_', '-')} goes with a video", hint="leave it out for images")


_OPTIONS = (
    click.option("--every", metavar="TIME", help=f"Of a video: time from one frame to the next.  [default: {_EVERY}]"),
    click.option(
        "--gap",
        metavar="TIME",
        help="Of a video: a label that is not seen for longer ends its span.  [default: two and a half times --every]",
    ),
    click.option(
        "--hold",
        type=Figure(0, 100),
        help="Of a video: a span goes on with this confidence.  [default: four fifths of what it begins with]",
    ),
    click.option(
        "--spans",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Of a video: write the spans there, as FILE.csv or FILE.jsonl.",
    ),
    click.option(
        "--sheet",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Of a video: write a sheet of pictures there, one a span, as FILE.jpg or FILE.png.",
    ),
    click.option("--key-frames", is_flag=True, help="Of a video: look at key frames alone, by PyAV."),
)


def looks_at_videos(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives a command the options of videos, as its argument `video`."""

    @functools.wraps(command)
    def with_video(*args: Any, **kwargs: Any) -> Result:
        given = {field.name: kwargs.pop(field.name) for field in fields(VideoOptions) if field.name in kwargs}
        return command(*args, video=VideoOptions(**given), **kwargs)

    decorated: Callable[..., Any] = with_video
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def detect_video(
    session: Session,
    source: str,
    chosen: "Description",
    video: VideoOptions,
    min_confidence: float | None,
    to: Path | None,
    safe_csv: bool,
    drawn: Path | None,
    rate: float | None,
    start: bool,
    guard: bool,
    yes: bool,
) -> int:
    """Shows frames of a video to a version, and prints the spans; 4 where the video is broken."""
    from customlabels.datasets.videos.containers import fingerprint
    from customlabels.datasets.videos.decoding import Course, import_opencv
    from customlabels.datasets.videos.extracting import Choice
    from customlabels.pipelines.service.contact_sheet import shown_spans, write_sheet
    from customlabels.pipelines.service.detection import detect
    from customlabels.pipelines.service.detection_drawing import draw
    from customlabels.pipelines.service.detection_files import Run, detection_file, kept_detections, read_kept
    from customlabels.pipelines.service.versions import version_name
    from customlabels.pipelines.service.video_detection import (
        BRIDGES,
        frames_of,
        see_spans_file,
        spans_of,
        tiles_of,
        write_spans,
    )
    from customlabels.pipelines.service.video_sources import videos_of

    every = positive_seconds("--every", video.every or _EVERY)
    gap = positive_seconds("--gap", video.gap) if video.gap else BRIDGES * every
    if video.spans is not None:
        see_spans_file(video.spans)
    import_opencv()
    (film,) = videos_of(source, session.clients.s3).videos
    mark, choice, course = fingerprint(film), Choice(every, key_frames=video.key_frames), Course()
    thresholds, asked = session.span_thresholds(chosen, min_confidence=min_confidence, hold=video.hold)
    run = Run(source, version_name(chosen), asked)
    kept = read_kept(to, run, safe=safe_csv) if to else None
    detections: list[Detection] = kept_detections(to, kept, run, safe=safe_csv) if to and kept else []
    done = {detection.name for detection in detections}
    if done:
        session.console.note(f"{counted(len(done), 'frame')} in {to} already, and not looked at again")
    faults: list[str] = []
    bodies: dict[str, bytes] = {}
    looked = failed = 0

    def fresh() -> Any:
        for name, body in frames_of(film, mark, choice, course, wanted=lambda name: name not in done, faults=faults):
            if drawn is not None:
                bodies[name] = body
            yield name, body

    units = max(1, chosen.get("MinInferenceUnits") or 1)
    with ExitStack() as stack:
        stack.enter_context(
            session.running(chosen, units=units, start=start, before_start=confirm_start(session, yes), guard=guard)
        )
        file = stack.enter_context(detection_file(to, kept, run, safe=safe_csv)) if to and kept else None
        advance = stack.enter_context(session.console.step(f"looking at frames of {source}"))
        pace = units * (rate or session.settings.detect.rate)
        arn = chosen["ProjectVersionArn"]
        for detection in detect(
            session.clients.rekognition, arn, fresh(), rate=pace, min_confidence=asked, advance=advance
        ):
            looked, failed = looked + 1, failed + bool(detection.error)
            if detection.error:
                session.console.warn(f"{detection.name}: {detection.error}")
            body = bodies.pop(detection.name, None)
            if drawn is not None and body is not None and detection.error is None:
                draw(body, detection, drawn / detection.name)
            if file is not None:
                file.write(detection)
            detections.append(detection)
    for fault in faults:
        session.console.warn(fault)
    found = spans_of(detections, thresholds, gap)
    if video.spans is not None:
        write_spans(found, video.spans)
    if video.sheet is not None:
        write_sheet(tiles_of(film, mark, choice, shown_spans(found), detections), video.sheet)
    document = {
        "video": source,
        "frames": len(detections),
        "looked": looked,
        "failed": failed,
        "faults": faults,
        "spans": [asdict(span) for span in found],
    }
    session.console.result(document, lambda _: _show(session, source, detections, found))
    return 4 if faults else 1 if failed else 0


def _show(session: Session, source: str, detections: "list[Detection]", found: "list[Span]") -> None:
    from customlabels.datasets.videos.frame_names import clock

    if found:
        session.console.table(
            ("label", "from", "to", "frames", "surest", "at"),
            [
                (span.label, clock(span.begin), clock(span.end), span.frames, f"{span.peak:.1f}", clock(span.at))
                for span in found
            ],
        )
    session.console.text(f"{source}: {counted(len(found), 'span')} in {counted(len(detections), 'frame')}")


def positive_seconds(flag: str, text: str) -> float:
    """The seconds that a flag says.

    Raises
    ------
    SettingsError : it says none, or none at all
    """
    try:
        seconds = parse_span(text).total_seconds()
    except SettingsError as error:
        raise SettingsError(f"{flag}: {error.message}", hint=error.hint) from error
    if seconds <= 0:
        raise SettingsError(f"{flag} {text}: has to be some time, as 0.5s")
    return seconds

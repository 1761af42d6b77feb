"""Videos from Python: frames taken of them, and shown to a version."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.plurals import counted

if TYPE_CHECKING:
    from customlabels.datasets.videos.containers import Video
    from customlabels.datasets.videos.extracting import Choice, Finish, Taken, Within
    from customlabels.pipelines.service.detection import Detection
    from customlabels.pipelines.service.running import BeforeStart
    from customlabels.pipelines.service.spans import Span
    from customlabels.pipelines.service.versions import Description
    from customlabels.pipelines.service.video_detection import Thresholds, VideoWanted
    from customlabels.session.session import Session


BESIDE = 0.5
"""Seconds before and after a span that belong to it: Rekognition looks about twice a second."""


@dataclass(frozen=True, slots=True)
class LookedAtVideo:
    """The spans of a video, of how many frames they are, how many of those were looked at now, and in vain.

    Parameters
    ----------
    faults : where the video breaks off
    """

    spans: "tuple[Span, ...]"
    frames: int
    looked: int
    failed: int
    faults: tuple[str, ...] = ()


def frames(
    session: "Session",
    source: str | Path,
    to: Path,
    choice: "Choice",
    *,
    lasts: float | None = None,
    advance: Callable[[float], None] = lambda seconds: None,
) -> "Iterator[Taken]":
    """The frames of a video, of all below a folder or an address in S3, or of a stream, written to the folder `to`.

    Run again after it was killed, it goes on with the video at which it was.

    Parameters
    ----------
    lasts : seconds of a live stream (rtsp://) after which it is enough
    advance : called with the seconds of video that were read since the last call

    Raises
    ------
    SettingsError : a stream would never be enough
    LayoutError : there is no video, or `to` holds frames that were chosen otherwise
    """
    from customlabels.datasets.videos.decoding import import_opencv
    from customlabels.datasets.videos.extracting import Taken, extract
    from customlabels.datasets.videos.streams import extract_stream, is_stream
    from customlabels.pipelines.service.video_sources import videos_of

    import_opencv()
    text, finish = str(source), _blur_faces(session) if choice.blur_faces else None
    if is_stream(text):
        if lasts is None and choice.most is None:
            raise SettingsError("a live stream has no end", hint="say --lasts 10m, or --most 300")
        if choice.where is not None:
            raise SettingsError("--where goes with videos in S3, where Rekognition looks at them")
        if choice.key_frames:
            raise SettingsError("--key-frames goes with stored videos; a stream's frames are all decoded")
        yield extract_stream(text, to, choice, lasts=lasts, advance=advance, finish=finish)
        return
    if lasts is not None:
        raise SettingsError("--lasts goes with a live stream, rtsp://…")
    videos = videos_of(text, session.clients.s3 if text.startswith("s3://") else None)
    if videos.others:
        session.console.note(f"{source}: {counted(videos.others, 'file')} left out, no video")
    yield from (Taken(fault.partition(": ")[0], fault=fault) for fault in videos.faults)
    if choice.where is None:
        yield from extract(videos.videos, to, choice, advance, finish)
        return
    if not text.startswith("s3://"):
        raise SettingsError("--where goes with videos in S3, where Rekognition looks at them")
    yield from extract(videos.videos, to, choice, advance, finish, _where(session, choice.where))


def _where(session: "Session", label: str) -> "Callable[[Video], Within]":
    """Has Rekognition look through a video for a label; tells which times are in its spans."""
    from customlabels.core.addresses import parse_address
    from customlabels.core.watching import ticking
    from customlabels.datasets.videos.containers import fingerprint
    from customlabels.pipelines.service.label_detection import seen_in

    if not session.emulated:
        session.console.note("each video is shown to StartLabelDetection, at $0.10 a minute (list price, US regions)")

    def within(video: "Video") -> "Within":
        address, mark = parse_address(video.address or ""), fingerprint(video)
        with session.console.step(f"having Rekognition look for {label} in {video.name}") as advance:
            found = seen_in(session.clients.rekognition, address, mark, label, tick=ticking(advance))
        session.console.note(f"{video.name}: {label} in {counted(len(found), 'span')}")
        return lambda seconds: any(span.begin - BESIDE <= seconds <= span.end + BESIDE for span in found)

    return within


def _blur_faces(session: "Session") -> "Finish":
    """Makes faces coarse that DetectFaces finds in a frame."""
    from customlabels.aws.clients import explained
    from customlabels.datasets.videos.blurring import blurred
    from customlabels.inspection.analyzers import ANALYZERS, ask
    from customlabels.pipelines.service.detection import shown

    if not session.emulated:
        session.console.note("each frame is shown to DetectFaces, at $1.00 per 1,000 (list price, US regions)")

    def finish(name: str, body: bytes) -> bytes:
        with explained(f"showing {name} to DetectFaces"):
            findings = ask(session.clients.rekognition, ANALYZERS["faces"], shown(body))
        if findings.refusal is not None:
            # A face that nobody looked for is not to come before people.
            raise ServiceError(f"{name}: faces cannot be looked for: {findings.refusal}")
        return blurred(body, [seen.box for seen in findings.seen if seen.box is not None])

    return finish


def span_thresholds(
    session: "Session", chosen: "Description", *, min_confidence: float | None = None, hold: float | None = None
) -> "tuple[Thresholds, float | None]":
    """With which confidences spans of a version's labels begin and go on, and what the version is asked for.

    Parameters
    ----------
    min_confidence : with which spans begin, 0..100; each label's assumed threshold where it is None
    hold : with which they go on, 0..100; four fifths of that where it is None

    Returns
    -------
    thresholds, and the least confidence to ask for; None asks for what lies over the assumed thresholds
    """
    from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation
    from customlabels.pipelines.service.video_detection import HOLDS, Thresholds

    assumed: dict[str, float] = {}
    if min_confidence is None:
        try:
            labels = load_evaluation(session.clients.s3, chosen).labels
        except ServiceError as error:
            session.console.note(f"{error.message}: spans go by the labels that the version answers with alone")
            return Thresholds(lambda label: 0.0, lambda label: 0.0), None
        assumed = {metrics.label: 100 * metrics.threshold for metrics in labels}

    def begins(label: str) -> float:
        return assumed.get(label, 50.0) if min_confidence is None else min_confidence

    def holds(label: str) -> float:
        return HOLDS * begins(label) if hold is None else min(hold, begins(label))

    return Thresholds(begins, holds), min([holds(label) for label in assumed] or [holds("")])


def look_at_video(
    session: "Session",
    source: str | Path,
    wanted: "VideoWanted",
    *,
    version: str | None = None,
    project: str | None = None,
    min_confidence: float | None = None,
    rate: float | None = None,
    to: Path | None = None,
    safe_csv: bool = False,
    draw: Path | None = None,
    start: bool = False,
    before_start: "BeforeStart | None" = None,
    guard: bool = True,
) -> LookedAtVideo:
    """From when to when a running version sees its labels in a video, a file or an object in S3.

    Parameters
    ----------
    min_confidence : with which spans begin, 0..100; each label's assumed threshold where it is None
    to : holds what is seen in each frame; frames that it holds already are not looked at again

    Raises
    ------
    LayoutError : it is no video, or `to` holds something else
    ServiceError : the version cannot be asked
    """
    from customlabels.datasets.videos.containers import fingerprint
    from customlabels.datasets.videos.decoding import Course, import_opencv
    from customlabels.datasets.videos.extracting import Choice
    from customlabels.pipelines.service.contact_sheet import shown_spans, write_sheet
    from customlabels.pipelines.service.detection import detect
    from customlabels.pipelines.service.detection_drawing import draw_in
    from customlabels.pipelines.service.detection_files import Run, detection_file, kept_detections, read_kept
    from customlabels.pipelines.service.versions import units_of, version_name
    from customlabels.pipelines.service.video_detection import (
        BRIDGES,
        frames_of,
        see_spans_file,
        spans_of,
        tiles_of,
        write_spans,
    )
    from customlabels.pipelines.service.video_sources import videos_of

    if wanted.spans is not None:
        see_spans_file(wanted.spans)
    import_opencv()
    clients, text = session.clients, str(source)
    (film,) = videos_of(text, clients.s3).videos
    mark, choice = fingerprint(film), Choice(wanted.every, key_frames=wanted.key_frames)
    chosen = session.answering(project, version)
    thresholds, asked = session.span_thresholds(chosen, min_confidence=min_confidence, hold=wanted.hold)
    run = Run(text, version_name(chosen), asked)
    kept = read_kept(to, run, safe=safe_csv) if to else None
    detections: list[Detection] = kept_detections(to, kept, run, safe=safe_csv) if to and kept else []
    done = {detection.name for detection in detections}
    if done:
        session.console.note(f"{counted(len(done), 'frame')} in {to} already, and not looked at again")
    faults: list[str] = []
    bodies: dict[str, bytes] = {}
    looked = failed = 0

    def fresh() -> Iterator[tuple[str, bytes]]:
        for name, body in frames_of(film, mark, choice, Course(), wanted=lambda name: name not in done, faults=faults):
            if draw is not None:
                bodies[name] = body
            yield name, body

    units = units_of(chosen)
    pace = units * (rate or session.settings.detect.rate)
    with ExitStack() as stack:
        stack.enter_context(session.running(chosen, units=units, start=start, before_start=before_start, guard=guard))
        file = stack.enter_context(detection_file(to, kept, run, safe=safe_csv)) if to and kept else None
        advance = stack.enter_context(session.console.step(f"looking at frames of {source}"))
        arn = chosen["ProjectVersionArn"]
        for detection in detect(clients.rekognition, arn, fresh(), rate=pace, min_confidence=asked, advance=advance):
            looked, failed = looked + 1, failed + bool(detection.error)
            if detection.error:
                session.console.warn(f"{detection.name}: {detection.error}")
            elif draw is not None:
                draw_in(draw, detection, bodies[detection.name], clients.s3)
            bodies.pop(detection.name, None)
            if file is not None:
                file.write(detection)
            detections.append(detection)
    for fault in faults:
        session.console.warn(fault)
    gap = BRIDGES * wanted.every if wanted.gap is None else wanted.gap
    found = spans_of(detections, thresholds, gap)
    if wanted.spans is not None:
        write_spans(found, wanted.spans)
    if wanted.sheet is not None:
        write_sheet(tiles_of(film, mark, choice, shown_spans(found), detections), wanted.sheet)
    return LookedAtVideo(tuple(found), len(detections), looked, failed, tuple(faults))

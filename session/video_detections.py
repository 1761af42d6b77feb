"""Videos shown to a version from Python: from when to when it sees its labels in them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import LayoutError, ServiceError
from customlabels.core.plurals import counted

if TYPE_CHECKING:
    from customlabels.pipelines.service.detection import Detection
    from customlabels.pipelines.service.detection_files import DetectionFile
    from customlabels.pipelines.service.running import BeforeStart
    from customlabels.pipelines.service.spans import Span
    from customlabels.pipelines.service.versions import Description
    from customlabels.pipelines.service.video_detection import Film, Thresholds, VideoWanted
    from customlabels.session.session import Session


@dataclass(frozen=True, slots=True)
class LookedAtVideo:
    """The spans of a video, of how many frames they are, how many of those were looked at now, and in vain.

    Parameters
    ----------
    faults : where the video breaks off, or why it cannot be read
    notes : what else a person should know of its times
    """

    video: str
    spans: "tuple[Span, ...]" = ()
    frames: int = 0
    looked: int = 0
    failed: int = 0
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def holds_videos(session: "Session", source: str | Path) -> bool:
    """Whether a source means videos: is one, or holds some and no image."""
    from customlabels.pipelines.service.video_sources import names_video

    return names_video(str(source), lambda: session.clients.s3)


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


def look_at_videos(
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
) -> list[LookedAtVideo]:
    """From when to when a running version sees its labels in a video, or in all below a folder or an address in S3.

    Parameters
    ----------
    min_confidence : with which spans begin, 0..100; each label's assumed threshold where it is None
    to : holds what is seen in each frame; frames that it holds already are not looked at again
    safe_csv : an apostrophe keeps spreadsheets from running cells of a CSV that begin as formulas do
    draw : a folder for the frames with what was seen; or, of one video, an MP4 or WebM file for all of it

    Raises
    ------
    LayoutError : there is no video, or `to` holds something else
    SettingsError : a file cannot hold what is to be written there
    ServiceError : the version cannot be asked
    """
    from functools import partial

    from customlabels.datasets.files import see_apart
    from customlabels.datasets.videos.decoding import import_opencv
    from customlabels.datasets.videos.encoding import FOURCCS
    from customlabels.datasets.videos.extracting import Choice
    from customlabels.pipelines.service.detection import detect
    from customlabels.pipelines.service.detection_files import Run, detection_file, read_detections, read_kept
    from customlabels.pipelines.service.versions import units_of, version_name
    from customlabels.pipelines.service.video_detection import (
        BRIDGES,
        films_of,
        see_files,
        spans_of,
    )
    from customlabels.pipelines.service.video_sources import videos_of

    import_opencv()
    clients, text = session.clients, str(source)
    videos = videos_of(text, clients.s3 if text.startswith("s3://") else None)
    if videos.others:
        session.console.note(f"{source}: {counted(videos.others, 'file')} left out, no video")
    choice = Choice(wanted.every, key_frames=wanted.key_frames)
    films = films_of(videos.videos, choice, session.console.note)
    see_files(wanted, draw, len(films))
    if draw is not None:
        see_apart(draw, Path(source), "--draw")
    chosen = session.answering(project, version)
    thresholds, asked = session.span_thresholds(chosen, min_confidence=min_confidence, hold=wanted.hold)
    run = Run(text, version_name(chosen), asked)
    kept = read_kept(to, run, safe=safe_csv) if to else None
    if kept is not None and kept.done:
        session.console.note(f"{counted(len(kept.done), 'frame')} in {to} already, and not looked at again")
    units, whole = units_of(chosen), draw is not None and draw.suffix.lower() in FOURCCS
    with ExitStack() as stack:
        stack.enter_context(session.running(chosen, units=units, start=start, before_start=before_start, guard=guard))
        file = stack.enter_context(detection_file(to, kept, run, safe=safe_csv)) if to and kept else None
        ask = partial(
            detect,
            clients.rekognition,
            chosen["ProjectVersionArn"],
            rate=units * (rate or session.settings.detect.rate),
            min_confidence=asked,
        )
        known = _by_video(read_detections(to, run, safe=safe_csv)) if to and kept else {}
        frames = None if whole else draw
        seen = [
            _look_at(session, film, known.get(film.mark, []), ask, file, frames, alone=len(films) == 1)
            for film in films
        ]
    gap = BRIDGES * wanted.every if wanted.gap is None else wanted.gap
    looked = [replace(about, spans=tuple(spans_of(detections, thresholds, gap))) for about, detections in seen] + [
        LookedAtVideo(fault.partition(": ")[0], faults=(fault,)) for fault in videos.faults
    ]
    for about in looked:
        for note in about.notes:
            session.console.note(note)
        for fault in about.faults:
            session.console.warn(fault)
    drawn = draw if whole else None
    _write(session, wanted, drawn, films, looked, [detections for _, detections in seen], safe_csv=safe_csv)
    return looked


def _write(
    session: "Session",
    wanted: "VideoWanted",
    whole: Path | None,
    films: "Sequence[Film]",
    looked: Sequence[LookedAtVideo],
    seen: "Sequence[list[Detection]]",
    *,
    safe_csv: bool,
) -> None:
    """Writes spans, a sheet and a video, where they are wanted.

    Parameters
    ----------
    whole : where the one film that there is goes, drawn on
    looked, seen : of the films, in their order
    """
    from customlabels.pipelines.service.annotated_video import write_annotated
    from customlabels.pipelines.service.contact_sheet import shown_spans, write_sheet
    from customlabels.pipelines.service.video_detection import tiles_of, write_spans

    if wanted.spans is not None:
        write_spans(((about.video, span) for about in looked for span in about.spans), wanted.spans, safe_csv=safe_csv)
    if wanted.sheet is not None:
        shown = shown_spans([span for about in looked for span in about.spans])
        tiles = [
            tile
            for film, about, detections in zip(films, looked, seen, strict=False)
            for tile in tiles_of(
                film,
                [span for span in about.spans if span in shown],
                detections,
                film.video.name if len(films) > 1 else "",
            )
        ]
        write_sheet(tiles, wanted.sheet)
    if whole is not None:
        (film,) = films
        with session.console.step(f"drawing on {film.video.name}") as advance:
            write_annotated(film.video, seen[0], looked[0].spans, wanted.every, whole, lambda seconds: advance(0))


def _by_video(detections: "Iterable[Detection]") -> "dict[str, list[Detection]]":
    """Detections by what stands for their videos."""
    from customlabels.datasets.videos.frame_names import frame_of

    known: dict[str, list[Detection]] = {}
    for detection in detections:
        frame = frame_of(detection.name)
        if frame is not None:
            known.setdefault(frame.video, []).append(detection)
    return known


def _look_at(
    session: "Session",
    film: "Film",
    known: "list[Detection]",
    ask: "Callable[..., Iterator[Detection]]",
    file: "DetectionFile | None",
    draw: Path | None,
    *,
    alone: bool,
) -> "tuple[LookedAtVideo, list[Detection]]":
    """Shows the frames that are not known to the version; what is seen in all of them.

    Parameters
    ----------
    alone : whether there is no other video that could be looked at

    Raises
    ------
    LayoutError : nothing of it can be read, and it is alone
    """
    from customlabels.datasets.videos.course import Course, notes
    from customlabels.pipelines.service.video_detection import frames_of
    from customlabels.pipelines.service.written_detections import written

    course, name, done = Course(), film.video.name, {detection.name for detection in known}
    detections, looked, failed = [*known], 0, 0
    faults: list[str] = []
    bodies: dict[str, bytes] = {}

    def fresh() -> "Iterator[tuple[str, bytes]]":
        for frame, body in frames_of(film, course, wanted=lambda frame: frame not in done, faults=faults):
            if draw is not None:
                bodies[frame] = body
            yield frame, body

    try:
        with session.console.step(f"looking at frames of {name}") as advance:
            fresh_detections = ask(fresh(), advance=advance)
            for detection in written(
                fresh_detections,
                file=file,
                draw=draw,
                image_of=bodies.__getitem__,
                s3=session.clients.s3,
                warn=session.console.warn,
            ):
                bodies.pop(detection.name, None)
                looked, failed = looked + 1, failed + bool(detection.error)
                detections.append(detection)
    except LayoutError as error:
        if alone:
            raise
        faults.append(error.message)
    told = notes(course, film.choice.every, key_frames=film.choice.key_frames)
    about = tuple(f"{name}: {note}" for note in told)
    return LookedAtVideo(name, (), len(detections), looked, failed, tuple(faults), about), detections

"""Frames of videos from Python: taken where they are wanted, and such that people may see them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.plurals import counted

if TYPE_CHECKING:
    from customlabels.datasets.videos.containers import Video
    from customlabels.datasets.videos.extracting import Choice, Finish, Taken, Within
    from customlabels.session.session import Session


BESIDE = 0.5
"""Seconds before and after a span that belong to it: Rekognition looks about twice a second."""


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

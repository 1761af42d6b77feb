"""Frames of videos from Python: taken where they are wanted, and such that people may see them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.plurals import counted

if TYPE_CHECKING:
    from customlabels.core.addresses import S3Address
    from customlabels.datasets.model import Finding
    from customlabels.datasets.videos.containers import Video
    from customlabels.datasets.videos.extracting import Choice, Finish, Taken, Within
    from customlabels.pipelines.service.prelabels import Prelabelled
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
    since: datetime | None = None,
    advance: Callable[[float], None] = lambda seconds: None,
) -> "Iterator[Taken]":
    """The frames of a video, of all below a folder or an address in S3, or of a stream, written to the folder `to`.

    Run again after it was killed, it goes on with the video at which it was.

    Parameters
    ----------
    lasts : seconds of a live stream (rtsp://) after which it is enough; of what a stream of Kinesis Video has kept
    since : from when on that is taken; so long before now where it is None
    advance : called with the seconds of video that were read since the last call

    Raises
    ------
    SettingsError : a stream would never be enough
    LayoutError : there is no video, or `to` holds frames that were chosen otherwise
    """
    from customlabels.aws.kinesis_video import is_kinesis
    from customlabels.datasets.videos.decoding import import_opencv
    from customlabels.datasets.videos.extracting import Taken, extract
    from customlabels.datasets.videos.streams import extract_stream, is_stream
    from customlabels.pipelines.service.label_detection import see_that_rekognition_can
    from customlabels.pipelines.service.video_sources import videos_of

    import_opencv()
    text, finish = str(source), _blur_faces(session) if choice.blur_faces else None
    if is_kinesis(text):
        yield _archived(session, text, to, choice, lasts, since, advance, finish)
        return
    if since is not None:
        raise SettingsError("--from goes with a stream of Kinesis Video, kvs:STREAM")
    if is_stream(text):
        _check_stream("a live stream", text, choice, lasts, "a stream's frames are all decoded")
        yield extract_stream(text, to, choice, lasts=lasts, advance=advance, finish=finish)
        return
    if lasts is not None:
        raise SettingsError("--lasts goes with a live stream, rtsp://… or kvs:STREAM")
    videos = videos_of(text, session.clients.s3 if text.startswith("s3://") else None)
    if videos.others:
        session.console.note(f"{source}: {counted(videos.others, 'file')} left out, no video")
    yield from (Taken(fault.partition(": ")[0], fault=fault) for fault in videos.faults)
    if choice.where is None:
        yield from extract(videos.videos, to, choice, advance, finish)
        return
    see_that_rekognition_can(text, "--where")
    yield from extract(videos.videos, to, choice, advance, finish, _where(session, choice.where))


def _check_stream(kind: str, source: str, choice: "Choice", lasts: float | None, decoded: str) -> None:
    """Sees that frames of a stream end some time, and are chosen by nothing that goes with stored videos alone."""
    from customlabels.pipelines.service.label_detection import see_that_rekognition_can

    if lasts is None and choice.most is None:
        raise SettingsError(f"{kind} has no end", hint="say --lasts 10m, or --most 300")
    if choice.where is not None:
        see_that_rekognition_can(source, "--where")
    if choice.key_frames:
        raise SettingsError(f"--key-frames goes with stored videos; {decoded}")


def _archived(
    session: "Session",
    source: str,
    to: Path,
    choice: "Choice",
    lasts: float | None,
    since: datetime | None,
    advance: Callable[[float], None],
    finish: "Finish | None",
) -> "Taken":
    """The frames of what a stream of Kinesis Video has kept."""
    from customlabels.aws.kinesis_video import shots, stream_arn, stream_name
    from customlabels.datasets.videos.archived import extract_archived

    name = stream_name(source)
    _check_stream("a stream", source, choice, lasts, "Kinesis Video makes the images of a stream itself")
    length = timedelta(seconds=(choice.most or 1) * choice.every if lasts is None else lasts)
    now = session.now()
    begin = now - length if since is None else since
    if begin >= now:
        raise SettingsError(f"--from {begin.isoformat()}: has not come yet", hint="a stream keeps what has been")
    clients = session.clients
    kept = shots(clients.kinesis_video, clients.archived_media, name, begin, min(now, begin + length), choice.every)
    arn = stream_arn(clients.kinesis_video, name)
    return extract_archived(kept, to, choice, name=name, arn=arn, begin=begin, advance=advance, finish=finish)


def _job(session: "Session", video: "Video") -> "tuple[S3Address, str]":
    """Where a video lies, and the job in which Rekognition has looked through it."""
    from functools import partial

    from customlabels.core.addresses import parse_address
    from customlabels.core.watching import ticking
    from customlabels.datasets.videos.containers import fingerprint
    from customlabels.pipelines.service.job_channel import channel_of, hear
    from customlabels.pipelines.service.label_detection import finish, start

    channel = channel_of(session.settings.video)
    address, rekognition = parse_address(video.address or ""), session.clients.rekognition
    job = start(rekognition, address, fingerprint(video), channel and channel.notification)
    listen = partial(hear, session.clients.sqs, channel, job) if channel else None
    with session.console.step(f"having Rekognition look through {video.name}") as advance:
        finish(rekognition, address, job, tick=ticking(advance), hear=listen)
    return address, job


def _where(session: "Session", label: str) -> "Callable[[Video], Within]":
    """Has Rekognition look through a video for a label; tells which times are in its spans."""
    from customlabels.pipelines.service.label_detection import seen_in, spans_with

    def within(video: "Video") -> "Within":
        address, job = _job(session, video)
        found = spans_with(seen_in(session.clients.rekognition, address, job), label)
        session.console.note(f"{video.name}: {label} in {counted(len(found), 'span')}")
        return lambda seconds: any(span.begin - BESIDE <= seconds <= span.end + BESIDE for span in found)

    return within


def prelabel_frames(
    session: "Session", source: str, taken: "Sequence[Taken]", frames: Path, to: Path, kind: str
) -> "tuple[Path, list[Prelabelled], list[Finding]]":
    """What Rekognition sees in frames that were taken of videos in S3, boxes and all, in a folder of its own.

    The job is that of --where: whoever gives both pays for one.

    Parameters
    ----------
    frames : the folder that they were taken to
    to : a folder, new or of an earlier run, which is gone on with
    kind : coco, manifest or label-studio

    Raises
    ------
    LayoutError : there is no frame, or `to` holds something else
    """
    from customlabels.datasets.videos.frame_names import frame_of
    from customlabels.pipelines.service.detection import Detection
    from customlabels.pipelines.service.detection_files import detection_file
    from customlabels.pipelines.service.general_labels import REKOGNITION
    from customlabels.pipelines.service.label_detection import seen_in, seen_near
    from customlabels.pipelines.service.prelabelling import SEEN, plan_of, write_prelabels
    from customlabels.pipelines.service.video_sources import videos_of

    plan = plan_of(
        [(name, frames / name) for video in taken for name in video.frames],
        source=source,
        folder=to,
        kind=kind,
        version=None,
        name=REKOGNITION,
        least=None,
        units=1,
        rate=1.0,
    )
    waiting = {name for name, _ in plan.waiting}
    videos = {video.name: video for video in videos_of(source, session.clients.s3).videos} if waiting else {}
    with detection_file(to / SEEN, plan.kept, plan.run) as file:
        for video in taken:
            named = [(name, frame.seconds) for name in video.frames if name in waiting and (frame := frame_of(name))]
            if named:
                moments = seen_in(session.clients.rekognition, *_job(session, videos[video.video]))
                near = seen_near(moments, [seconds for _, seconds in named])
                for (name, _), labels in zip(named, near, strict=True):
                    file.write(Detection(name, labels))
    return write_prelabels(plan, session.clients.s3, session.console.warn)


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

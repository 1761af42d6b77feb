"""customlabels dataset frames."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from customlabels.cli.dataset.prelabel import KINDS
from customlabels.cli.detect_video import positive_seconds
from customlabels.cli.group import Command, pass_session
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.datasets.videos.extracting import Taken


@click.command(cls=Command)
@click.argument("source", metavar="VIDEO|FOLDER|S3-ADDRESS|RTSP-ADDRESS|kvs:STREAM")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    default="frames",
    show_default=True,
    help="A folder for the frames, below the same folders as their videos.",
)
@click.option("--every", default="2s", show_default=True, help="Time from one frame to the next, as 0.5s or 1m.")
@click.option("--most", type=click.IntRange(1), help="Frames of a video, at most; spread evenly over it.")
@click.option("--lasts", metavar="TIME", help="Of a live stream: how long it is looked at, as 10m.")
@click.option(
    "--from", "since", metavar="MOMENT", help="Of kvs:STREAM: from when on, as 2026-11-26T08:00Z.  [default: the last]"
)
@click.option("--skip-similar", is_flag=True, help="Leave out frames that show the same as the last one taken.")
@click.option("--scene", is_flag=True, help="Take only the first frame of each scene.")
@click.option("--key-frames", is_flag=True, help="Look at key frames alone, by PyAV: a sixth of the time.")
@click.option(
    "--where", metavar="LABEL", help="Of videos in S3: only where Rekognition sees that, as Person: $0.10 a minute."
)
@click.option(
    "--prelabel",
    "ahead",
    type=click.Path(path_type=Path, file_okay=False),
    help="Of videos in S3: a folder for what Rekognition sees in the frames, boxes and all: $0.10 a minute.",
)
@click.option("--as", "kind", type=click.Choice(KINDS), help="Format of that.  [default: coco]")
@click.option("--blur-faces", is_flag=True, help="Make faces coarse that Rekognition finds: $1 per 1,000 frames.")
@pass_session
def frames(
    session: Session,
    source: str,
    to: Path,
    every: str,
    most: int | None,
    lasts: str | None,
    since: str | None,
    skip_similar: bool,
    scene: bool,
    key_frames: bool,
    where: str | None,
    ahead: Path | None,
    kind: str | None,
    blur_faces: bool,
) -> int:
    """Take frames of videos, as JPEG images that are named by video and time.

    Frames of a video stay on one side of every split, without being asked; so do those that lie in different folders,
    once they are labelled. Killed, the command is run again, and goes on with the video at which it was.

    A live stream, rtsp://, is looked at for --lasts, or until there are --most frames. Of a stream of Kinesis Video,
    kvs:STREAM, what it has kept is taken, from --from on.

    Exits 4 where a video is broken, cut off, or none; the frames before that are kept, and the other videos are done.

    Example: customlabels dataset frames videos --to photos --every 2s --skip-similar --most 300
    """
    from customlabels.datasets.videos.extracting import Choice
    from customlabels.datasets.videos.streams import is_stream, without_secrets
    from customlabels.pipelines.service.label_detection import see_that_rekognition_can

    seconds = positive_seconds("--every", every)
    choice = Choice(seconds, most, skip_similar, scene, key_frames, blur_faces, where)
    enough = positive_seconds("--lasts", lasts) if lasts else None
    begin = _moment(since) if since else None
    if kind is not None and ahead is None:
        raise SettingsError("--as goes with --prelabel FOLDER")
    if ahead is not None:
        see_that_rekognition_can(source, "--prelabel")
    if not session.emulated and (where is not None or ahead is not None):
        session.console.note(
            "each video is shown to StartLabelDetection once, at $0.10 a minute (list price, US regions)"
        )
    rows: list[Taken] = []
    # The address of a stream may hold a password.
    with session.console.step(f"taking frames of {without_secrets(source) if is_stream(source) else source}") as shown:
        for taken in session.frames(source, to, choice, lasts=enough, since=begin, advance=lambda seconds: shown(0)):
            rows.append(taken)
            for note in taken.notes:
                session.console.note(note)
            if taken.fault:
                session.console.warn(taken.fault)
    prelabels = None
    if ahead is not None and any(taken.frames for taken in rows):
        prelabels, images, _ = session.prelabel_frames(source, rows, to, ahead, kind or KINDS[0])
        labels = sum(len(image.labels) for image in images)
        session.console.note(f"{counted(labels, 'label')} seen in {counted(len(images), 'frame')}: {prelabels}")
    document = {
        **({} if prelabels is None else {"prelabels": str(prelabels)}),
        "folder": str(to),
        "frames": sum(len(taken.frames) for taken in rows),
        "videos": [
            {
                "video": taken.video,
                "seconds": round(taken.seconds, 3),
                "frames": list(taken.frames),
                "fault": taken.fault or None,
                "notes": list(taken.notes),
                "before": taken.before,
            }
            for taken in rows
        ],
    }
    session.console.result(document, lambda _: _show(session, to, rows))
    return 4 if any(taken.fault for taken in rows) else 0


def _moment(text: str) -> datetime:
    """The moment that --from says; where no zone is named, by this machine's own.

    Raises
    ------
    SettingsError : it says none
    """
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"--from {text!r}: is no moment, as 2026-11-26T08:00Z") from error


def _state(taken: "Taken") -> str:
    if taken.fault:
        return "broken"
    if taken.before:
        return "done before"
    return "done" if taken.frames else "left out"


def _show(session: Session, to: Path, rows: "list[Taken]") -> None:
    from customlabels.datasets.videos.frame_names import clock

    session.console.table(
        ("video", "length", "frames", "state", "to"),
        [
            (
                taken.video,
                clock(taken.seconds) if taken.seconds else None,
                len(taken.frames),
                _state(taken),
                str(to / Path(taken.frames[0]).parent) if taken.frames else None,
            )
            for taken in rows
        ],
        give_way=("to",),
    )
    total = sum(len(taken.frames) for taken in rows)
    session.console.text(f"{counted(total, 'frame')} of {counted(len(rows), 'video')} in {to}")

"""customlabels detect VIDEO: the options that only videos take, and what is done with them."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from customlabels.cli.group import Figure
from customlabels.core.errors import SettingsError
from customlabels.core.plurals import counted
from customlabels.core.spans import parse_span
from customlabels.session import Session

if TYPE_CHECKING:
    from customlabels.pipelines.service.video_detection import VideoWanted
    from customlabels.session.video_detections import LookedAtVideo

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

    def see_that_it_goes(self, others: Mapping[str, Any]) -> None:
        """Sees that nothing is given that goes with images alone.

        Raises
        ------
        SettingsError
        """
        given = [flag for flag, value in others.items() if value]
        if given:
            raise SettingsError(
                f"{given[0]} goes with images, not with a video", hint="customlabels dataset frames makes images of it"
            )

    def wanted(self) -> "VideoWanted":
        """What is wanted of the video.

        Raises
        ------
        SettingsError : a time is none, or a file's ending says nothing
        """
        from customlabels.pipelines.service.video_detection import VideoWanted

        every = positive_seconds("--every", self.every or _EVERY)
        gap = positive_seconds("--gap", self.gap) if self.gap else None
        return VideoWanted(every, gap, self.hold, self.spans, self.sheet, self.key_frames)


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


def show_spans(session: Session, source: str, videos: "Sequence[LookedAtVideo]") -> int:
    """Prints the spans of videos; the command's code."""
    documents = [_document(looked) for looked in videos]
    document = {**documents[0], "video": source} if len(documents) == 1 else {"source": source, "videos": documents}
    session.console.result(document, lambda _: _show(session, source, videos))
    return 4 if any(looked.faults for looked in videos) else 1 if any(looked.failed for looked in videos) else 0


def _document(looked: "LookedAtVideo") -> dict[str, Any]:
    return {
        "video": looked.video,
        "frames": looked.frames,
        "looked": looked.looked,
        "failed": looked.failed,
        "faults": list(looked.faults),
        "spans": [asdict(span) for span in looked.spans],
    }


def _show(session: Session, source: str, videos: "Sequence[LookedAtVideo]") -> None:
    from customlabels.datasets.videos.frame_names import clock

    rows = [
        (video.video, span.label, clock(span.begin), clock(span.end), span.frames, f"{span.peak:.1f}", clock(span.at))
        for video in videos
        for span in video.spans
    ]
    names = ("video", "label", "from", "to", "frames", "surest", "at")
    first = 0 if len(videos) > 1 else 1
    if rows:
        session.console.table(names[first:], [row[first:] for row in rows])
    of = f" of {counted(len(videos), 'video')}" if len(videos) > 1 else ""
    frames = sum(video.frames for video in videos)
    session.console.text(f"{source}: {counted(len(rows), 'span')} in {counted(frames, 'frame')}{of}")


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

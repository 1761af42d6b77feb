"""Videos from Python: frames taken of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.plurals import counted

if TYPE_CHECKING:
    from customlabels.datasets.videos.extracting import Choice, Taken
    from customlabels.session.session import Session


def frames(
    session: "Session",
    source: str | Path,
    to: Path,
    choice: "Choice",
    *,
    advance: Callable[[float], None] = lambda seconds: None,
) -> "Iterator[Taken]":
    """The frames of a video, of all below a folder or below an address in S3, written to the folder `to`.

    Run again after it was killed, it goes on with the video at which it was.

    Parameters
    ----------
    advance : called with the seconds of video that were read since the last call

    Raises
    ------
    LayoutError : there is no video, or `to` holds frames that were chosen otherwise
    """
    from customlabels.datasets.videos.decoding import import_opencv
    from customlabels.datasets.videos.extracting import Taken, extract
    from customlabels.pipelines.service.video_sources import videos_of

    import_opencv()
    text = str(source)
    videos = videos_of(text, session.clients.s3 if text.startswith("s3://") else None)
    if videos.others:
        session.console.note(f"{source}: {counted(videos.others, 'file')} left out, no video")
    yield from (Taken(fault.partition(": ")[0], fault=fault) for fault in videos.faults)
    yield from extract(videos.videos, to, choice, advance)

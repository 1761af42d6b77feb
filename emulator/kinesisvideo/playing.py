"""A stream plays a video that lies in S3, from its creation on: what it shows at a moment, as an image."""

import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.addresses import S3Address, parse_address
from customlabels.core.errors import LayoutError
from customlabels.datasets.videos.containers import video_file
from customlabels.datasets.videos.course import Course
from customlabels.datasets.videos.decoding import CutOff, pictures
from customlabels.emulator.s3 import objects
from customlabels.emulator.server.refusals import Refusal

if TYPE_CHECKING:
    from customlabels.datasets.videos.decoding import Pixels

FEED = "customlabels-feed"
"""A tag of a stream: s3://bucket/key of the video that it plays once, in real time, from its creation on."""

_ALL = 0.001
"""Seconds between pictures: every one is taken."""


def video_of(tags: dict[str, str]) -> S3Address:
    """Where the video lies that a stream plays.

    Raises
    ------
    Refusal : nothing says so, or not rightly
    """
    if FEED not in tags:
        raise Refusal(
            "UnknownOperationException",
            f"Nothing is sent to streams of the local service; one plays the video that its tag {FEED} names, as in "
            "s3://films/line.mp4, from its creation on.",
        )
    try:
        return parse_address(tags[FEED])
    except ValueError as error:
        raise Refusal("InvalidArgumentException", f"The tag {FEED} says {tags[FEED]!r}: {error}") from error


def shown_at(address: S3Address, seconds: Sequence[float], *, png: bool, size: tuple[int, int] | None) -> list[bytes]:
    """An image for each time since the video's beginning, in order; empty where it has not begun or is over.

    Parameters
    ----------
    size : most pixels across and down

    Raises
    ------
    Refusal : there is no such video
    """
    body = objects.read(address)
    if body is None:
        raise Refusal("InvalidArgumentException", f"The tag {FEED} names {address}, where nothing is.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        path.write_bytes(body)
        try:
            return [b"" if pixels is None else _image(pixels, png, size) for pixels in _walk(path, seconds)]
        except LayoutError as error:
            raise Refusal("InvalidArgumentException", f"{address}: {error.message}") from error


def _walk(path: Path, seconds: Sequence[float]) -> "Iterator[Pixels | None]":
    """The picture that is shown at each of some times that rise; None before the first and after the last."""
    course = Course()
    waiting = iter(seconds)
    wanted = next(waiting, None)
    held: Pixels | None = None
    try:
        for picture in pictures(video_file(path), _ALL, course):
            while wanted is not None and wanted < picture.seconds:
                yield held
                wanted = next(waiting, None)
            held = picture.pixels
            if wanted is None:
                return
    except CutOff:
        held = held if course.decoded else None
    # The last picture is shown for as long as the others, more or less.
    ends = max(course.length, course.seconds + 0.04)
    while wanted is not None:
        yield held if wanted < ends else None
        wanted = next(waiting, None)


def _image(pixels: "Pixels", png: bool, size: tuple[int, int] | None) -> bytes:
    from PIL import Image

    image = Image.fromarray(pixels[:, :, ::-1])
    if size is not None:
        image.thumbnail(size)
    written = io.BytesIO()
    image.save(written, "PNG" if png else "JPEG", quality=80)
    return written.getvalue()

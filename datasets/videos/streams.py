"""Frames of a live stream, as a camera sends it by RTSP: each written as it comes, until there are enough."""

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from customlabels.core.errors import LayoutError
from customlabels.datasets.videos.choosing import Wanted, due
from customlabels.datasets.videos.course import Course, notes
from customlabels.datasets.videos.decoding import (
    CutOff,
    Picture,
    import_opencv,
    jpeg,
    see_that_it_is_taken,
    sketch,
    upright,
)
from customlabels.datasets.videos.extracting import Choice, Finish, Taken, write_frame
from customlabels.datasets.videos.frame_names import Frame, frame_name, second

SCHEMES = ("rtsp://", "rtsps://")

_OPENS, _WAITS = 10_000, 10_000
"""Milliseconds within which a stream has to answer, and the next picture has to come."""


def is_stream(source: str) -> bool:
    """Whether a source is the address of a live stream."""
    return source.lower().startswith(SCHEMES)


def without_secrets(address: str) -> str:
    """The address of a stream without user, password and query."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def extract_stream(
    address: str,
    folder: Path,
    choice: Choice,
    *,
    lasts: float | None,
    advance: Callable[[float], None] = lambda seconds: None,
    finish: Finish | None = None,
    now: Callable[[], float] = time.time,
) -> Taken:
    """Writes frames of a stream to `folder` as they come.

    What was written stays, whatever ends the run; each run is a video of its own, since no stream is seen twice.

    Parameters
    ----------
    lasts : seconds after which it is enough; None goes by `choice.most`, or by the stream's own end
    """
    name = without_secrets(address)
    mark = hashlib.sha256(f"{name} {now()}".encode()).hexdigest()[:12]
    title = f"{urlsplit(address).hostname}{urlsplit(address).path}".replace("/", "-")
    wanted, course, names, fault = Wanted(choice.skip_similar, choice.scenes), Course(), list[str](), ""
    try:
        for picture in _pictures(address, choice.every, lasts, course, advance):
            if wanted.looks and not wanted.wants(sketch(picture.pixels)):
                continue
            file_name = frame_name(Frame(title, mark, round(1000 * picture.seconds)))
            write_frame(folder, file_name, jpeg(picture.pixels), finish)
            names.append(file_name)
            if len(names) == choice.most:
                break
    except LayoutError as error:
        fault = error.message
    told = tuple(f"{name}: {note}" for note in notes(course, choice.every, key_frames=False))
    return Taken(name, tuple(names), course.seconds, fault, told)


def _pictures(
    address: str, every: float, lasts: float | None, course: Course, advance: Callable[[float], None]
) -> Iterator[Picture]:
    import_opencv()
    import cv2

    name = without_secrets(address)
    waits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPENS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _WAITS]
    capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, waits)
    try:
        if not capture.isOpened():
            raise LayoutError(f"{name}: no stream answers there, or none that is known here")
        turn, first = -1, None
        while capture.grab():
            at = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            first = at if first is None else first
            course.come(at - first)
            if lasts is not None and course.seconds > lasts:
                return
            number = due(course.seconds, every, turn)
            if number is None:
                continue
            turn = number
            advance(every)
            read, pixels = capture.retrieve()
            if read and pixels is not None:
                see_that_it_is_taken(name, pixels.shape[1], pixels.shape[0])
                yield Picture(course.seconds, upright(capture, pixels))
    finally:
        capture.release()
    if not course.decoded:
        raise LayoutError(f"{name}: sends no picture that can be read")
    if lasts is not None and course.seconds + every < lasts:
        raise CutOff(f"{name}: the stream ended after {second(course.seconds)} of {lasts:.1f}")

"""Key frames alone, by PyAV: the pictures that a video holds whole, in a sixth of the time that all of them take."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

from customlabels.core.errors import LayoutError
from customlabels.datasets.limits import MAX_SIDE
from customlabels.datasets.videos.choosing import due
from customlabels.datasets.videos.containers import Video, contents
from customlabels.datasets.videos.course import Course
from customlabels.datasets.videos.decoding import CutOff, NotInstalled, Picture, see_that_it_is_taken, unreadable
from customlabels.datasets.videos.frame_names import second


def key_pictures(
    video: Video, every: float, course: Course, advance: Callable[[float], None] = lambda seconds: None
) -> Iterator[Picture]:
    """As `decoding.pictures`, of key frames alone: a turn of `every` seconds takes the first in it, if there is one.

    Raises
    ------
    NotInstalled : PyAV is not
    LayoutError, CutOff : as there
    """
    try:
        import av
        import av.logging
    except ImportError as error:
        raise NotInstalled(
            "PyAV, which reads key frames alone, is not installed", hint="pip install 'customlabels[keyframes]'"
        ) from error
    av.logging.set_level(av.logging.PANIC)
    about = contents(video)
    try:
        file = None if video.path is not None else video.open()
        container = av.open(str(video.path)) if file is None else av.open(file)
    except (av.FFmpegError, ValueError) as error:
        raise unreadable(video, about) from error
    with container, file or nullcontext():
        if not container.streams.video:
            raise LayoutError(f"{video.name}: holds sound, and no pictures")
        stream = container.streams.video[0]
        see_that_it_is_taken(video.name, stream.codec_context.width, stream.codec_context.height)
        stream.codec_context.skip_frame = "NONKEY"
        course.length, course.streams = _length(container, stream), len(container.streams.video)
        broken: list[float] = []
        yield from _walk(container, stream, every, course, broken, advance)
    if not course.decoded:
        raise unreadable(video, about)
    if about.missing:
        after = second(course.seconds)
        raise CutOff(f"{video.name}: is cut off after {after}: {about.missing:,} of its bytes are missing")
    if broken:
        raise CutOff(f"{video.name}: is broken at {second(min(broken))}; whole key frames were read all the same")


def _walk(
    container: Any,
    stream: Any,
    every: float,
    course: Course,
    broken: list[float],
    advance: Callable[[float], None],
) -> Iterator[Picture]:
    import numpy as np

    turn, start = -1, (stream.start_time or 0) * stream.time_base
    for frame in _decoded(container, stream, broken):
        before = course.seconds
        seconds = course.come(before if frame.pts is None else float(frame.pts * stream.time_base - start))
        advance(seconds - before)
        number = due(seconds, every, turn)
        if number is None:
            continue
        turn = number
        size = _shown(frame, float(stream.codec_context.sample_aspect_ratio or 1))
        pixels = frame.to_ndarray(format="bgr24", width=size[0], height=size[1])
        yield Picture(seconds, np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90))))
    course.apart = max(course.apart, course.length - course.seconds)
    advance(max(0.0, course.length - course.seconds))


def _length(container: Any, stream: Any) -> float:
    """Seconds that the pictures last, as the container says; sound may go on after them."""
    import av

    if stream.duration:
        return float(stream.duration * stream.time_base)
    # Matroska tells when all ends, not how long that is after the first picture.
    late = (container.start_time or 0) if "matroska" in container.format.name else 0
    return float(max(0, (container.duration or 0) - late) / av.time_base)


def _decoded(container: Any, stream: Any, broken: list[float]) -> Iterator[Any]:
    """Key frames; the times of packets that cannot be decoded go to `broken`, and the others are decoded."""
    import av

    packets = container.demux(stream)
    while True:
        packet = None
        try:
            packet = next(packets, None)
            if packet is None:
                return
            yield from packet.decode()
        except av.FFmpegError:
            at = None if packet is None else packet.dts
            broken.append(float((at or 0) * stream.time_base))
            if packet is None:
                return


def _shown(frame: Any, aspect: float) -> tuple[int, int]:
    """Width and height with square pixels, no side over MAX_SIDE."""
    width = frame.width * (aspect if 0.2 < aspect < 5 else 1.0)
    scale = min(1.0, MAX_SIDE / max(width, frame.height))
    return max(1, round(width * scale)), max(1, round(frame.height * scale))

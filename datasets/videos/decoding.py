"""Pictures of a video at their times, by OpenCV; those between are decoded and never made into pictures."""

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from customlabels.core.errors import CustomLabelsError, LayoutError
from customlabels.datasets.limits import MAX_ASPECT, MAX_BYTES, MAX_SIDE, MIN_SIDE
from customlabels.datasets.videos.choosing import SKETCH_SIDE, due
from customlabels.datasets.videos.containers import Contents, Video, contents
from customlabels.datasets.videos.course import Course
from customlabels.datasets.videos.frame_names import second

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from customlabels.datasets.videos.choosing import Sketch

    Pixels = NDArray[np.uint8]
    """(height, width, 3), blue first, upright."""

MOST_PIXELS = 8192 * 8192
_QUALITIES = (95, 85, 70, 50)
_LACKING = 2
"""Frames fewer than a container counts that are no fault: the last ones lie before an edit's end, or are empty."""


class NotInstalled(CustomLabelsError):
    """What reads videos is an extra, and is not here."""


class CutOff(LayoutError):
    """A video ends before it should, or is broken from there on; what came before is right."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a video, `seconds` from its start."""

    seconds: float
    pixels: "Pixels"


def pictures(
    video: Video, every: float, course: Course, advance: Callable[[float], None] = lambda seconds: None
) -> Iterator[Picture]:
    """The picture of each turn of `every` seconds, in order; memory does not grow with the video.

    Parameters
    ----------
    course : is written as the video is read
    advance : called with the seconds of video that were read since the last call

    Raises
    ------
    NotInstalled : OpenCV is not
    LayoutError : no picture can be read from it, or the service would take none
    CutOff : after the pictures before the fault, with its second
    """
    import_opencv()
    reader = _Reader(video)
    capture = reader.capture()
    try:
        yield from _walk(video, capture, every, course, advance)
    except LayoutError as error:
        if reader.fault is None:
            raise
        raise LayoutError(
            f"{video.name}: cannot be read further than {second(course.seconds)}: {reader.fault}"
        ) from error
    finally:
        capture.release()
        reader.close()


def _walk(
    video: Video, capture: Any, every: float, course: Course, advance: Callable[[float], None]
) -> Iterator[Picture]:
    import cv2

    about = contents(video)
    if not capture.isOpened():
        raise unreadable(video, about)
    see_that_it_is_taken(video.name, *_size(capture))
    rate, count = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
    course.streams = about.videos or 1
    course.length, course.rate = count / rate if count > 0 and rate > 0 else 0.0, max(0.0, rate)
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    turn, before, is_timed = -1, 0.0, False
    while capture.grab():
        told = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        is_timed = is_timed or told > 0 or rate <= 0
        seconds = course.come(told if is_timed else course.decoded / rate)
        if course.decoded == 1 and about.kind == "mkv" and rate > 0:
            # Matroska tells when its last picture ends, not how long that is after the first.
            late = max(0.0, capture.get(cv2.CAP_PROP_PTS))
            count, course.length = count - late, max(0.0, course.length - late / rate)
        number = due(seconds, every, turn)
        if number is None:
            continue
        advance(seconds - before)
        turn, before = number, seconds
        read, pixels = capture.retrieve()
        if read and pixels is not None:
            yield Picture(seconds, upright(capture, pixels))
    advance(max(0.0, course.length - before))
    _see_that_all_came(video, course, about, int(count), rate)


def _see_that_all_came(video: Video, course: Course, about: Contents, count: int, rate: float) -> None:
    """Raises CutOff where the video ends before it should."""
    after = second(course.seconds) + (f" of {course.length:.1f}" if course.length > course.seconds else "")
    if not course.decoded:
        raise unreadable(video, about)
    if about.missing:
        raise CutOff(f"{video.name}: is cut off after {after}: {about.missing:,} of its bytes are missing")
    if count - course.decoded > _LACKING and rate > 0 and course.length - course.seconds > max(1.0, 3 / rate):
        raise CutOff(f"{video.name}: no picture after {after} can be read: it is broken there, or ends there")


def unreadable(video: Video, about: Contents) -> LayoutError:
    """Why no picture at all comes of a video."""
    if about.videos == 0:
        return LayoutError(f"{video.name}: holds sound, and no pictures")
    cut = f"; {about.missing:,} of its bytes are missing" if about.missing else ""
    return LayoutError(
        f"{video.name}: no picture can be read from it, not even that of second 0{cut}",
        hint="ask for the file again: it was cut off, or is broken, or holds no video that is known here",
    )


def _size(capture: Any) -> tuple[int, int]:
    import cv2

    return int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))


def see_that_it_is_taken(name: str, width: int, height: int) -> None:
    """Sees that the service takes frames of a size; larger ones are made smaller.

    Raises
    ------
    LayoutError
    """
    short, long = sorted((width, height))
    if width * height > MOST_PIXELS:
        raise LayoutError(f"{name}: {width}×{height} pixels are more than is decoded here")
    if short < MIN_SIDE:
        raise LayoutError(f"{name}: {width}×{height} pixels; the service takes no side under {MIN_SIDE}")
    if long > MAX_ASPECT * short:
        raise LayoutError(f"{name}: {width}×{height} pixels; the service takes sides up to {MAX_ASPECT}:1")


def upright(capture: Any, pixels: "Pixels") -> "Pixels":
    """The picture with square pixels, no side over MAX_SIDE; OpenCV has turned it already."""
    import cv2

    height, width = pixels.shape[:2]
    across, down = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
    stretched = width * across / down if across > 0 and down > 0 and 0.2 < across / down < 5 else float(width)
    scale = min(1.0, MAX_SIDE / max(stretched, height))
    size = max(1, round(stretched * scale)), max(1, round(height * scale))
    return pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def jpeg(pixels: "Pixels", most: int = MAX_BYTES) -> bytes:
    """A picture as a JPEG file of at most so many bytes: of worse quality where it has to be.

    Raises
    ------
    LayoutError : even the worst has more
    """
    import cv2

    for quality in _QUALITIES:
        written, body = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if written and len(body) <= most:
            return bytes(body)
    raise LayoutError(f"a frame of {pixels.shape[1]}×{pixels.shape[0]} pixels makes no JPEG of {most / 1e6:.0f} MB")


def sketch(pixels: "Pixels") -> "Sketch":
    """A picture's grey values, few enough to be compared."""
    import cv2
    import numpy as np

    small = cv2.resize(pixels, (SKETCH_SIDE, SKETCH_SIDE), interpolation=cv2.INTER_AREA)
    grey: Sketch = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return grey


def import_opencv() -> None:
    """Imports OpenCV, silent: what is wrong with a file is ours to say.

    Raises
    ------
    NotInstalled
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
    try:
        import cv2  # noqa: F401 - asked for, so that what lacks it says so
    except ImportError as error:
        raise NotInstalled(
            "OpenCV, which reads videos, is not installed", hint="pip install 'customlabels[video]'"
        ) from error


class _Reader:
    """Gives a video to OpenCV: by its path, or as a file that is read in parts, whose faults it keeps."""

    def __init__(self, video: Video) -> None:
        self._video = video
        self._file: BinaryIO | None = None
        self._stream: io.BufferedIOBase | None = None
        self.fault: str | None = None

    def capture(self) -> Any:
        import cv2

        if self._video.path is not None:
            return cv2.VideoCapture(str(self._video.path), cv2.CAP_FFMPEG, [])
        if not hasattr(cv2, "IStreamReader"):
            raise NotInstalled("videos in S3 take a newer OpenCV", hint="pip install 'opencv-python-headless>=4.11'")
        self._file = file = self._video.open()
        outer = self

        class Stream(io.BufferedIOBase):
            def read(self, size: int | None = -1, /) -> bytes:
                try:
                    return file.read(-1 if size is None else size)
                except (OSError, CustomLabelsError) as error:
                    outer.fault = str(error)
                    return b""

            def seek(self, offset: int, whence: int = 0, /) -> int:
                return file.seek(offset, whence)

            def tell(self) -> int:
                return file.tell()

        # OpenCV lets go of it without Python's lock: it must not be the last to hold it.
        self._stream = Stream()
        return cv2.VideoCapture(cast("Any", self._stream), cv2.CAP_FFMPEG, [])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

"""Videos as tests make them: a picture a frame, whole, cut off, broken, turned, of variable rate."""

import struct
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
SIZE = 160, 120
CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}


def plain(level: int, size: tuple[int, int] = SIZE) -> Pixels:
    """A picture of one grey value."""
    return np.full((size[1], size[0], 3), level, np.uint8)


def moving(number: int, size: tuple[int, int] = SIZE) -> Pixels:
    """A picture with a square that is elsewhere in each."""
    picture = plain(40, size)
    left, top = 16 * (number % 8), 16 * (number // 8 % 6)
    picture[top : top + 24, left : left + 24] = (30, 60, 230)
    return picture


def film(path: Path, pictures: Iterable[Pixels], rate: float = 10.0) -> Path:
    """A video of those pictures, by OpenCV."""
    writer = None
    for picture in pictures:
        if writer is None:
            size = picture.shape[1], picture.shape[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*CODECS[path.suffix]), rate, size)
            assert writer.isOpened()
        writer.write(picture)
    assert writer is not None
    writer.release()
    return path


def film_at(path: Path, times: Sequence[float], picture: Callable[[int], Pixels] = moving, keys: int = 12) -> Path:
    """A video whose pictures come at those seconds, by PyAV; a key frame every `keys` pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1000)
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.gop_size = "yuv420p", keys
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, seconds in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            frame.pts, frame.time_base = round(seconds * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def encoded(
    path: Path,
    count: int = 60,
    *,
    size: tuple[int, int] = SIZE,
    start: float = 0.0,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    keys: int = 10,
    picture: Callable[[int, tuple[int, int]], Pixels] = moving,
) -> Path:
    """A video of ten pictures a second whose first comes at `start`, by PyAV; of none it holds the track alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt, stream.gop_size, stream.max_b_frames = pix_fmt, keys, 0
        stream.options = {"sc_threshold": "0", "preset": "ultrafast"} if codec == "libx264" else {}
        container.start_encoding()
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number, size), format="bgr24")
            frame.pts, frame.time_base = number + round(10 * start), Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def sound(path: Path, seconds: int = 2) -> Path:
    """A file in a video's container that holds sound alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac" if path.suffix != ".avi" else "pcm_s16le", rate=48_000)
        for number in range(seconds * 48):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 2000), np.int16), format="s16", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, 1000 * number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turned(path: Path, to: Path) -> Path:
    """The MP4 video with a note that it is to be shown turned a quarter clockwise."""
    body = bytearray(path.read_bytes())
    matrix = body.index(b"tkhd") + 44
    body[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, SIZE[1] << 16, 0, 1 << 30)
    to.write_bytes(body)
    return to


def cut(path: Path, to: Path, share: float) -> Path:
    """The first part of a file."""
    body = path.read_bytes()
    to.write_bytes(body[: int(len(body) * share)])
    return to


def spoiled(path: Path, to: Path, share: float) -> Path:
    """The file with noise from a part of it on, but for its end, where an MP4 has its index."""
    body = bytearray(path.read_bytes())
    begin, end = int(len(body) * share), body.rindex(b"moov") - 4 if b"moov" in body else len(body)
    body[begin:end] = np.random.default_rng(0).bytes(end - begin)
    to.write_bytes(body)
    return to


def film_of_two(path: Path, levels: Sequence[int] = (40, 200)) -> Path:
    """A video with a stream for each of those grey values, by PyAV."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mpeg4", rate=10) for _ in levels]
        for stream in streams:
            stream.width, stream.height = SIZE
            stream.pix_fmt = "yuv420p"
        for _ in range(12):
            for stream, level in zip(streams, levels, strict=True):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(plain(level), format="bgr24")))
        for stream in streams:
            container.mux(stream.encode(None))
    return path

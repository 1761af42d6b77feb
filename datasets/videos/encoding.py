"""Pictures at their times written as a video of a steady rate, which players show at the same times."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from customlabels.core.errors import LayoutError
from customlabels.core.files import path_aside
from customlabels.datasets.videos.decoding import Picture

if TYPE_CHECKING:
    from customlabels.datasets.videos.decoding import Pixels

FOURCCS = {".mp4": "mp4v", ".webm": "VP80"}
"""Codecs that OpenCV has on every machine, by the endings of their files; browsers show the latter."""

_USUAL, _LEAST, _MOST = 25.0, 10.0, 120.0
"""Pictures a second where a video does not say, or says so few that it is a mean of times that vary; and at most."""


def write_video(shown: Iterable[Picture], path: Path, rate: Callable[[], float]) -> None:
    """Writes pictures as MP4 or WebM, by the path's ending; none of them leaves no file.

    Parameters
    ----------
    shown : in order, all as large as the first; each is shown until the next
    rate : gives pictures a second, once the first is there

    Raises
    ------
    LayoutError : such a video cannot be written
    """
    writer, written, each = None, 0, _USUAL
    held: Pixels | None = None
    with path_aside(path) as aside:
        try:
            for picture in shown:
                if writer is None or held is None:
                    each = rate() if _LEAST <= rate() <= _MOST else _USUAL
                    held = _even(picture.pixels)
                    writer = _writer(aside, path, each, held)
                while written < round(picture.seconds * each):
                    writer.write(held)
                    written += 1
                held = _as_large(_even(picture.pixels), held)
            if writer is None:
                raise LayoutError(f"{path}: there is no picture to be written")
            writer.write(held)
        finally:
            if writer is not None:
                writer.release()


def _writer(aside: Path, path: Path, rate: float, first: "Pixels") -> Any:
    import cv2

    fourcc = cv2.VideoWriter.fourcc(*FOURCCS[path.suffix.lower()])
    with _silent():
        writer = cv2.VideoWriter(str(aside), cv2.CAP_FFMPEG, fourcc, rate, (first.shape[1], first.shape[0]))
    if not writer.isOpened():
        raise LayoutError(f"{path}: OpenCV cannot write such a video", hint=f"one of {', '.join(FOURCCS)}")
    return writer


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing is written to standard error: OpenCV tells there that WebM needs no tag, which is no fault."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _even(pixels: "Pixels") -> "Pixels":
    """The picture without a last row or column that codecs do not take."""
    import numpy as np

    height, width = pixels.shape[0] & ~1, pixels.shape[1] & ~1
    return np.ascontiguousarray(pixels[:height, :width])


def _as_large(pixels: "Pixels", other: "Pixels") -> "Pixels":
    """The picture as large as another: what is not is left out by the writer, without a word."""
    import cv2

    if pixels.shape == other.shape:
        return pixels
    return cast("Pixels", cv2.resize(pixels, (other.shape[1], other.shape[0])))

"""Images of a stream that a service has kept, written to a folder as frames."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from customlabels.core.errors import LayoutError
from customlabels.core.plurals import counted
from customlabels.datasets.videos.choosing import Wanted
from customlabels.datasets.videos.decoding import import_opencv, see_that_it_is_taken, sketch
from customlabels.datasets.videos.extracting import Choice, Finish, Taken, write_frame
from customlabels.datasets.videos.frame_names import Frame, frame_name, second

if TYPE_CHECKING:
    from customlabels.datasets.videos.decoding import Pixels


def extract_archived(
    shots: Iterable[tuple[datetime, bytes | None]],
    folder: Path,
    choice: Choice,
    *,
    name: str,
    arn: str,
    begin: datetime,
    advance: Callable[[float], None] = lambda seconds: None,
    finish: Finish | None = None,
) -> Taken:
    """Writes images of a stream to `folder`: what is asked for again, from the same time on, has the same names.

    Parameters
    ----------
    shots : when, and the JPEG; None where there is no picture; a stretch is a video of its own
    """
    mark = hashlib.sha256(f"{arn} {begin.isoformat()}".encode()).hexdigest()[:12]
    wanted, names = Wanted(choice.skip_similar, choice.scenes), list[str]()
    last, moments, empty, gap = 0.0, 0, 0, None
    try:
        for at, body in shots:
            seconds, moments = (at - begin).total_seconds(), moments + 1
            advance(seconds - last)
            last = seconds
            if body is None:
                empty, gap = empty + 1, seconds if gap is None else gap
                continue
            pixels = _decoded(name, body)
            if wanted.looks and not wanted.wants(sketch(pixels)):
                continue
            file_name = frame_name(Frame(name, mark, round(1000 * seconds)))
            write_frame(folder, file_name, body, finish)
            names.append(file_name)
            if len(names) == choice.most:
                break
    except LayoutError as error:
        return Taken(name, tuple(names), last, error.message)
    fault, notes = "", list[str]()
    if moments and empty == moments:
        fault = f"{name}: has no picture from {begin.isoformat(timespec='seconds')} on, for {last:.0f} s"
    elif gap is not None:
        notes.append(f"{name}: has no picture at {empty} of {counted(moments, 'moment')}, first at {second(gap)}")
    return Taken(name, tuple(names), last, fault, tuple(notes))


def _decoded(name: str, body: bytes) -> "Pixels":
    """The picture in a JPEG.

    Raises
    ------
    LayoutError : it is none, or the service would not take it
    """
    import_opencv()
    import cv2
    import numpy as np

    pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise LayoutError(f"{name}: an image that came of it cannot be read")
    see_that_it_is_taken(name, pixels.shape[1], pixels.shape[0])
    return cast("Pixels", pixels)

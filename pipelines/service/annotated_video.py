"""A video with what was seen drawn on it: each label for as long as its span lasts, where it was last seen."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.datasets.videos.containers import Video
from customlabels.datasets.videos.course import Course
from customlabels.datasets.videos.decoding import CutOff, Picture, pictures
from customlabels.datasets.videos.encoding import write_video
from customlabels.datasets.videos.frame_names import frame_of
from customlabels.pipelines.service.detection import DetectedLabel, Detection
from customlabels.pipelines.service.detection_drawing import draw_labels
from customlabels.pipelines.service.spans import Span

if TYPE_CHECKING:
    from customlabels.datasets.videos.decoding import Pixels

_SHORTEST = 0.001
"""Seconds between pictures: every one is taken."""


def seen_at(
    seconds: float, frames: Sequence[tuple[float, Detection]], spans: Sequence[Span], lasts: float
) -> list[DetectedLabel]:
    """What is drawn at a time: labels of the last frame that was looked at, for as long as their spans last.

    Parameters
    ----------
    frames : times and detections, in order
    lasts : seconds for which a frame stands
    """
    number = bisect_right(frames, seconds + _SHORTEST, key=lambda frame: frame[0]) - 1
    if number < 0 or seconds >= frames[number][0] + lasts:
        return []
    at, detection = frames[number]
    shown = {span.label for span in spans if span.begin <= at <= span.end}
    return [label for label in detection.labels if label.label in shown]


def write_annotated(
    video: Video,
    detections: Iterable[Detection],
    spans: Sequence[Span],
    lasts: float,
    path: Path,
    advance: Callable[[float], None] = lambda seconds: None,
) -> None:
    """Writes the video, as MP4 or WebM by the path's ending, with what was seen; of a broken one, what can be read.

    Parameters
    ----------
    lasts : seconds for which a frame that was looked at stands

    Raises
    ------
    LayoutError : it cannot be read, or not be written
    """
    named = ((frame_of(detection.name), detection) for detection in detections)
    frames = sorted(((frame.seconds, detection) for frame, detection in named if frame), key=lambda frame: frame[0])
    course = Course()

    def drawn() -> Iterator[Picture]:
        try:
            for picture in pictures(video, _SHORTEST, course, advance):
                labels = seen_at(picture.seconds, frames, spans, lasts)
                yield Picture(picture.seconds, _drawn(picture.pixels, labels) if labels else picture.pixels)
        except CutOff:
            # That was told when it was looked at.
            return

    write_video(drawn(), path, lambda: course.rate)


def _drawn(pixels: "Pixels", labels: Sequence[DetectedLabel]) -> "Pixels":
    import numpy as np
    from PIL import Image

    canvas = Image.fromarray(pixels[:, :, ::-1])
    draw_labels(canvas, labels)
    return np.ascontiguousarray(np.asarray(canvas)[:, :, ::-1])

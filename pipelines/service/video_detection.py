"""Frames of a video shown to a version, and what is seen in them made into spans."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from customlabels.core.errors import SettingsError
from customlabels.core.files import written_aside
from customlabels.core.printable import printable_json
from customlabels.datasets.videos.containers import Video
from customlabels.datasets.videos.decoding import Course, CutOff, jpeg
from customlabels.datasets.videos.extracting import Choice, chosen_pictures
from customlabels.datasets.videos.frame_names import Frame, frame_name, frame_of
from customlabels.pipelines.service.contact_sheet import Tile
from customlabels.pipelines.service.detection import Detection
from customlabels.pipelines.service.limits import MAX_BYTES
from customlabels.pipelines.service.spans import Moment, Span, spans

HOLDS = 0.8
"""Part of the confidence with which a span begins, from which on it goes on."""

BRIDGES = 2.5
"""Times the distance of frames that a span bridges: one frame in which a label is missed does not part it."""


@dataclass(frozen=True, slots=True)
class VideoWanted:
    """What is wanted of a video that a version looks at.

    Parameters
    ----------
    every : seconds from one frame to the next
    gap : seconds that a span bridges; None: two and a half times `every`
    hold : the confidence with which spans go on, 0..100; None: four fifths of what they begin with
    spans : a file for them, CSV or JSON lines
    sheet : a file for a picture a span
    key_frames : whether only key frames are looked at
    """

    every: float = 1.0
    gap: float | None = None
    hold: float | None = None
    spans: Path | None = None
    sheet: Path | None = None
    key_frames: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """With which confidence spans begin, and go on, 0..100."""

    begins: Callable[[str], float]
    holds: Callable[[str], float]


def frames_of(
    video: Video,
    mark: str,
    choice: Choice,
    course: Course,
    *,
    wanted: Callable[[str], bool],
    faults: list[str],
    advance: Callable[[float], None] = lambda seconds: None,
) -> Iterator[tuple[str, bytes]]:
    """The frames of a video that are wanted, by name, as JPEG; a video that is cut off ends, and `faults` says where.

    Raises
    ------
    LayoutError : no frame can be read
    """
    try:
        for picture in chosen_pictures(video, choice, course, advance):
            name = frame_name(Frame(video.title, mark, round(picture.seconds * 1000)))
            if wanted(name):
                yield name, jpeg(picture.pixels, MAX_BYTES)
    except CutOff as error:
        faults.append(error.message)


def spans_of(detections: Iterable[Detection], thresholds: Thresholds, gap: float) -> list[Span]:
    """The spans in frames of one video."""
    return spans(map(_moment, detections), begins=thresholds.begins, holds=thresholds.holds, gap=gap)


def _moment(detection: Detection) -> Moment:
    frame = frame_of(detection.name)
    best: dict[str, float] = {}
    for label in detection.labels:
        best[label.label] = max(label.confidence, best.get(label.label, 0.0))
    return Moment(0.0 if frame is None else frame.seconds, best)


def tiles_of(
    video: Video, mark: str, choice: Choice, found: Sequence[Span], detections: Iterable[Detection]
) -> list[Tile]:
    """A tile for each span, of the frame where it is surest; the video is read once more."""
    surest = {frame_name(Frame(video.title, mark, round(span.at * 1000))) for span in found}
    seen = {detection.name: detection for detection in detections if detection.name in surest}
    bodies = dict(frames_of(video, mark, choice, Course(), wanted=surest.__contains__, faults=[]))
    tiles = []
    for span in found:
        name = frame_name(Frame(video.title, mark, round(span.at * 1000)))
        if name in bodies:
            tiles.append(Tile(span, bodies[name], seen[name]))
    return tiles


COLUMNS = tuple(field.name for field in fields(Span))


def see_spans_file(path: Path) -> None:
    """Sees that a file's ending says how spans are written, before anything is paid for.

    Raises
    ------
    SettingsError
    """
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise SettingsError(f"--spans {path}: ends in neither .csv nor .jsonl")


def write_spans(found: Sequence[Span], path: Path) -> None:
    """Writes spans as CSV or JSON lines, by the path's ending."""
    if path.suffix.lower() == ".csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(span, name) for name in COLUMNS] for span in found)
        body = text.getvalue()
    else:
        body = "".join(f"{printable_json(asdict(span))}\n" for span in found)
    with written_aside(path) as file:
        file.write(body.encode())

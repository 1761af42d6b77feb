"""Frames of a video shown to a version, and what is seen in them made into spans."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from customlabels.core.csv_text import csv_row
from customlabels.core.errors import SettingsError
from customlabels.core.files import written_aside
from customlabels.core.printable import printable_json
from customlabels.datasets.videos.containers import Video, fingerprint
from customlabels.datasets.videos.course import Course
from customlabels.datasets.videos.decoding import CutOff, jpeg
from customlabels.datasets.videos.encoding import FOURCCS
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


@dataclass(frozen=True, slots=True)
class Film:
    """A video that is looked at, what stands for its bytes, and which of its frames are."""

    video: Video
    mark: str
    choice: Choice

    def name_at(self, seconds: float) -> str:
        """The name of the frame at a time."""
        return frame_name(Frame(self.video.title, self.mark, round(seconds * 1000)))


def films_of(videos: Iterable[Video], choice: Choice, tell: Callable[[str], None]) -> list[Film]:
    """The videos, each once, to be looked at; `tell` is told of those that are the same.

    Raises
    ------
    LayoutError : one cannot be read
    """
    films: dict[str, Film] = {}
    for video in videos:
        mark = fingerprint(video)
        if mark in films:
            tell(f"{video.name}: is the same video as {films[mark].video.name}, and is looked at once")
        else:
            films[mark] = Film(video, mark, choice)
    return [*films.values()]


def frames_of(
    film: Film,
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
        for picture in chosen_pictures(film.video, film.choice, course, advance):
            name = film.name_at(picture.seconds)
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


def tiles_of(film: Film, found: Sequence[Span], detections: Iterable[Detection], title: str = "") -> list[Tile]:
    """A tile for each span, of the frame where it is surest; the video is read once more."""
    surest = {film.name_at(span.at) for span in found}
    if not surest:
        return []
    seen = {detection.name: detection for detection in detections if detection.name in surest}
    bodies = dict(frames_of(film, Course(), wanted=surest.__contains__, faults=[]))
    named = ((span, film.name_at(span.at)) for span in found)
    return [Tile(span, bodies[name], seen[name], title) for span, name in named if name in bodies]


COLUMNS = (*(field.name for field in fields(Span)), "video")


def see_files(wanted: VideoWanted, draw: Path | None, videos: int) -> None:
    """Sees that files can hold what is to be written there, before anything is paid for.

    Parameters
    ----------
    draw : where what was seen is drawn

    Raises
    ------
    SettingsError
    """
    if wanted.spans is not None and wanted.spans.suffix.lower() not in (".csv", ".jsonl"):
        raise SettingsError(f"--spans {wanted.spans}: ends in neither .csv nor .jsonl")
    if draw is not None and draw.suffix.lower() in FOURCCS and videos > 1:
        raise SettingsError(f"--draw {draw}: is one video, and {videos} are looked at", hint="name a folder")


def write_spans(found: Iterable[tuple[str, Span]], path: Path, *, safe_csv: bool = False) -> None:
    """Writes spans, each with its video's name, as CSV or JSON lines, by the path's ending.

    Parameters
    ----------
    safe_csv : an apostrophe keeps spreadsheets from running cells of a CSV that begin as formulas do
    """
    rows = [{**asdict(span), "video": video} for video, span in found]
    if path.suffix.lower() == ".csv":
        body = "".join([csv_row(COLUMNS), *(csv_row([row[name] for name in COLUMNS], safe=safe_csv) for row in rows)])
    else:
        body = "".join(f"{printable_json(row)}\n" for row in rows)
    with written_aside(path) as file:
        file.write(body.encode())

"""Frames of videos written to a folder, a video at a time: all of one or none, so that a killed run is run again."""

import math
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.files import written_aside
from customlabels.datasets.videos.choosing import Thinned, Wanted
from customlabels.datasets.videos.containers import Video, fingerprint
from customlabels.datasets.videos.course import Course, notes
from customlabels.datasets.videos.decoding import CutOff, Picture, jpeg, pictures, sketch
from customlabels.datasets.videos.frame_names import Frame, frame_name

KEPT = ".videos"
"""A folder in that of the frames, with a note for each video that is done."""


Finish = Callable[[str, bytes], bytes]
Within = Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which frames of a video are taken.

    Parameters
    ----------
    every : seconds from one to the next
    most : of a video, evenly spread; None takes all
    skip_similar : whether frames like the one before are left out
    scenes : whether only the first frame of each scene is taken
    key_frames : whether only key frames are looked at, by PyAV
    blur_faces : whether faces are made coarse in the frames that are taken
    where : a label that Rekognition sees in the frames that are taken

    Raises
    ------
    SettingsError : so nothing, or everything at once, would be taken
    """

    every: float = 2.0
    most: int | None = None
    skip_similar: bool = False
    scenes: bool = False
    key_frames: bool = False
    blur_faces: bool = False
    where: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.every < math.inf:
            raise SettingsError(f"every {self.every:g}s: has to be some time, as 0.5s")
        if self.most is not None and self.most < 1:
            raise SettingsError(f"most {self.most}: has to be one frame or more")


@dataclass(frozen=True, slots=True)
class Taken:
    """The frames that were taken of a video.

    Parameters
    ----------
    frames : names below the folder, in the order of time
    seconds : how long the video is, as far as it was read
    fault : what is wrong with it, with the second; empty where nothing is
    notes : what else a person should know
    before : whether an earlier run had taken them
    """

    video: str
    frames: tuple[str, ...] = ()
    seconds: float = 0.0
    fault: str = ""
    notes: tuple[str, ...] = ()
    before: bool = False


def chosen_pictures(
    video: Video,
    choice: Choice,
    course: Course,
    advance: Callable[[float], None] = lambda seconds: None,
    within: Within = lambda seconds: True,
) -> Iterator[Picture]:
    """The pictures of a video that are wanted, but for how many.

    Parameters
    ----------
    within : whether a time is worth looking at

    Raises
    ------
    LayoutError, CutOff, NotInstalled : as `decoding.pictures`
    """
    from customlabels.datasets.videos.key_frames import key_pictures

    read = key_pictures if choice.key_frames else pictures
    wanted = Wanted(choice.skip_similar, choice.scenes)
    for picture in read(video, choice.every, course, advance):
        if within(picture.seconds) and (not wanted.looks or wanted.wants(sketch(picture.pixels))):
            yield picture


def extract(
    videos: Sequence[Video],
    folder: Path,
    choice: Choice,
    advance: Callable[[float], None] = lambda seconds: None,
    finish: Finish | None = None,
    within: Callable[[Video], Within] = lambda video: lambda seconds: True,
) -> Iterator[Taken]:
    """Writes the frames of each video to `folder`, below the same folders as the videos; one after the other.

    A video whose frames are there already, under whatever name, is left as it is.

    Parameters
    ----------
    advance : called with the seconds of video that were read since the last call
    finish : makes what is kept of a frame that is taken, by its name and its JPEG
    within : tells of a video which of its times are worth looking at

    Raises
    ------
    LayoutError : the folder has frames of one of them that were chosen otherwise, or cannot be written to
    """
    marks = {}
    for video in videos:
        try:
            marks[video.name] = fingerprint(video)
        except LayoutError as error:
            yield Taken(video.name, fault=error.message)
    _see_that_the_choice_is_the_same(videos, marks, folder, choice)
    done: dict[str, str] = {}
    for video in videos:
        mark = marks.get(video.name)
        if mark is None:
            continue
        if mark in done:
            yield Taken(video.name, notes=(f"{video.name}: is the same video as {done[mark]}, and is taken once",))
            continue
        done[mark] = video.name
        kept = _kept(folder, mark)
        if kept is not None and all((folder / name).is_file() for name in kept["frames"]):
            yield Taken(
                video.name, tuple(kept["frames"]), kept["seconds"], kept["fault"], tuple(kept["notes"]), before=True
            )
            continue
        yield _extract(video, mark, folder, choice, advance, finish, within(video))


def _extract(
    video: Video,
    mark: str,
    folder: Path,
    choice: Choice,
    advance: Callable[[float], None],
    finish: Finish | None,
    within: Within,
) -> Taken:
    course, fault = Course(), ""
    with _aside(folder, mark) as aside:

        def write(picture: Picture) -> str:
            name = frame_name(Frame(video.title, mark, round(picture.seconds * 1000)))
            (aside / name).write_bytes(jpeg(picture.pixels))
            return name

        names: list[str] = []
        thinned = Thinned[str](choice.most, lambda name: (aside / name).unlink()) if choice.most else None
        try:
            for picture in chosen_pictures(video, choice, course, advance, within):
                if thinned is None:
                    names.append(write(picture))
                elif thinned.takes():
                    thinned.keep(write(picture))
        except CutOff as error:
            fault = error.message
        except LayoutError as error:
            return Taken(video.name, fault=error.message)
        names = thinned.end() if thinned else names
        if finish is not None:
            for name in names:
                (aside / name).write_bytes(finish(name, (aside / name).read_bytes()))
        below = Path(video.name).parent
        (folder / below).mkdir(parents=True, exist_ok=True)
        for name in names:
            (aside / name).replace(folder / below / name)
        frames = tuple((below / name).as_posix() for name in names)
        # Of key frames the last may lie well before the end.
        seconds = max(course.seconds, course.length if choice.key_frames and not fault else 0.0)
        told = notes(course, choice.every, key_frames=choice.key_frames)
        taken = Taken(video.name, frames, seconds, fault, tuple(f"{video.name}: {note}" for note in told))
        _keep(folder, mark, choice, taken)
    return taken


def write_frame(folder: Path, name: str, body: bytes, finish: Finish | None) -> None:
    """Writes a frame of a stream as it comes, finished where that is asked for."""
    with written_aside(folder / name) as file:
        file.write(body if finish is None else finish(name, body))


@contextmanager
def _aside(folder: Path, mark: str) -> Iterator[Path]:
    """A folder beside where the frames will lie, on the same disk; gone when the block ends."""
    aside = folder / f".{mark}.part"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
    except OSError as error:
        raise LayoutError(f"{folder}: cannot be written to ({error.strerror})") from error
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _keep(folder: Path, mark: str, choice: Choice, taken: Taken) -> None:
    with written_aside(folder / KEPT / f"{mark}.json") as file:
        document = {**asdict(taken), "choice": asdict(choice)}
        file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _kept(folder: Path, mark: str) -> dict[str, Any] | None:
    """The note of a video that is done; one that is no note of ours counts for nothing."""
    try:
        document = orjson.loads((folder / KEPT / f"{mark}.json").read_bytes())
        names = [str(name) for name in document["frames"]]
        whole = all(not Path(name).is_absolute() and ".." not in Path(name).parts for name in names)
        known = {"choice", "frames", "seconds", "fault", "notes"} <= document.keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return document if whole and known else None


def _see_that_the_choice_is_the_same(
    videos: Sequence[Video], marks: dict[str, str], folder: Path, choice: Choice
) -> None:
    """Raises LayoutError where frames would be mixed with others of the same videos, which may be labelled by now."""
    others = [
        f"{folder}: holds frames of {video.name} that were chosen otherwise ({_in_words(kept['choice'])})"
        for video in videos
        if video.name in marks and (kept := _kept(folder, marks[video.name])) and kept["choice"] != asdict(choice)
    ]
    if others:
        raise LayoutError(others[0], details=others[1:], hint="name another folder with --to, or choose as before")


def _in_words(choice: Any) -> str:
    if not isinstance(choice, dict):
        return "it is not known how"
    flags = [
        f"--{name.replace('_', '-')}"
        for name in ("skip_similar", "scenes", "key_frames", "blur_faces")
        if choice.get(name)
    ]
    most = [f"--{name} {choice[name]}" for name in ("most", "where") if choice.get(name)]
    return " ".join([f"--every {choice.get('every'):g}s", *most, *flags]).replace("--scenes", "--scene")

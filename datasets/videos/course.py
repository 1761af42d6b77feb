"""How far the reading of a video has come, by times of its own that a file may tell wrongly."""

from collections.abc import Iterator
from dataclasses import dataclass

from customlabels.datasets.videos.frame_names import second

_GAP = 2.0
"""Seconds without a picture that are told; a camera of variable rate leaves less."""

_BACK = 1.0
"""Seconds by which times fall back where another recording follows in the same file; less is a file's own disorder."""


@dataclass(slots=True)
class Course:
    """How far the reading of a video has come.

    Parameters
    ----------
    length : seconds that the container says it lasts; 0 where it does not
    rate : pictures a second, as the container says; 0 where it does not
    seconds : the time of the last picture that was decoded
    decoded : pictures
    gaps, first_gap : how many stretches have no picture, and from when to when the first, in seconds
    jumps, first_jump : how often times fell back, and at which second first
    apart : the most seconds between two pictures
    streams : how many of its streams are videos, as far as the container says
    """

    length: float = 0.0
    rate: float = 0.0
    seconds: float = 0.0
    decoded: int = 0
    gaps: int = 0
    first_gap: tuple[float, float] | None = None
    jumps: int = 0
    first_jump: float | None = None
    apart: float = 0.0
    streams: int = 1
    _ahead: float = 0.0
    _step: float = 0.0

    def come(self, told: float) -> float:
        """The time of the next picture, for which the file tells `told` seconds.

        Times never fall: where a file's own do, as in two recordings put together, they are counted on from there.
        """
        seconds = max(0.0, told) + self._ahead
        if self.decoded and seconds < self.seconds - _BACK:
            seconds = self.seconds + self._step
            self._ahead = seconds - max(0.0, told)
            self.jumps += 1
            self.first_jump = seconds if self.first_jump is None else self.first_jump
        seconds = max(self.seconds, seconds)
        step = seconds - self.seconds
        if self.decoded:
            self.apart = max(self.apart, step)
            if step >= _GAP:
                self.gaps += 1
                self.first_gap = self.first_gap or (self.seconds, seconds)
        self._step = step or self._step
        self.seconds, self.decoded = seconds, self.decoded + 1
        return seconds


def notes(course: Course, every: float, *, key_frames: bool) -> Iterator[str]:
    """What a person should know of a video's times, and of what of it is not looked at."""
    if key_frames and course.apart > every:
        yield f"its key frames are up to {course.apart:.1f} s apart, further than --every {every:g}s"
    elif not key_frames and course.first_gap is not None:
        begin, end = course.first_gap
        more = f", and {course.gaps - 1} more such gaps" if course.gaps > 1 else ""
        yield f"no picture between {second(begin)} and {second(end)}{more}"
    if course.first_jump is not None:
        more = f", and {course.jumps - 1} times more" if course.jumps > 1 else ""
        yield f"its times fall back at {second(course.first_jump)}{more}: they are counted on from there"
    if course.streams > 1:
        yield (
            f"holds {course.streams} videos beside one another, and the first is looked at: ffmpeg -i VIDEO -map 0:v:1 "
            "-c copy SECOND.mp4 makes a file of the second"
        )
    if course.decoded > 1 and max(course.length, course.seconds) < every:
        yield f"is shorter than --every {every:g}s: its first picture is taken"

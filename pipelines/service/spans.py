"""Detections in frames of a video made into spans of time: from when to when a label is seen. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


class Moment(NamedTuple):
    """What is seen in one frame: seconds from the video's start, and the best confidence of each label, 0..100."""

    seconds: float
    labels: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Span:
    """A label seen for some time.

    Parameters
    ----------
    begin, end : seconds of the first and the last frame that it is seen in
    frames : in which it is seen
    peak : the best confidence, 0..100
    at : seconds of the frame with that
    """

    label: str
    begin: float
    end: float
    frames: int
    peak: float
    at: float


def spans(
    moments: Iterable[Moment], *, begins: Callable[[str], float], holds: Callable[[str], float], gap: float
) -> list[Span]:
    """The spans of each label, in the order of their beginnings.

    A label is seen for as long as its confidence holds; neighbouring frames belong together where no more than `gap`
    lies between them; and what never reaches the confidence with which a span begins is none. So a defect whose
    confidence wavers about its threshold is one span, and noise below it none.

    Parameters
    ----------
    moments : frames that were looked at, in any order
    begins : the confidence that a span of a label has to reach, 0..100
    holds : the confidence with which it goes on before and after that; never over what it begins with
    gap : seconds
    """
    seen: dict[str, list[tuple[float, float]]] = {}
    for moment in moments:
        for label, confidence in moment.labels.items():
            if confidence >= min(holds(label), begins(label)):
                seen.setdefault(label, []).append((moment.seconds, confidence))
    found = [
        _span(label, run)
        for label, frames in seen.items()
        for run in _runs(sorted(frames), gap)
        if max(confidence for _, confidence in run) >= begins(label)
    ]
    return sorted(found, key=lambda span: (span.begin, span.label))


def _runs(frames: list[tuple[float, float]], gap: float) -> Iterator[list[tuple[float, float]]]:
    """Frames in order, parted where more than `gap` lies between two."""
    run = frames[:1]
    for before, frame in pairwise(frames):
        if frame[0] - before[0] > gap:
            yield run
            run = []
        run.append(frame)
    yield run


def _span(label: str, run: list[tuple[float, float]]) -> Span:
    at, peak = max(run, key=lambda frame: (frame[1], -frame[0]))
    return Span(label, run[0][0], run[-1][0], len(run), peak, at)

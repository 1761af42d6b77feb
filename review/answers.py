"""What a person says of an image: the one type that the page, A2I, Ground Truth and Label Studio all become."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from customlabels.core.errors import LayoutError
from customlabels.core.plurals import counted
from customlabels.review import journal

FILE = "answers.jsonl"

_SLACK = 1e-6

CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much at most clocks that are right differ: what is dated later than that after now has a wrong time."""


class Region(NamedTuple):
    """A labelled box in fractions of the image's sides; the origin is the upper-left corner."""

    label: str
    left: float
    top: float
    width: float
    height: float

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        return self.left, self.top, self.width, self.height


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says of an image.

    Parameters
    ----------
    image : known by its content
    at : when, with its time zone
    labels : of the image as a whole; none: nothing of what is asked for is on it
    boxes : None where nobody was asked for objects; empty where there are none on the image
    unsure : whether the person cannot tell, and so says nothing else
    seconds : that it took; None where nobody counted
    tool : page, a2i, ground-truth, label-studio
    """

    image: str
    person: str
    at: datetime
    labels: tuple[str, ...] = ()
    boxes: tuple[Region, ...] | None = None
    unsure: bool = False
    seconds: float | None = None
    tool: str = "page"

    @property
    def all_labels(self) -> frozenset[str]:
        """Labels of the image and of its boxes."""
        return frozenset((*self.labels, *(box.label for box in self.boxes or ())))


def document(answer: Answer) -> dict[str, Any]:
    """The answer as JSON has it."""
    return {
        "image": answer.image,
        "person": answer.person,
        "at": answer.at.isoformat(timespec="milliseconds"),
        "labels": list(answer.labels),
        "boxes": None if answer.boxes is None else [region._asdict() for region in answer.boxes],
        "unsure": answer.unsure,
        "seconds": answer.seconds,
        "tool": answer.tool,
    }


def read_answer(given: Mapping[str, Any]) -> Answer:
    """The answer of a document.

    Raises
    ------
    ValueError : a sentence saying what is wrong with it
    """
    try:
        at = datetime.fromisoformat(given["at"])
        labels, boxes, unsure = given.get("labels"), given.get("boxes"), given.get("unsure")
        if labels is None and boxes is None and not unsure and not given.get("withdrawn"):
            raise ValueError("has neither labels nor boxes, and does not say that it cannot tell")
        if not isinstance(labels, list | None) or not isinstance(boxes, list | None):
            raise ValueError("its labels, or its boxes, are no list")
        if not isinstance(unsure, bool | None):
            raise ValueError(f"whether it cannot tell is neither true nor false: {unsure!r}")
        answer = Answer(
            image=_text(given["image"], "image"),
            person=_text(given["person"], "person"),
            at=at,
            labels=tuple(dict.fromkeys(_text(label, "a label") for label in labels or ())),
            boxes=None if boxes is None else tuple(map(read_region, boxes)),
            unsure=bool(unsure),
            seconds=_seconds(given.get("seconds")),
            tool=_text(given.get("tool", "page"), "tool"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"is no answer: {error!r}") from error
    if at.tzinfo is None:
        raise ValueError("its time has no time zone")
    if answer.unsure and (answer.labels or answer.boxes):
        raise ValueError("cannot tell, and tells all the same")
    return answer


def read_region(given: Mapping[str, Any]) -> Region:
    """A box of a document, cut at the image's edge where rounding put it over.

    Raises
    ------
    ValueError : it is none, or not on the image
    """
    sides = [float(given[name]) for name in ("left", "top", "width", "height")]
    left, top, width, height = sides
    inside = -_SLACK <= left <= left + width <= 1 + _SLACK and -_SLACK <= top <= top + height <= 1 + _SLACK
    if not all(map(math.isfinite, sides)) or width <= 0 or height <= 0 or not inside:
        raise ValueError(f"a box of {left:g}, {top:g}, {width:g} by {height:g} is not on the image")
    left, top = max(0.0, left), max(0.0, top)
    return Region(_text(given["label"], "a label"), left, top, min(width, 1 - left), min(height, 1 - top))


def checked(answer: Answer) -> Answer:
    """An answer that another tool gave, such as a review takes.

    Raises
    ------
    ValueError : a sentence saying what is wrong with it
    """
    return read_answer(document(answer))


def add_answers(folder: Path, answers: list[Answer]) -> None:
    """Adds answers to a review's; they are on disk when this returns."""
    if answers:
        journal.add(folder / FILE, map(document, answers))


def withdraw(folder: Path, image: str, person: str, at: datetime, *, given: datetime | None = None) -> None:
    """Takes a person's answer on an image back; on disk when this returns.

    Parameters
    ----------
    given : when the answer was given that is meant, so that one that came since stays; None: the last one
    """
    line = {"image": image, "person": person, "at": at.isoformat(timespec="milliseconds"), "withdrawn": True}
    if given is not None:
        line["given"] = given.isoformat(timespec="milliseconds")
    journal.add(folder / FILE, [line])


def read_answers(folder: Path, now: datetime | None = None) -> list[Answer]:
    """The answers of a review, each person's last one on each image, by image and person; none that was taken back.

    Parameters
    ----------
    now : an answer that is dated after it is followed by whatever came later, since its time is wrong; None: all times
        are right

    Raises
    ------
    LayoutError : a line that is none
    """
    latest: dict[tuple[str, str], Answer] = {}
    withdrawn: set[tuple[str, str]] = set()
    for line, answer, meant in _lines(folder):
        key = answer.image, answer.person
        if meant is not None and key in latest and latest[key].at != meant:
            continue
        if key not in latest or answer.at >= latest[key].at or _is_ahead(latest[key], now):
            latest[key] = answer
            (withdrawn.add if line.get("withdrawn") else withdrawn.discard)(key)
    return [latest[key] for key in sorted(latest) if key not in withdrawn]


def _lines(folder: Path) -> Iterator[tuple[Mapping[str, Any], Answer, datetime | None]]:
    """Each line of a review's answers as it came, and when the answer was given that it takes back."""
    for number, line in journal.read(folder / FILE):
        try:
            yield line, read_answer(line), datetime.fromisoformat(line["given"]) if line.get("given") else None
        except (TypeError, ValueError) as error:
            raise LayoutError(f"{folder / FILE}, line {number}: {error}") from error


def _is_ahead(answer: Answer, now: datetime | None) -> bool:
    return now is not None and answer.at > now + CLOCKS_DIFFER


def told_ahead(answers: Iterable[Answer], now: datetime) -> str | None:
    """A sentence on answers whose time is still to come; None where there is none."""
    ahead = sorted((answer for answer in answers if _is_ahead(answer, now)), key=lambda answer: answer.at)
    if not ahead:
        return None
    last, have = ahead[-1], "has a time that is" if len(ahead) == 1 else "have times that are"
    return (
        f"{counted(len(ahead), 'answer')} {have} still to come, the latest {last.person}'s at "
        f"{last.at.isoformat(timespec='minutes')}: a clock was wrong; of answers of one person on one image, the one "
        "that came after such an answer counts"
    )


def missing(
    wanted: list[Answer],
    kept: list[Answer],
    now: datetime | None = None,
    came: Collection[tuple[str, str, datetime]] = (),
) -> list[Answer]:
    """Those that a review does not have yet, nor anything later of the same person on the same image.

    Parameters
    ----------
    now : as for `read_answers`; what is dated later, and what follows such an answer, counts unless it came before
    came : what `arrivals` gives
    """
    known = {(answer.image, answer.person): answer for answer in kept}

    def is_new(answer: Answer) -> bool:
        before = known.get((answer.image, answer.person))
        if before is not None and (_is_ahead(before, now) or _is_ahead(answer, now)):
            return _arrival(answer) not in came
        return before is None or answer.at > before.at

    return [answer for answer in wanted if is_new(answer)]


def arrivals(folder: Path) -> set[tuple[str, str, datetime]]:
    """Image, person and time of each answer that ever came into a review."""
    return {_arrival(answer) for _, answer, _ in _lines(folder)}


def _arrival(answer: Answer) -> tuple[str, str, datetime]:
    # Milliseconds are kept.
    return answer.image, answer.person, answer.at.replace(microsecond=answer.at.microsecond // 1000 * 1000)


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"it took {value!r} seconds, which is no time")
    return float(value)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 1024:
        raise ValueError(f"{what} is no text: {str(value)[:40]!r}")
    return value

"""What a person says of an image: the one type that the page, A2I, Ground Truth and Label Studio all become."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from customlabels.core.errors import LayoutError
from customlabels.review import journal

FILE = "answers.jsonl"

_SLACK = 1e-6


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


def read_answers(folder: Path) -> list[Answer]:
    """The answers of a review, each person's last one on each image, by image and person; none that was taken back.

    Raises
    ------
    LayoutError : a line that is none
    """
    latest: dict[tuple[str, str], Answer] = {}
    withdrawn: set[tuple[str, str]] = set()
    for number, line in journal.read(folder / FILE):
        try:
            answer = read_answer(line)
            meant = datetime.fromisoformat(line["given"]) if line.get("given") else None
        except (TypeError, ValueError) as error:
            raise LayoutError(f"{folder / FILE}, line {number}: {error}") from error
        key = answer.image, answer.person
        if meant is not None and key in latest and latest[key].at != meant:
            continue
        if key not in latest or answer.at >= latest[key].at:
            latest[key] = answer
            (withdrawn.add if line.get("withdrawn") else withdrawn.discard)(key)
    return [latest[key] for key in sorted(latest) if key not in withdrawn]


def missing(wanted: list[Answer], kept: list[Answer]) -> list[Answer]:
    """Those that a review does not have yet, nor anything later of the same person on the same image."""
    known = {(answer.image, answer.person): answer.at for answer in kept}
    return [
        answer
        for answer in wanted
        if (answer.image, answer.person) not in known or answer.at > known[answer.image, answer.person]
    ]


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

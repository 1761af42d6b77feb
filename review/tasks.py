"""Images that people are asked about, and how many people each; kept beside their answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from customlabels.core.errors import LayoutError
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review import journal
from customlabels.review.answers import Region, read_region
from customlabels.review.pick import Group, Picked, Stratum

FILE = "picks.jsonl"

_LOOK = ("version", "seen", "predicted", "group", "stratum", "chance", "stands_for")
"""What a task has of the version that saw its image."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is true of an image that is asked about to see how people do."""

    labels: tuple[str, ...]
    boxes: tuple[Region, ...] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """An image that people are asked about.

    Parameters
    ----------
    source : its path, or its address in S3
    version : that saw it; empty where none did
    seen : what the version saw, also below the thresholds
    predicted : labels that it gave the image by the thresholds
    chance : with which it was picked
    stands_for : images that look the same, itself among them
    people : how many are to answer, before any disagree
    at : when it was picked
    known : the truth, where the image is asked about to see how people do
    """

    image: str
    name: str
    source: str
    version: str
    seen: tuple[DetectedLabel, ...]
    predicted: tuple[str, ...]
    group: Group
    stratum: Stratum
    chance: float
    at: datetime
    stands_for: int = 1
    people: int = 1
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What a version makes of an image that was asked about, whenever it saw it; the fields are as those of a task."""

    image: str
    version: str
    seen: tuple[DetectedLabel, ...]
    predicted: tuple[str, ...]
    group: Group
    stratum: Stratum
    chance: float
    stands_for: int = 1


def look_of(picked: Picked, predicted: Iterable[DetectedLabel], version: str) -> Look:
    """The look that comes of a pick."""
    return Look(
        image=picked.candidate.image,
        version=version,
        seen=picked.candidate.seen,
        predicted=tuple(dict.fromkeys(label.label for label in predicted)),
        group=picked.group,
        stratum=picked.stratum,
        chance=picked.chance,
        stands_for=picked.stands_for,
    )


def task_of(picked: Picked, predicted: Iterable[DetectedLabel], *, version: str, people: int, at: datetime) -> Task:
    """The task that comes of a pick."""
    candidate, look = picked.candidate, look_of(picked, predicted, version)
    about = {name: getattr(look, name) for name in _LOOK}
    return Task(image=candidate.image, name=candidate.name, source=candidate.source, at=at, people=people, **about)


def add_tasks(folder: Path, tasks: Iterable[Task], looks: Iterable[Look] = ()) -> None:
    """Adds tasks to a review's, and looks at images that were asked about before; on disk when this returns."""
    lines = [_document(task) for task in tasks]
    lines += [{"image": look.image, **_look_document(look)} for look in looks]
    if lines:
        journal.add(folder / FILE, lines)


def read_tasks(folder: Path) -> list[Task]:
    """The tasks of a review, in the order in which they were picked.

    Raises
    ------
    LayoutError : a line that is none
    """
    tasks: dict[str, Task] = {}
    for number, line in journal.read(folder / FILE):
        try:
            image = line["image"]
            if "name" in line:
                tasks.setdefault(image, _task(line))
            else:
                look = _look(line)
                if tasks[image].stratum is Stratum.RANDOM:
                    # Drawn from all images once, whatever a later version makes of it.
                    look["stratum"] = Stratum.RANDOM
                tasks[image] = replace(tasks[image], **look)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LayoutError(f"{folder / FILE}, line {number}: is no task ({error!r})") from error
    return list(tasks.values())


def read_looks(folder: Path) -> list[Look]:
    """What each version made of the images of a review's tasks, the last that it made of each.

    Raises
    ------
    LayoutError : a line that is none
    """
    looks: dict[tuple[str, str], Look] = {}
    for number, line in journal.read(folder / FILE):
        try:
            look = Look(image=line["image"], **_look(line))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LayoutError(f"{folder / FILE}, line {number}: is no task ({error!r})") from error
        if look.version:
            looks[look.image, look.version] = look
    return list(looks.values())


def news(folder: Path, looks: Iterable[Look]) -> list[Look]:
    """Those that say something else than what a review holds."""
    known = set(map(_content, read_looks(folder)))
    return [look for look in looks if _content(look) not in known]


def _content(look: Look) -> tuple[object, ...]:
    return look.image, look.version, look.predicted, look.group, look.stratum, look.chance, look.stands_for


def the_tasks(folder: Path) -> list[Task]:
    """As `read_tasks`.

    Raises
    ------
    LayoutError : there is none
    """
    tasks = read_tasks(folder)
    if not tasks:
        raise LayoutError(f"{folder}: nothing was picked yet", hint="customlabels review pick FOUND.jsonl --images DIR")
    return tasks


def _document(task: Task) -> dict[str, Any]:
    known = task.known
    return {
        "image": task.image,
        "name": task.name,
        "source": task.source,
        **_look_document(task),
        "at": task.at.isoformat(timespec="seconds"),
        "people": task.people,
        "known": known
        and {"labels": known.labels, "boxes": None if known.boxes is None else [box._asdict() for box in known.boxes]},
    }


def _task(line: Mapping[str, Any]) -> Task:
    known = line["known"]
    return Task(
        image=line["image"],
        name=line["name"],
        source=line["source"],
        at=datetime.fromisoformat(line["at"]),
        people=int(line["people"]),
        known=Known(tuple(known["labels"]), None if known["boxes"] is None else tuple(map(read_region, known["boxes"])))
        if known
        else None,
        **_look(line),
    )


def _look_document(look: Look | Task) -> dict[str, Any]:
    return {
        "version": look.version,
        "seen": [{"label": seen.label, "confidence": seen.confidence, "box": seen.box} for seen in look.seen],
        "predicted": list(look.predicted),
        "group": look.group.value,
        "stratum": look.stratum.value,
        "chance": look.chance,
        "stands_for": look.stands_for,
    }


def _look(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": line["version"],
        "seen": tuple(
            DetectedLabel(seen["label"], float(seen["confidence"]), tuple(seen["box"]) if seen["box"] else None)
            for seen in line["seen"]
        ),
        "predicted": tuple(line["predicted"]),
        "group": Group(line["group"]),
        "stratum": Stratum(line["stratum"]),
        "chance": float(line["chance"]),
        "stands_for": int(line["stands_for"]),
    }

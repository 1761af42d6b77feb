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


def task_of(picked: Picked, predicted: Iterable[DetectedLabel], *, version: str, people: int, at: datetime) -> Task:
    """The task that comes of a pick."""
    candidate = picked.candidate
    return Task(
        image=candidate.image,
        name=candidate.name,
        source=candidate.source,
        version=version,
        seen=candidate.seen,
        predicted=tuple(dict.fromkeys(label.label for label in predicted)),
        group=picked.group,
        stratum=picked.stratum,
        chance=picked.chance,
        at=at,
        stands_for=picked.stands_for,
        people=people,
    )


def add_tasks(folder: Path, tasks: Iterable[Task], again: Iterable[Picked] = ()) -> None:
    """Adds tasks to a review's, and the chances that have grown; on disk when this returns."""
    lines = [_document(task) for task in tasks]
    lines += [{"image": picked.candidate.image} | _grown(picked) for picked in again]
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
                chance, stands_for = float(line["chance"]), int(line["stands_for"])
                tasks[image] = replace(
                    tasks[image], chance=chance, stratum=Stratum(line["stratum"]), group=Group(line["group"]),
                    stands_for=stands_for,
                )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LayoutError(f"{folder / FILE}, line {number}: is no task ({error!r})") from error
    return list(tasks.values())


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


def _grown(picked: Picked) -> dict[str, Any]:
    return {
        "chance": picked.chance,
        "stratum": picked.stratum.value,
        "group": picked.group.value,
        "stands_for": picked.stands_for,
    }


def _document(task: Task) -> dict[str, Any]:
    known = task.known
    return {
        "image": task.image,
        "name": task.name,
        "source": task.source,
        "version": task.version,
        "seen": [{"label": seen.label, "confidence": seen.confidence, "box": seen.box} for seen in task.seen],
        "predicted": list(task.predicted),
        "group": task.group.value,
        "stratum": task.stratum.value,
        "chance": task.chance,
        "at": task.at.isoformat(timespec="seconds"),
        "stands_for": task.stands_for,
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
        version=line["version"],
        seen=tuple(
            DetectedLabel(seen["label"], float(seen["confidence"]), tuple(seen["box"]) if seen["box"] else None)
            for seen in line["seen"]
        ),
        predicted=tuple(line["predicted"]),
        group=Group(line["group"]),
        stratum=Stratum(line["stratum"]),
        chance=float(line["chance"]),
        at=datetime.fromisoformat(line["at"]),
        stands_for=int(line["stands_for"]),
        people=int(line["people"]),
        known=Known(tuple(known["labels"]), None if known["boxes"] is None else tuple(map(read_region, known["boxes"])))
        if known
        else None,
    )

"""What the page shows: images to be answered by a person, or those of a dataset to be looked through."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from customlabels.datasets.duplicates import Duplicates
from customlabels.datasets.model import Dataset, ImageRecord
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review.agreement import Outcome, resolutions
from customlabels.review.answers import Answer, Region
from customlabels.review.images import regions_of
from customlabels.review.tasks import Task


@dataclass(frozen=True, slots=True)
class Item:
    """An image on the page.

    Parameters
    ----------
    image : known by its content; empty where it is only looked at
    source : its path, or its address in S3
    labels, boxes : of a dataset's image
    seen : what a version saw
    predicted : what of that counts
    side : train, test or nothing
    notes : findings of a dataset's image: each a kind and a sentence
    alike : numbers of the images that it looks like
    """

    image: str
    name: str
    source: str
    labels: tuple[str, ...] = ()
    boxes: tuple[Region, ...] | None = None
    seen: tuple[DetectedLabel, ...] = ()
    predicted: tuple[str, ...] = ()
    side: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    alike: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What a page is for.

    Parameters
    ----------
    items : in order
    labels : that can be given
    boxes : whether objects are marked, rather than images as a whole labelled
    blind : whether what the version saw is hidden
    person : who answers; empty where the images are only looked at
    """

    items: tuple[Item, ...]
    labels: tuple[str, ...]
    boxes: bool = False
    blind: bool = False
    person: str = ""
    title: str = ""
    done: int = 0

    def document(self) -> dict[str, Any]:
        """All of it, as the page asks for it."""
        return {
            "title": self.title,
            "labels": self.labels,
            "boxes": self.boxes,
            "blind": self.blind,
            "person": self.person,
            "done": self.done,
            "items": [self._item(item) for item in self.items],
        }

    def _item(self, item: Item) -> dict[str, Any]:
        seen = [
            {"label": seen.label, "confidence": round(seen.confidence, 1), "box": seen.box,
             "counts": seen.label in item.predicted}
            for seen in item.seen
        ]  # fmt: skip
        return {
            "name": item.name,
            "labels": item.labels,
            "boxes": None if item.boxes is None else [box._asdict() for box in item.boxes],
            "seen": [] if self.blind else seen,
            "predicted": [] if self.blind else item.predicted,
            "side": item.side,
            "notes": item.notes,
            "alike": item.alike,
        }


def to_answer(
    tasks: Sequence[Task],
    answers: Sequence[Answer],
    person: str,
    *,
    labels: Iterable[str] = (),
    boxes: bool | None = None,
    blind: bool = False,
) -> Work:
    """The images that a person is to answer: those that wait for somebody, and on which this one has not answered.

    Parameters
    ----------
    labels : that can be given, besides those that are in the tasks
    boxes : None: as the version sees
    """
    own = {answer.image for answer in answers if answer.person == person}
    waiting = {
        image
        for image, resolution in resolutions(tasks, answers).items()
        if resolution.outcome in (Outcome.OPEN, Outcome.DISPUTED)
    }
    located = any(seen.box for task in tasks for seen in task.seen) if boxes is None else boxes
    known = {seen.label for task in tasks for seen in task.seen}
    known |= {label for task in tasks if task.known for label in _labels(task.known.labels, task.known.boxes)}
    known |= {label for answer in answers for label in answer.all_labels}
    items = [
        Item(task.image, task.name, task.source, seen=task.seen, predicted=task.predicted)
        for task in tasks
        if task.image in waiting and task.image not in own
    ]
    done = len(own & {task.image for task in tasks})
    every = tuple(dict.fromkeys([*labels, *sorted(known)]))
    return Work(tuple(items), every, located, blind, person, "Review", done)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a dataset's images besides their labels.

    Parameters
    ----------
    alike : images that are there twice, or nearly
    mistakes : by name, what a version said wrongly
    suspects : by name, why its label is probably wrong
    """

    alike: Sequence[Duplicates] = ()
    mistakes: Mapping[str, str] = field(default_factory=dict)
    suspects: Mapping[str, str] = field(default_factory=dict)


def to_look_through(dataset: Dataset, findings: Findings, title: str) -> Work:
    """A dataset's images, with what was found on each; the images that look the same know of each other."""
    numbers = {record.name: number for number, record in enumerate(dataset.records)}
    notes: dict[str, list[tuple[str, str]]] = {record.name: [] for record in dataset.records}
    alike: dict[str, set[int]] = {record.name: set() for record in dataset.records}
    for group in findings.alike:
        conflict = group.kind == "across labels"
        kind = "conflict" if conflict else "same" if group.exact else "nearly the same"
        sentence = f"{'the same' if group.exact else 'nearly the same'}, {group.kind}"
        for record in group.records:
            alike[record.name] |= {numbers[other.name] for other in group.records} - {numbers[record.name]}
            notes[record.name].append((kind, sentence))
    for kind, sentences in (("mistake", findings.mistakes), ("suspect", findings.suspects)):
        for name, sentence in sentences.items():
            if name in notes:
                notes[name].append((kind, sentence))
    for finding in dataset.findings:
        if finding.name in notes:
            notes[finding.name].append(("finding", finding.message))
    items = tuple(
        _of_dataset(record, tuple(dict.fromkeys(notes[record.name])), tuple(sorted(alike[record.name])))
        for record in dataset.records
    )
    labels = tuple(sorted({label for record in dataset.records for label in record.all_labels}))
    return Work(items, labels, any(record.boxes for record in dataset.records), title=title)


def _of_dataset(record: ImageRecord, notes: tuple[tuple[str, str], ...], alike: tuple[int, ...]) -> Item:
    side = record.side.value if record.side else ""
    return Item(
        "", record.name, str(record.path), record.labels, regions_of(record), side=side, notes=notes, alike=alike
    )


def _labels(labels: Iterable[str], boxes: Iterable[Region] | None) -> set[str]:
    return {*labels, *(box.label for box in boxes or ())}

"""How a review stands: done, open, how people agree, and what that says of production."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customlabels.review.agreement import (
    Accuracy,
    LabelAgreement,
    Outcome,
    PairAgreement,
    Resolution,
    accuracies,
    label_agreement,
    pair_agreement,
    resolutions,
)
from customlabels.review.answers import Answer
from customlabels.review.estimates import LabelEstimate, Weighed, estimates
from customlabels.review.tasks import Task


@dataclass(frozen=True, slots=True)
class Status:
    """How a review stands.

    Parameters
    ----------
    outcomes : images, by how they stand
    stray : answers on images that nobody was asked about
    versions : estimated figures of each version that saw the images
    """

    outcomes: Mapping[Outcome, int]
    answers: int
    stray: int
    labels: tuple[LabelAgreement, ...]
    pairs: tuple[PairAgreement, ...]
    people: tuple[Accuracy, ...]
    versions: Mapping[str, tuple[LabelEstimate, ...]]


def status(tasks: Sequence[Task], answers: Sequence[Answer]) -> Status:
    """How a review of these tasks and answers stands."""
    resolved = resolutions(tasks, answers)
    asked = [answer for answer in answers if answer.image in resolved]
    return Status(
        outcomes=dict(Counter(resolution.outcome for resolution in resolved.values())),
        answers=len(asked),
        stray=len(answers) - len(asked),
        labels=tuple(label_agreement(asked)),
        pairs=tuple(pair_agreement(asked)),
        people=tuple(accuracies(tasks, asked)),
        versions=production(tasks, resolved),
    )


def production(tasks: Sequence[Task], resolved: Mapping[str, Resolution]) -> dict[str, tuple[LabelEstimate, ...]]:
    """Estimated figures in production of each version that saw the images of the tasks."""
    weighed: dict[str, list[Weighed]] = {}
    for task in tasks:
        # What is asked about to see how people do was not picked from production.
        if task.known is None and task.version:
            resolution = resolved[task.image]
            true = resolution.all_labels if resolution.outcome is Outcome.RESOLVED else None
            image = Weighed(task.group.value, task.chance, frozenset(task.predicted), true, task.stands_for)
            weighed.setdefault(task.version, []).append(image)
    return {version: tuple(estimates(images)) for version, images in weighed.items()}

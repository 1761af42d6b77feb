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
from customlabels.review.tasks import Look, Task


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


def status(tasks: Sequence[Task], looks: Sequence[Look], answers: Sequence[Answer]) -> Status:
    """How a review of these tasks stands."""
    resolved = resolutions(tasks, answers)
    asked = [answer for answer in answers if answer.image in resolved]
    return Status(
        outcomes=dict(Counter(resolution.outcome for resolution in resolved.values())),
        answers=len(asked),
        stray=len(answers) - len(asked),
        labels=tuple(label_agreement(asked)),
        pairs=tuple(pair_agreement(asked)),
        people=tuple(accuracies(tasks, asked)),
        versions=production(looks, resolved),
    )


def production(looks: Sequence[Look], resolved: Mapping[str, Resolution]) -> dict[str, tuple[LabelEstimate, ...]]:
    """Estimated figures in production of each version that saw images which people were asked about.

    An answer counts for every version that saw the image, whichever it was picked of.
    """
    weighed: dict[str, list[Weighed]] = {}
    for look in looks:
        resolution = resolved[look.image]
        true = resolution.all_labels if resolution.outcome is Outcome.RESOLVED else None
        image = Weighed(look.group.value, look.chance, frozenset(look.predicted), true, look.stands_for)
        weighed.setdefault(look.version, []).append(image)
    return {version: tuple(estimates(images)) for version, images in weighed.items()}

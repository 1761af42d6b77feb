"""What a training may cost and which quotas it meets, told before it is paid for.

Source: Custom Labels developer guide, training-model.md (half an hour to 24 hours) and limits.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from customlabels.core.prices import training_cost
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import Description
from customlabels.pipelines.training.lineage import read_description

SHORTEST_HOURS, LONGEST_HOURS = 0.5, 24.0
MAX_TRAININGS, MAX_VERSIONS = 2, 100
_MARGIN = 2.0
"""How much longer, or shorter, than this project's own trainings the next one is taken to last."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hours of training, from and to, and what they are taken from: the guide, or so many trainings of the project."""

    low_hours: float
    high_hours: float
    trainings: int

    @property
    def dollars(self) -> tuple[float, float]:
        return training_cost(self.low_hours * 3600), training_cost(self.high_hours * 3600)

    @property
    def basis(self) -> str:
        if not self.trainings:
            return "as the service's guide has it"
        return f"from {self.trainings} earlier training{'s' if self.trainings > 1 else ''} of the project"


def estimate(images: int, earlier: Sequence[Description]) -> Estimate:
    """How long a training on so many images may take, from what the project's trainings were billed.

    Parameters
    ----------
    images : to train on
    """
    hours = []
    for version in earlier:
        seconds, made = (
            version.get("BillableTrainingTimeInSeconds"),
            read_description(version.get("VersionDescription")),
        )
        if seconds and made and made.train_images:
            hours.append(seconds / 3600 * max(1.0, images / made.train_images))
    if not hours:
        return Estimate(SHORTEST_HOURS, LONGEST_HOURS, 0)
    return Estimate(min(hours) / _MARGIN, min(LONGEST_HOURS, max(hours) * _MARGIN), len(hours))


def quota_notes(earlier: Sequence[Description]) -> list[str]:
    """A sentence for each quota that the training would hit, as far as the project tells."""
    notes = []
    training = sum(version["Status"] == State.TRAINING_IN_PROGRESS for version in earlier)
    if training >= MAX_TRAININGS:
        notes.append(f"{training} versions of the project are being trained; an account trains {MAX_TRAININGS} at once")
    if len(earlier) >= MAX_VERSIONS:
        notes.append(f"the project has {len(earlier)} versions; {MAX_VERSIONS} are allowed, delete some")
    return notes

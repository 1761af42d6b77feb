"""A version with what is known of its quality. Light: the pipeline's functions use it, without numpy."""

from dataclasses import dataclass

from customlabels.pipelines.evaluation.evaluation_summary import Evaluation
from customlabels.pipelines.evaluation.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Measured:
    """A version's evaluation and what it said of its test images; `snapshot` is None where that is gone.

    Parameters
    ----------
    unread : a sentence for each part of what the service wrote that could not be read
    """

    evaluation: Evaluation
    snapshot: Snapshot | None
    unread: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.evaluation.version


def same_test_images(base: Snapshot | None, other: Snapshot | None) -> bool:
    """Whether two versions were judged on the same images with the same truth; not where that is not known."""
    if base is None or other is None:
        return False
    return base.boxes == other.boxes and base.test_digest == other.test_digest

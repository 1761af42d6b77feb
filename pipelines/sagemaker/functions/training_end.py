"""The end of a training that one step has started and another waits for, look by look."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from customlabels.core.errors import TrainingFailed
from customlabels.core.waiting import GRACE
from customlabels.pipelines.service.versions import Description
from customlabels.pipelines.training.submission import LONGEST_TRAINING, trained

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

LONGEST = timedelta(seconds=LONGEST_TRAINING)

_SKEW = timedelta(minutes=1)
_FIRST, _LAST = 15, 300
"""Seconds between looks; each time twice as long, from the first to the last."""


def ended(
    rekognition: "RekognitionClient", project_arn: str, version: str, since: datetime, now: datetime
) -> Description | None:
    """The version once its training has ended; None while it goes on.

    Raises
    ------
    TrainingFailed : it ended badly, or takes longer than a training may
    """
    # A queue whose clock is ahead, as that of a local service which was moved on, tells nothing of an age.
    fresh = -_SKEW <= now - since < timedelta(seconds=GRACE)
    description = trained(rekognition, project_arn, version, fresh=fresh)
    if description is None and now - since > LONGEST:
        raise TrainingFailed(f"version {version} is not trained after {LONGEST / timedelta(hours=1):.0f} hours")
    return description


def pause(looks: int, age: timedelta = timedelta(seconds=GRACE)) -> int:
    """Seconds until the next look, after so many; the one after GRACE is not put off, since absence counts from then.

    Parameters
    ----------
    age : how long ago the training was asked for
    """
    usual = int(min(_FIRST * 2 ** min(looks - 1, 10), _LAST))
    left = int(GRACE - age.total_seconds()) + 1
    return min(usual, left) if left > 1 else usual

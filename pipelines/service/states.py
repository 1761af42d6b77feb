"""The states of a version, and what each allows. Pure: standard library alone.

Source: Amazon Rekognition API reference, ProjectVersionDescription.
"""

from enum import StrEnum


class State(StrEnum):
    """What DescribeProjectVersions says of a version: trained or copied, then hosted, then deleted."""

    TRAINING_IN_PROGRESS = "TRAINING_IN_PROGRESS"
    TRAINING_COMPLETED = "TRAINING_COMPLETED"
    TRAINING_FAILED = "TRAINING_FAILED"
    COPYING_IN_PROGRESS = "COPYING_IN_PROGRESS"
    COPYING_COMPLETED = "COPYING_COMPLETED"
    COPYING_FAILED = "COPYING_FAILED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    DELETING = "DELETING"
    DEPRECATED = "DEPRECATED"
    EXPIRED = "EXPIRED"


STARTABLE = frozenset({State.TRAINING_COMPLETED, State.COPYING_COMPLETED, State.STOPPED, State.FAILED})
"""Of a version that is down and can be brought up; FAILED is a start that failed, not a training."""

UP = frozenset({State.STARTING, State.RUNNING})
"""Of a version that is up or about to be, and is billed for it."""

HELD = UP | {State.STOPPING}
"""Of a version that takes a place among the models that an account may have running."""

_KNOWN = frozenset(State)


def is_known(status: str) -> bool:
    """Whether it is a state that this module knows; the service may have new ones."""
    return status in _KNOWN


def may_be_up(status: str) -> bool:
    """Whether a version takes a place among the running ones, or is in a state of which nobody knows: that is billed
    or not, and is never taken for down.
    """
    return status in HELD or not is_known(status)


GONE = frozenset({State.DELETING, State.DEPRECATED, State.EXPIRED})
"""Of a version that is, or is about to be, no model any more: it is never chosen, started or promoted."""

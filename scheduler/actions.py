"""What is seen of a project's models, and what is done about them: what `plan` is given, and gives."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    START = "start"
    STOP = "stop"
    OPEN = "open"
    """Has the images that wait go to the function that inspects them."""
    CLOSE = "close"
    """Keeps them in the queue, where they cost nothing."""
    REPORT = "report"


class Trouble(StrEnum):
    """What a report is about."""

    NO_CHAMPION = "no-champion"
    REPLACED = "replaced"
    MISSING = "missing"
    UNSTARTABLE = "unstartable"
    UNKNOWN = "unknown-state"
    START_FAILED = "start-failed"
    STUCK = "stuck"
    TOO_LATE = "too-late"
    STOP_OVERDUE = "stop-overdue"
    BUDGET = "budget"
    METRICS = "metrics"
    HOLIDAYS = "holidays"
    REFUSED = "refused"
    QUEUE = "queue"
    DEADLINE = "deadline"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Observed:
    """A version as the service shows it, and what is remembered of it.

    Parameters
    ----------
    since : since when it has its status, in UTC; None where that is not known
    last_request : when it last answered a request; None where it never did, or that is not known
    failures : starts in a row that ended in FAILED
    refusals : calls in a row to start it that were refused for want of room: LimitExceeded
    unwanted_since : since when it is up against what is wanted; None where it is not
    metered : whether CloudWatch has datapoints of it; whether one that has none is idle is not known
    """

    version: str
    status: str
    units: int = 0
    since: datetime | None = None
    last_request: datetime | None = None
    failures: int = 0
    refusals: int = 0
    unwanted_since: datetime | None = None
    metered: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do, with its reason in words; `quiet_until` keeps a model that was idle down for so long.

    `trouble` says what a report is about.
    """

    kind: Kind
    version: str
    why: str
    units: int = 0
    quiet_until: datetime | None = None
    trouble: Trouble | None = None

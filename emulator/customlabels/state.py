"""What the local service remembers of Custom Labels: projects, datasets and versions, and how their states move.

A state that ends by itself carries what follows and when; reading it at a later time shows what followed. So a
state moves without a timer, and goes on moving through a restart.
"""

import dataclasses
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

DELETED = "deleted"
"""The kind of the record of a version that is gone, and was up."""

GONE = "GONE"


@dataclass(frozen=True, slots=True)
class Timings:
    """How long states last, in seconds; a training lasts as long as it takes, and `training` at least."""

    project: float = 0.5
    dataset: float = 1.0
    training: float = 2.0
    start: float = 4.0
    stop: float = 2.0
    delete: float = 0.5
    copy: float = 2.0
    scale: float = 30.0

    def scaled(self, pace: float) -> "Timings":
        """These times multiplied by `pace`."""
        return Timings(**{name: value * pace for name, value in dataclasses.asdict(self).items()})


REAL_TIMINGS = Timings(
    project=2, dataset=60, training=30 * 60, start=15 * 60, stop=3 * 60, delete=10, copy=5 * 60, scale=5 * 60
)
"""About as long as on AWS: of a training the shortest that the guide tells, of a start what users report."""


@dataclass(frozen=True, slots=True)
class Status:
    """A state and, where one follows by itself, that one and when (seconds since 1970).

    Where none follows, `due` is when this one began.
    """

    now: str
    then: str | None = None
    due: float = 0.0

    def at(self, time: float) -> str:
        """The state at `time`."""
        return self.then if self.then is not None and time >= self.due else self.now


class Usage(NamedTuple):
    """From when on (seconds since 1970) how many inference units of a model are up."""

    at: float
    units: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A project's policy; times in seconds since 1970."""

    name: str
    document: str
    revision: str
    created: float
    updated: float


@dataclass(frozen=True, slots=True)
class Project:
    arn: str
    name: str
    region: str
    created: float
    status: Status
    feature: str = "CUSTOM_LABELS"
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)


_RUNNING = {
    "CREATE_IN_PROGRESS": "The dataset is being created.",
    "UPDATE_IN_PROGRESS": "The dataset is being updated.",
    "DELETE_IN_PROGRESS": "The dataset is being deleted.",
}


@dataclass(frozen=True, slots=True)
class Dataset:
    arn: str
    project: str
    type: str
    created: float
    updated: float
    status: Status
    message: str = ""
    message_code: str = "SUCCESS"
    labels: tuple[str, ...] = ()
    counts: tuple[tuple[int, int], ...] = ()
    """Of each label, entries that have it, and entries that have a box of it."""
    entries: int = 0
    labelled: int = 0
    faulty: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def shown_status(self) -> dict[str, str]:
        """Status, message and its code as an answer has them: how it ended is told when it has."""
        now = self.status.now
        running = now.endswith("_IN_PROGRESS")
        return {
            "Status": now,
            "StatusMessage": _RUNNING[now] if running else self.message,
            "StatusMessageCode": "SUCCESS" if running else self.message_code,
        }


@dataclass(frozen=True, slots=True)
class Version:
    arn: str
    project: str
    name: str
    created: float
    status: Status
    bucket: str
    prefix: str
    training_images: int = 0
    testing_images: int = 0
    description: str | None = None
    kms_key: str | None = None
    message: str | None = None
    ended: float | None = None
    billable_seconds: int | None = None
    f1: float | None = None
    labels: tuple[str, ...] = ()
    outputs: dict[str, str] = field(default_factory=dict)
    """Key in `bucket` of each file that the training wrote, by kind (EvaluationResultSummary ...)."""
    given: dict[str, Any] = field(default_factory=dict)
    """TrainingData and TestingData of a training with manifests of its own, as they were passed."""
    source: str | None = None
    """ARN of the version that this one is a copy of."""
    min_units: int | None = None
    max_units: int | None = None
    usage: tuple[Usage, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def trained(self) -> bool:
        return self.f1 is not None


Resource = TypeVar("Resource", Project, Dataset, Version)


def to_document(resource: Project | Dataset | Version) -> dict[str, Any]:
    return dataclasses.asdict(resource)


def from_document(kind: type[Resource], document: dict[str, Any]) -> Resource:
    values = dict(document)
    values["status"] = Status(**values["status"])
    if "policies" in values:
        values["policies"] = {name: Policy(**policy) for name, policy in values["policies"].items()}
    if "usage" in values:
        values["usage"] = tuple(Usage(*change) for change in values["usage"])
    if "counts" in values:
        values["counts"] = tuple((entries, boxes) for entries, boxes in values["counts"])
    if "labels" in values:
        values["labels"] = tuple(values["labels"])
    return kind(**values)


def settle(resource: Resource, time: float) -> Resource | None:
    """`resource` as it stands at `time`; None once it is deleted."""
    status = resource.status.at(time)
    if status == GONE:
        return None
    return (
        replace(resource, status=Status(status, due=resource.status.due)) if status != resource.status.now else resource
    )


STATE_TAG = "customlabels:local-state"
_AGED = {"EXPIRED", "DEPRECATED"}
_AT_REST = {"TRAINING_COMPLETED", "STOPPED", "FAILED", "COPYING_COMPLETED"}


def aged(resource: Resource) -> Resource:
    """A version in the state that its tag says only time would bring about; everything else as it is."""
    if not isinstance(resource, Version) or resource.status.now not in _AT_REST:
        return resource
    if resource.tags.get(STATE_TAG) in _AGED:
        return replace(resource, status=Status(resource.tags[STATE_TAG], due=resource.status.due))
    return resource

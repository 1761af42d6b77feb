"""What every operation works on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.customlabels.lag import Past
from customlabels.emulator.customlabels.state import (
    Dataset,
    Project,
    Resource,
    Status,
    Timings,
    Version,
    aged,
    from_document,
    settle,
    to_document,
)
from customlabels.emulator.server.refusals import Refusal, not_found
from customlabels.emulator.server.store import Store

if TYPE_CHECKING:
    from customlabels.emulator.eventbridge.deliveries import Due

KINDS: dict[type, str] = {Project: "project", Dataset: "dataset", Version: "version"}


@dataclass(frozen=True, slots=True)
class Context:
    """The store and the clock that an operation sees, and the region it was called in.

    `train` is called with the ARN of a version that waits for its training; `rate` is how many requests a second an
    inference unit takes.
    """

    store: Store
    region: str
    timings: Timings
    train: Callable[[str], None]
    clock: Callable[[], float] = field(default=time.time)
    rate: float = 5.0
    past: Past | None = None
    """What is answered where answers lag."""
    tell: Callable[["Due"], None] = lambda due: None
    """Hands over to another service, by and by."""

    def arn(self, *parts: str) -> str:
        """A new ARN; it ends in the time in milliseconds, moved on where that one is taken."""
        stem = ":".join(("arn", "aws", "rekognition", self.region, DEFAULT_ACCOUNT_ID, "/".join(parts)))
        millis = int(self.clock() * 1000)
        while self.store.get_resource(f"{stem}/{millis}") is not None:
            millis += 1
        return f"{stem}/{millis}"

    @staticmethod
    def created(arn: str) -> float:
        """When the resource was made, in seconds since 1970: its ARN says so."""
        return int(arn.rpartition("/")[2]) / 1000

    def until(self, now: str, then: str, seconds: float) -> Status:
        return Status(now, then, self.clock() + seconds)

    def save(self, resource: Project | Dataset | Version) -> None:
        parent = resource.region if isinstance(resource, Project) else resource.project
        self.store.put_resource(resource.arn, KINDS[type(resource)], parent, to_document(resource))

    def find(self, kind: type[Resource], arn: str) -> Resource:
        """The resource as it stands now, a version with a tag about its state as that says.

        Raises
        ------
        Refusal : ResourceNotFoundException
        """
        return aged(self.held(kind, arn))

    def held(self, kind: type[Resource], arn: str) -> Resource:
        """The resource as it is kept, to be changed and kept again.

        Raises
        ------
        Refusal : ResourceNotFoundException
        """
        document = self.store.get_resource(arn)
        if self.past is not None:
            document = self.past.document(arn, document)
        resource = self._settled(kind, document) if document is not None else None
        if resource is None or f":{self.region}:" not in arn:
            raise not_found(f"The resource {arn} does not exist.")
        return resource

    def all(self, kind: type[Resource], parent: str) -> list[Resource]:
        """The resources of that kind below `parent` (a project's ARN; for projects the region), newest first."""
        documents = self.store.resources(KINDS[kind], parent)
        if self.past is not None:
            documents = self.past.documents(KINDS[kind], parent, documents)
        settled = [self._settled(kind, document) for document in documents]
        present = [aged(resource) for resource in settled if resource is not None]
        return sorted(present, key=lambda resource: (resource.created, resource.arn), reverse=True)

    def _settled(self, kind: type[Resource], document: dict[str, Any]) -> Resource | None:
        resource = from_document(kind, document)
        settled = settle(resource, self.clock() if self.past is None else self.past.moment())
        if settled is None and self.past is None:
            self.store.delete_resource(resource.arn)
        return settled


def page(items: list[Any], parameters: dict[str, Any], most: int = 100) -> tuple[list[Any], str | None]:
    """The page that NextToken and MaxResults ask for, and the token of the next one.

    Raises
    ------
    Refusal : InvalidPaginationTokenException
    """
    token = parameters.get("NextToken") or "0"
    if not token.isdecimal() or int(token) > len(items):
        raise Refusal("InvalidPaginationTokenException", "The pagination token is not valid.")
    start = int(token)
    end = start + parameters.get("MaxResults", most)
    return items[start:end], str(end) if end < len(items) else None

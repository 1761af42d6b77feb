"""Answers that lag behind writes, as those of a service that is spread over many machines may.

What a resource was is remembered for as long as answers lag; what asks for it is shown the state of so long ago.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Before:
    """What a resource was until a moment; no document where there was none."""

    until: float
    arn: str
    kind: str
    parent: str
    document: Document | None


class Past:
    """Remembers changes of resources for `seconds` of the service's time."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._changes: deque[_Before] = deque()
        self._lock = threading.Lock()

    def note(self, arn: str, kind: str, parent: str, before: Document | None) -> None:
        """Takes note of a change that is being made."""
        now = self._clock()
        with self._lock:
            self._changes.append(_Before(now, arn, kind, parent, before))
            while self._changes[0].until < now - self._seconds:
                self._changes.popleft()

    def moment(self) -> float:
        """The time that answers are of."""
        return self._clock() - self._seconds

    def documents(self, kind: str, parent: str, now: list[Document]) -> list[Document]:
        """The documents of that kind below `parent` as they were, given those that there are."""
        documents = {document["arn"]: document for document in now}
        for change in self._since(self.moment()):
            if (change.kind, change.parent) == (kind, parent):
                if change.document is None:
                    documents.pop(change.arn, None)
                else:
                    documents[change.arn] = change.document
        return list(documents.values())

    def document(self, arn: str, now: Document | None) -> Document | None:
        """The document as it was, given that which there is."""
        held = now
        for change in self._since(self.moment()):
            if change.arn == arn:
                held = change.document
        return held

    def _since(self, moment: float) -> list[_Before]:
        """Changes after a moment, newest first."""
        with self._lock:
            return [change for change in reversed(self._changes) if change.until > moment]

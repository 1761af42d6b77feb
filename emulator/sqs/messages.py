"""Messages of a queue: those that can be received, and those that cannot yet, apart.

moto has one list, which every request to the queue reads whole, several times. Here a message is found by its number or
by a receipt, and those whose time comes next are the first of a heap. Times are milliseconds since 1970.
"""

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any


class Messages:
    """moto's messages; one comes to the end of those that can be received when its time is up."""

    def __init__(self, messages: Iterable[Any] = ()) -> None:
        self._ready: OrderedDict[str, Any] = OrderedDict()
        self._hidden: dict[str, Any] = {}
        self._times: list[tuple[float, str]] = []
        self._receipts: dict[str, str] = {}
        self._sent = 0
        for message in messages:
            self.append(message)

    def __iter__(self) -> Iterator[Any]:
        yield from self._hidden.values()
        yield from self._ready.values()

    def __len__(self) -> int:
        return len(self._ready) + len(self._hidden)

    def append(self, message: Any) -> None:
        self._sent += 1
        message.customlabels_place = self._sent
        self.changed(message)

    def remove(self, message: Any) -> None:
        """Forgets a message and its receipts."""
        self._ready.pop(message.id, None)
        self._hidden.pop(message.id, None)
        for receipt in message.all_receipt_handles:
            self._receipts.pop(receipt, None)

    def changed(self, message: Any) -> None:
        """Takes note that a message came, was received, or is to be seen at another time."""
        if message.receipt_handle:
            self._receipts[message.receipt_handle] = message.id
        self._ready.pop(message.id, None)
        at = _time(message)
        if at > 0.0:
            self._hidden[message.id] = message
            heapq.heappush(self._times, (at, message.id))
        else:
            self._ready[message.id] = message

    def of_number(self, number: str) -> Any:
        """The message with that number; None without one."""
        return self._ready.get(number) or self._hidden.get(number)

    def of_receipt(self, receipt: str) -> Any:
        """The message that a receipt, old or new, was given for; None without one."""
        return self.of_number(self._receipts.get(receipt, ""))

    def ready(self, now: float) -> OrderedDict[str, Any]:
        """What can be received, by number, that which waits longest first; not to be changed."""
        while self._times and self._times[0][0] < now:
            at, number = heapq.heappop(self._times)
            message = self._hidden.get(number)
            if message is not None and _time(message) == at:
                del self._hidden[number]
                self._ready[number] = message
        return self._ready

    def counts(self, now: float) -> tuple[int, int, int]:
        """How many can be received, are with a receiver, and are delayed; nothing is changed by looking."""
        times = [(message.delayed_until, message.visible_at) for message in list(self._hidden.values())]
        delayed = sum(until > now for until, _ in times)
        back = sum(max(time) < now for time in times)
        return len(self._ready) + back, len(times) - delayed - back, delayed

    def oldest(self) -> float | None:
        """When the oldest was sent, in seconds since 1970; None without one."""
        held = [*list(self._hidden.values()), *list(self._ready.values())]
        return min((message.sent_timestamp / 1000 for message in held), default=None)


def _time(message: Any) -> float:
    """From when on it can be received."""
    return float(max(message.visible_at, message.delayed_until))

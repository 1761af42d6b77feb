"""The states of moto's services, kept as they are: read from disk when a service is first asked for, written after
every change.

Services that hold much (tables, queues, datapoints, logs) are not written whole after each change of a little: such a
request is journalled, and their state is written when what was journalled would take long to do again. Which services a
request reached is seen as moto looks their backends up. Source of moto's names: moto.core.base_backend.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BaseBackend

from customlabels.emulator.server import pickles
from customlabels.emulator.server.address import BLOBS_FOLDER
from customlabels.emulator.server.seams import replace
from customlabels.emulator.server.store import Request, Store

JOURNALLED = frozenset(
    f"moto.{service}.models" for service in ("cloudwatch", "dynamodb", "events", "logs", "sns", "sqs", "ssm")
)
"""Modules of the services that hold much, and of those whose requests make them hold more."""

_LEAST_REPLAY, _MOST_REPLAY = 0.4, 1.0
"""Processor seconds of work that the journal may hold; where writing a state takes long, up to the latter."""

_MOST_RECEIPTS = 10_000
"""Messages of a queue whose deletion may be asked for again."""

log = logging.getLogger(__name__)


class _Thread(threading.local):
    reached: set[str] | None = None


_thread = _Thread()


class Snapshots:
    """Keeps the states of moto's services in `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = store.folder / BLOBS_FOLDER
        self._folder.mkdir(exist_ok=True)
        self._filling = threading.RLock()
        self._names: dict[int, str] = {}
        self._backends: dict[str, BaseBackend] = {}
        self._written: dict[str, bytes] = {}
        self._unwritten: set[str] = set()
        self._journal_seconds = self._writing_seconds = 0.0
        look_up = AccountSpecificBackend.__getitem__

        def get(backends: AccountSpecificBackend[Any], region: str) -> Any:
            backend = look_up(backends, region)
            self._meet(backend)
            return backend

        replace("moto.core.base_backend:AccountSpecificBackend.__getitem__", get)
        # Every instance of a model would be kept for as long as the process lives.
        replace("moto.core.common_models:BaseModel.__new__", lambda kind, *_, **__: object.__new__(kind))

    @contextmanager
    def watching(self) -> Iterator[set[str]]:
        """The names of the backends that the block reaches, as it reaches them."""
        before, _thread.reached = _thread.reached, set()
        try:
            yield _thread.reached
        finally:
            _thread.reached = before

    def _meet(self, backend: BaseBackend) -> None:
        """Fills a backend that is looked up for the first time with what was kept of it."""
        name = self._names.get(id(backend)) or self._fill(backend)
        if _thread.reached is not None:
            _thread.reached.add(name)

    def _fill(self, backend: BaseBackend) -> str:
        name = pickles.name_of(backend)
        with self._filling:
            if name in self._backends:
                # It is being filled: what it holds names it.
                return name
            self._backends[name] = backend
            kept = self._store.backend(name)
            if kept is not None:
                state = pickles.loads(kept, self._folder)
                backend.__dict__.clear()
                backend.__dict__.update(state)
                self._written[name] = _digest(kept)
            _restored(backend)
            self._names[id(backend)] = name
        return name

    def fill(self, services: tuple[str, ...]) -> None:
        """Brings in what was kept of services that act by themselves, given the modules of their models."""
        for name in self._store.backends():
            if name.startswith(services):
                pickles.backend_of(name)

    def keep(self, reached: set[str], request: Request | None, seconds: float) -> None:
        """Has a change on disk with the transaction that it is in.

        Parameters
        ----------
        reached : the backends that it reached
        request : what does it again; None where nothing does
        seconds : of a processor that it took
        """
        much = {name for name in reached if name.partition(":")[0] in JOURNALLED}
        changed = {name: state for name in reached - much if (state := self._differs(name))}
        if much and request is not None and not changed:
            self._store.add_request(request)
            self._unwritten |= much
            self._journal_seconds += seconds
            if self._journal_seconds > max(_LEAST_REPLAY, min(self._writing_seconds, _MOST_REPLAY)):
                self.write()
        elif much:
            self._unwritten |= much
            self.write()
        for name, kept in changed.items():
            self._put(name, *kept)

    def write(self) -> None:
        """Writes every state that differs from what is on disk; the journal is empty then."""
        with self._store.transaction():
            began = time.thread_time()
            for name in self._unwritten:
                difference = self._differs(name)
                if difference is not None:
                    self._put(name, *difference)
            self._store.clear_requests()
            self._unwritten = set()
            self._journal_seconds, self._writing_seconds = 0.0, time.thread_time() - began
            self._store.after(self._store.shrink)

    def replayed(self, seconds: float, reached: set[str]) -> None:
        """Takes note of what was done again, which is still in the journal."""
        self._unwritten |= {name for name in reached if name.partition(":")[0] in JOURNALLED}
        self._journal_seconds += seconds

    def sweep(self) -> None:
        """Deletes files that no state names any more."""
        if self._folder.exists():
            named = self._store.blobs()
            for path in self._folder.iterdir():
                if path.name not in named:
                    path.unlink(missing_ok=True)

    def _differs(self, name: str) -> tuple[bytes, set[str]] | None:
        """A backend's state, where it is not what is on disk."""
        _trim(self._backends[name])
        state, blobs = pickles.dumps_with_blobs(self._backends[name].__dict__, self._folder)
        return None if self._written.get(name) == _digest(state) else (state, blobs)

    def _put(self, name: str, state: bytes, blobs: set[str]) -> None:
        self._store.put_backend(name, state, blobs)
        self._store.after(lambda: self._written.__setitem__(name, _digest(state)))


def _digest(state: bytes) -> bytes:
    return hashlib.blake2b(state).digest()


def _trim(backend: BaseBackend) -> None:
    """Lets go of what moto notes for its own tests, or for ever."""
    module = type(backend).__module__
    if module == "moto.sns.models":
        for topic in backend.topics.values():
            topic.sent_notifications.clear()
    elif module == "moto.sqs.models":
        for queue in backend.queues.values():
            if len(queue.deleted_messages) > _MOST_RECEIPTS:
                queue.deleted_messages.clear()


def _restored(backend: BaseBackend) -> None:
    """Sees to what moto notes of a state outside of it."""
    if type(backend).__module__ == "moto.s3.models":
        from moto.s3.models import s3_backends

        for bucket in backend.buckets.values():
            s3_backends.bucket_accounts[bucket.name] = (bucket.partition, bucket.account_id)

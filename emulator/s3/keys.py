"""The keys of moto's buckets as they are on disk: read when they are asked for, written when a change ends.

moto holds every object of every bucket in memory, and copies them all to list some. Here a bucket's keys are rows. In
a change those that it looks at are held, as moto changes them in place; what differs at its end is written. Source of
moto's names: moto.s3.models (FakeBucket, FakeKey, FakeDeleteMarker, FakeMultipart), moto.s3.utils (_VersionedKeyStore).
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey

from customlabels.emulator.s3 import bodies
from customlabels.emulator.s3.bodies import Body
from customlabels.emulator.server import pickles
from customlabels.emulator.server.seams import replace
from customlabels.emulator.server.store import ObjectRow, Store

Version: TypeAlias = FakeKey | FakeDeleteMarker

_BATCH = 500
_NOT_KEPT = ("_value_buffer", "lock", "multipart")


class _Change:
    """What a change has looked at: versions by bucket and key, and their rows as they are on disk."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], list[Version]] = {}
        self.rows: dict[tuple[str, str], list[ObjectRow]] = {}
        self.made: set[str] = set()
        self.dropped: set[str] = set()


class _Thread(threading.local):
    change: _Change | None = None


_thread = _Thread()
_store: Store


def install(store: Store) -> None:
    """Makes moto's buckets keep their keys in `store`."""
    global _store
    _store = store
    replace("moto.s3.models:FakeBucket.keys", property(lambda bucket: StoredKeys(bucket.name), _ignored))
    replace("moto.s3.models:FakeKey.value", property(_content, _set_content))
    replace("moto.s3.models:FakeKey.dispose", _dispose)
    replace("moto.s3.models:FakeKey.__del__", lambda key: None)
    replace("moto.s3.models:FakeKey.__getstate__", _state)
    replace("moto.s3.models:FakeKey.__setstate__", _set_state)


@contextmanager
def changing() -> Iterator[None]:
    """What the block changes of buckets' keys is on disk with the transaction that it is in; nothing of it where the
    block raises."""
    if _thread.change is not None:
        yield
        return
    change = _thread.change = _Change()
    try:
        yield
        _flush(change)
    except BaseException:
        _delete(change.made)
        raise
    finally:
        _thread.change = None
    dropped = change.dropped
    if dropped:
        _store.after(lambda: _delete(dropped))


def forget() -> None:
    """Lets go of what the change under way did to keys."""
    change = _thread.change
    if change is not None:
        change.held, change.rows = {}, {}
        change.dropped = set(change.made)


def _delete(names: set[str]) -> None:
    for name in names:
        bodies.delete(_store.folder, name)


class StoredKeys:
    """The keys of one bucket, with the methods of moto's own store of them."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def getlist(self, key: str, default: Any = None) -> Any:
        versions = self._held(key)
        return versions or default

    def setlist(self, key: str, versions: Any) -> None:
        held = self._held(key)
        held[:] = versions if isinstance(versions, list | tuple) else [versions]

    def __getitem__(self, key: str) -> Version:
        versions = self._held(key)
        if not versions:
            raise KeyError(key)
        return versions[-1]

    def __setitem__(self, key: str, version: Version) -> None:
        self._held(key).append(version)

    def get(self, key: str, default: Any = None) -> Any:
        versions = self._held(key)
        return versions[-1] if versions else default

    def pop(self, key: str) -> None:
        versions = self._held(key)
        if not versions:
            raise KeyError(key)
        versions.clear()

    def __contains__(self, key: str) -> bool:
        change = _thread.change
        if change is not None and (self._bucket, key) in change.held:
            return bool(change.held[self._bucket, key])
        return _store.has_object(self._bucket, key)

    def __bool__(self) -> bool:
        _flush(_thread.change)
        return _store.has_objects(self._bucket)

    def __len__(self) -> int:
        _flush(_thread.change)
        return _store.count_objects(self._bucket)[0]

    def item_size(self) -> int:
        _flush(_thread.change)
        return _store.count_objects(self._bucket)[1]

    def __iter__(self) -> Iterator[str]:
        _flush(_thread.change)
        start = ""
        while keys := _store.object_keys(self._bucket, start, _BATCH):
            yield from keys
            start = keys[-1] + "\0"

    def iterlists(self) -> Iterator[tuple[str, list[Version]]]:
        return ((key, self._held(key)) for key in self)

    def items(self) -> Iterator[tuple[str, Version]]:
        return ((key, self[key]) for key in self)

    def values(self) -> Iterator[Version]:
        return (self[key] for key in self)

    def _held(self, key: str) -> list[Version]:
        """Every version of a key, oldest first; in a change, the list that is written when it ends."""
        change = _thread.change
        if change is None:
            return [*_versions(_store.object_versions(self._bucket, key))]
        if (self._bucket, key) not in change.held:
            rows = _store.object_versions(self._bucket, key)
            change.rows[self._bucket, key], change.held[self._bucket, key] = rows, [*_versions(rows)]
        return change.held[self._bucket, key]


def _flush(change: _Change | None) -> None:
    """Brings the disk in line with what a change holds."""
    if change is None:
        return
    kept: set[str] = set()
    for (bucket, key), versions in change.held.items():
        before, rows = change.rows[bucket, key], [_row(version) for version in versions]
        kept |= {row.body for row in rows if row.body}
        if rows != before:
            _store.replace_object(bucket, key, rows)
            change.rows[bucket, key] = rows
            change.dropped |= {row.body for row in before if row.body}
    change.dropped = (change.dropped | change.made) - kept


def _row(version: Version) -> ObjectRow:
    about = [version.last_modified.isoformat(), version._version_id]
    if isinstance(version, FakeDeleteMarker):
        state = {name: value for name, value in version.__dict__.items() if name != "key"}
        return ObjectRow(None, 0, json.dumps(about), pickles.dumps(state))
    body: Body = version.customlabels_body
    about += [version.etag.strip('"'), version.storage_class, version.checksum_algorithm]
    return ObjectRow(body.name, body.size, json.dumps(about), pickles.dumps(_state(version)))


def _versions(rows: list[ObjectRow]) -> Iterator[Version]:
    previous: Version | None = None
    for row in rows:
        state = pickles.loads(row.state)
        version: Version = object.__new__(FakeKey if row.body else FakeDeleteMarker)
        if isinstance(version, FakeKey):
            version.__setstate__(state)
        else:
            version.__dict__.update(state, key=previous)
        yield version
        previous = version


def listed(bucket: FakeBucket, key: str, size: int, about: str) -> FakeKey:
    """An object as far as a listing shows it."""
    modified, version, etag, storage, algorithm = json.loads(about)
    shown: FakeKey = object.__new__(FakeKey)
    shown.__dict__.update(
        name=key,
        bucket_name=bucket.name,
        last_modified=datetime.fromisoformat(modified),
        contentsize=size,
        checksum_algorithm=algorithm,
        _version_id=version,
        _etag=etag,
        _storage_class=storage,
    )
    return shown


def listed_marker(key: str, about: str) -> FakeDeleteMarker:
    """A delete marker as far as a listing shows it."""
    modified, version = json.loads(about)
    shown: FakeDeleteMarker = object.__new__(FakeDeleteMarker)
    shown.__dict__.update(name=key, last_modified=datetime.fromisoformat(modified), _version_id=version)
    return shown


def _content(key: FakeKey) -> bytes:
    return bodies.read(_store.folder, key.customlabels_body.name)


def _set_content(key: FakeKey, content: bytes | str) -> None:
    body = bodies.write(_store.folder, content.encode() if isinstance(content, str) else content)
    if _thread.change is not None and not _is_part(key):
        _thread.change.made.add(body.name)
    key.__dict__.update(customlabels_body=body, contentsize=body.size)
    if key._etag is None:
        key._etag = body.md5


def _is_part(key: FakeKey) -> bool:
    """Whether it is a part of an upload, which moto keeps as an object named by its number."""
    return isinstance(key.name, int)


def _dispose(key: FakeKey, **_: Any) -> None:
    """Deletes a part's body once the change is on disk; an object's goes with its row."""
    if _is_part(key):
        name = key.customlabels_body.name
        _store.after(lambda: bodies.delete(_store.folder, name))


def _state(key: FakeKey) -> dict[str, Any]:
    return {**{name: value for name, value in key.__dict__.items() if name not in _NOT_KEPT}, "multipart": None}


def _set_state(key: FakeKey, state: dict[str, Any]) -> None:
    key.__dict__.update(state, lock=threading.Lock())


def _ignored(_: Any, __: Any) -> None:
    """Takes the place of an assignment in one of moto's constructors."""


def sweep(store: Store) -> None:
    """Deletes bodies that nothing names any more: their change was cut off by the death of the process."""
    before = bodies.names(store.folder)
    named = store.object_bodies() | _parts()
    for name in before - named:
        bodies.delete(store.folder, name)


def _parts() -> set[str]:
    """The bodies of parts of uploads under way."""
    from customlabels.emulator.s3.objects import backend

    uploads = [upload for bucket in backend().buckets.values() for upload in bucket.multiparts.values()]
    return {part.customlabels_body.name for upload in uploads for part in upload.parts.values()}

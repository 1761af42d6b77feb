"""Listings of buckets, a page at a time from the disk: what a page costs depends on the page alone.

Source of moto's names: moto.s3.models (S3Backend.list_objects …); of the order, of what a delimiter does and of what
counts as an item: S3 API reference, ListObjectsV2, ListObjects and ListObjectVersions.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from moto.s3.exceptions import InvalidContinuationToken
from moto.s3.models import FakeDeleteMarker, FakeKey

from customlabels.emulator.s3.keys import listed, listed_marker
from customlabels.emulator.server.seams import replace
from customlabels.emulator.server.store import Store

_LAST = "\U0010ffff"
_BATCH = 1000
_OLDEST = 1 << 62

_store: Store


def install(store: Store) -> None:
    """Makes moto list what `store` holds."""
    global _store
    _store = store
    replace("moto.s3.models:S3Backend.list_objects", _list_objects)
    replace("moto.s3.models:S3Backend.list_objects_v2", _list_objects_v2)
    replace("moto.s3.models:S3Backend.list_object_versions", _list_object_versions)


def _items(bucket: Any, prefix: str, delimiter: str | None, after: str) -> Iterator[FakeKey | str]:
    """Objects, and what a delimiter rolls up to one item, in order from behind `after`."""
    start = max(prefix, after + "\0" if after else "")
    if delimiter and after and after.startswith(prefix) and after.endswith(delimiter) and len(after) > len(prefix):
        # Behind all that is rolled up to it.
        start = after + _LAST
    end = prefix + _LAST if prefix else None
    while rows := _store.listed_objects(bucket.name, start, end, _BATCH):
        for key, size, about in rows:
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                rolled = prefix + rest.partition(delimiter)[0] + delimiter
                yield rolled
                start = rolled + _LAST
                break
            yield listed(bucket, key, size, about)
        else:
            start = rows[-1][0] + "\0"


def _page(items: Iterator[FakeKey | str], most: int) -> tuple[list[Any], bool]:
    shown: list[Any] = []
    if most <= 0:
        return shown, False
    for item in items:
        if len(shown) == most:
            return shown, True
        shown.append(item)
    return shown, False


def _name(item: FakeKey | str) -> str:
    return item if isinstance(item, str) else str(item.name)


def _list_objects(
    _: Any, bucket: Any, prefix: str | None, delimiter: str | None, marker: str | None, max_keys: int | None
) -> tuple[list[FakeKey], list[str], bool, str | None]:
    items, more = _page(_items(bucket, prefix or "", delimiter, marker or ""), 1000 if max_keys is None else max_keys)
    rolled = [item for item in items if isinstance(item, str)]
    objects = [item for item in items if not isinstance(item, str)]
    return objects, rolled, more, _name(items[-1]) if more else None


def _list_objects_v2(
    _: Any,
    bucket: Any,
    prefix: str | None,
    delimiter: str | None,
    continuation_token: str | None,
    start_after: str | None,
    max_keys: int,
) -> tuple[list[FakeKey | str], bool, str | None]:
    after = _read_token(continuation_token) if continuation_token else start_after or ""
    items, more = _page(_items(bucket, prefix or "", delimiter, after), min(max_keys, 1000))
    token = base64.urlsafe_b64encode(_name(items[-1]).encode()).decode() if more else None
    return items, more, token


def _read_token(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidContinuationToken from error


def _list_object_versions(
    backend: Any,
    bucket_name: str,
    delimiter: str | None = None,
    key_marker: str | None = None,
    max_keys: int | None = 1000,
    prefix: str = "",
    version_id_marker: str | None = None,
) -> tuple[list[FakeKey], list[str], list[FakeDeleteMarker], str | None, str | None]:
    bucket, most = backend.get_bucket(bucket_name), 1000 if max_keys is None else min(max_keys, 1000)
    shown: list[FakeKey | FakeDeleteMarker] = []
    rolled: list[str] = []
    last: tuple[str, str | None] | None = None
    for item in _versions(bucket, prefix or "", delimiter, key_marker or "", version_id_marker):
        if len(shown) + len(rolled) >= most:
            break
        if isinstance(item, str):
            rolled.append(item)
            last = item, None
        else:
            shown.append(item)
            last = item.name, item.version_id
    else:
        last = None
    keys = [version for version in shown if isinstance(version, FakeKey)]
    markers = [version for version in shown if isinstance(version, FakeDeleteMarker)]
    return keys, rolled, markers, *(last or (None, None))


def _versions(
    bucket: Any, prefix: str, delimiter: str | None, key_marker: str, version_marker: str | None
) -> Iterator[FakeKey | FakeDeleteMarker | str]:
    key, below = _start(bucket.name, prefix, delimiter, key_marker, version_marker)
    while rows := _store.listed_versions(bucket.name, key, below, _BATCH):
        for key, below, latest, body, size, about in rows:
            if not key.startswith(prefix):
                if key > prefix:
                    return
                continue
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                rolled = prefix + rest.partition(delimiter)[0] + delimiter
                yield rolled
                key, below = rolled + _LAST, _OLDEST
                break
            version = listed(bucket, key, size, about) if body else listed_marker(key, about)
            version.is_latest = bool(latest)
            yield version


def _start(
    bucket: str, prefix: str, delimiter: str | None, key_marker: str, version_marker: str | None
) -> tuple[str, int]:
    """The key to begin with, and the position that its versions lie below."""
    if not key_marker:
        return prefix, _OLDEST
    if version_marker:
        for key, position, _, _, _, about in _store.listed_versions(bucket, key_marker, _OLDEST, _BATCH):
            if key == key_marker and (json.loads(about)[1] or "null") == version_marker:
                return key, position
    if delimiter and key_marker.endswith(delimiter) and len(key_marker) > len(prefix):
        return key_marker + _LAST, _OLDEST
    return key_marker, 0

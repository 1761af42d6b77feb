"""moto's S3 kept on disk: objects as rows, bucket settings as journalled requests.

Source of moto's names: moto.s3.models (S3Backend, FakeKey, FakeDeleteMarker).
"""

import sqlite3
from datetime import datetime
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.exceptions import MissingBucket, S3ClientError
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends

from customlabels.core.addresses import S3Address
from customlabels.emulator.server.store import Store

_KEPT = (
    "encryption",
    "kms_key_id",
    "bucket_key_enabled",
    "lock_mode",
    "lock_legal_status",
    "lock_until",
    "checksum_value",
    "checksum_type",
    "checksum_parts",
)


def backend() -> S3Backend:
    """moto's S3 of the one account there is."""
    found: S3Backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    return found


def bucket_region(name: str) -> str | None:
    """The region of the bucket; None where there is no such bucket."""
    try:
        return str(backend().get_bucket(name).region_name)
    except MissingBucket:
        return None


def read(address: S3Address, version: str | None = None) -> bytes | None:
    """The object's bytes; None where there is no such bucket, key or version."""
    try:
        key = backend().get_object(address.bucket, address.key, version_id=version)
    except S3ClientError:
        return None
    return bytes(key.value) if isinstance(key, FakeKey) else None


def write(store: Store, address: S3Address, body: bytes) -> None:
    """Puts an object as the service itself does, on disk when this returns."""
    backend().put_object(address.bucket, address.key, body)
    keep_object(store, address.bucket, address.key)


def keep_object(store: Store, bucket: str, key: str) -> None:
    """Copies to disk what moto holds of one object.

    Raises
    ------
    sqlite3.Error : it could not be written; moto holds what is on disk then
    """
    held = _bucket(bucket)
    versions = held.keys.getlist(key, []) if held else []
    try:
        store.replace_object(bucket, key, [_row(version) for version in versions])
    except sqlite3.Error:
        _restore_object(store, bucket, key)
        raise


def _restore_object(store: Store, bucket: str, key: str) -> None:
    """Brings moto back to what is on disk of one object."""
    held = _bucket(bucket)
    if held is None:
        return
    if held.keys.getlist(key):
        held.keys.pop(key)
    for about, body in store.object_versions(bucket, key):
        held.keys[key] = _object(bucket, key, about, body)


def keep_bucket(store: Store, bucket: str) -> None:
    """Brings the disk in line with the bucket's keys after a change of many."""
    held = _bucket(bucket)
    keys = set(held.keys._self_iterable()) if held else set()
    store.delete_objects_but(bucket, keys)
    if held and held.versioning_status:
        for key in keys:
            keep_object(store, bucket, key)


def load(store: Store) -> None:
    """Fills moto's buckets that are empty from disk; the buckets must be there already."""
    empty = {bucket for bucket in store.object_buckets() if (held := _bucket(bucket)) is not None and not held.keys}
    if empty:
        for bucket, key, about, body in store.objects():
            if bucket in empty:
                backend().get_bucket(bucket).keys[key] = _object(bucket, key, about, body)


def unload(bucket: str) -> None:
    """Empties one of moto's buckets, which is about to be deleted; the disk is left as it is."""
    held = _bucket(bucket)
    if held is not None:
        held.keys.clear()


def _bucket(name: str) -> FakeBucket | None:
    try:
        found: FakeBucket = backend().get_bucket(name)
    except MissingBucket:
        return None
    return found


def _row(version: FakeKey | FakeDeleteMarker) -> tuple[dict[str, Any], bytes | None]:
    about: dict[str, Any] = {"version_id": version._version_id, "modified": version.last_modified.isoformat()}
    if isinstance(version, FakeDeleteMarker):
        return about, None
    about |= {name: getattr(version, name) for name in _KEPT}
    about |= {
        "etag": version.etag.strip('"'),
        "storage": version.storage_class,
        "versioned": version._is_versioned,
        "metadata": {name: str(value) for name, value in version.metadata.items()},
        "checksum_algorithm": version.checksum_algorithm,
        "tags": backend().tagger.get_tag_dict_for_resource(version.arn),
    }
    return about, version.value


def _object(bucket: str, key: str, about: dict[str, Any], body: bytes | None) -> FakeKey | FakeDeleteMarker:
    modified = datetime.fromisoformat(about["modified"])
    if body is None:
        marker = FakeDeleteMarker(FakeKey(key, b"", DEFAULT_ACCOUNT_ID, "us-east-1", bucket_name=bucket))
        marker._version_id, marker.last_modified = about["version_id"], modified
        return marker
    loaded = FakeKey(
        key,
        body,
        DEFAULT_ACCOUNT_ID,
        bucket_region(bucket) or "us-east-1",
        storage=about["storage"],
        etag=about["etag"],
        is_versioned=about["versioned"],
        version_id=about["version_id"],
        bucket_name=bucket,
        **{name: about[name] for name in _KEPT},
    )
    loaded.last_modified, loaded.checksum_algorithm = modified, about["checksum_algorithm"]
    loaded.set_metadata(about["metadata"])
    if about["tags"]:
        backend().tagger.tag_resource(
            loaded.arn, [{"Key": name, "Value": value} for name, value in about["tags"].items()]
        )
    return loaded

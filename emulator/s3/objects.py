"""Objects of S3 as the rest of the local service reads and writes them.

Source of moto's names: moto.s3.models (S3Backend, FakeKey).
"""

import hashlib

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.exceptions import MissingBucket, S3ClientError
from moto.s3.models import FakeKey, S3Backend, s3_backends

from customlabels.core.addresses import S3Address
from customlabels.emulator.s3 import keys, listing, tags
from customlabels.emulator.server.store import Store


def install(store: Store) -> None:
    """Makes moto keep objects in `store`, and list them from there."""
    keys.install(store)
    tags.install()
    listing.install(store)


def backend() -> S3Backend:
    """moto's S3 of the one account there is."""
    held: S3Backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    return held


def bucket_region(name: str) -> str | None:
    """The region of the bucket; None where there is no such bucket."""
    try:
        return str(backend().get_bucket(name).region_name)
    except MissingBucket:
        return None


def held(address: S3Address, version: str | None = None) -> FakeKey | None:
    """The object as moto has it; None where there is no such bucket, key or version."""
    try:
        key = backend().get_object(address.bucket, address.key, version_id=version)
    except S3ClientError:
        return None
    return key if isinstance(key, FakeKey) else None


def read(address: S3Address, version: str | None = None) -> bytes | None:
    """The object's bytes; None where there is no such bucket, key or version."""
    key = held(address, version)
    return None if key is None else bytes(key.value)


def tags_of(address: S3Address, version: str | None = None) -> dict[str, str]:
    """The object's tags; none where it is not there."""
    key = held(address, version)
    return {} if key is None else tags.tags_of(key)


def tags_of_bytes(store: Store, body: bytes) -> dict[str, str]:
    """The tags of all objects with those bytes, whatever they are called; of two of a name, that of the first."""
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    same = [S3Address(*named) for named in store.objects_of_bytes(len(body), md5)]
    return {name: value for address in reversed(same) for name, value in tags_of(address).items()}


def encrypted_by(address: S3Address) -> str | None:
    """The KMS key that the object is encrypted by; None where it is by none, or is not there."""
    key = held(address)
    return str(key.kms_key_id) if key is not None and key.kms_key_id else None


def write(store: Store, address: S3Address, body: bytes, kms_key: str | None = None) -> None:
    """Puts an object as the service itself does, on disk when this returns; encrypted by a key where one is given."""
    encryption = {"encryption": "aws:kms", "kms_key_id": kms_key} if kms_key else {}
    with store.transaction(), keys.changing():
        backend().put_object(address.bucket, address.key, body, **encryption)

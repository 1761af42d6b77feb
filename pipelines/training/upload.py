"""Images and manifests brought to S3: only what is missing there or differs."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.core.threads import in_threads
from customlabels.datasets.model import ImageRecord, Side
from customlabels.pipelines.training.run_plan import Plan, manifest_lines

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THREADS = 16
_IN_MEMORY = 32 * 1024 * 1024
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}


def missing_images(s3: "S3Client", plan: Plan) -> list[ImageRecord]:
    """The images whose objects are not in S3, or hold other bytes there.

    An ETag is the MD5 of the bytes unless the object is encrypted by KMS or was sent in parts; then the hash in the
    object's metadata decides.
    """
    there: dict[str, tuple[str, int]] = {}
    with explained(f"listing s3://{plan.bucket}/{plan.images}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=plan.bucket, Prefix=f"{plan.images}/")
        for page in pages:
            there.update((held["Key"], (held["ETag"].strip('"'), held["Size"])) for held in page.get("Contents", ()))

    def differs(record: ImageRecord) -> bool:
        address = plan.image(record)
        etag, size = there.get(address.key, ("", -1))
        hashes = plan.hashes[record.name]
        if etag == hashes.md5 or size != record.info.size:
            return etag != hashes.md5
        with explained(f"looking at {address}"):
            held = s3.head_object(Bucket=address.bucket, Key=address.key)
        return held["Metadata"].get("sha256") != hashes.sha256

    records = plan.dataset.records
    return [record for record, other in zip(records, in_threads(differs, records, _THREADS), strict=True) if other]


def upload_images(s3: "S3Client", plan: Plan, records: Iterable[ImageRecord], advance: Callable[[int], None]) -> None:
    """Puts the images; `advance` is called with 1 after each.

    Raises
    ------
    ServiceError : an object could not be put, or an image changed since it was looked at
    """

    def put(record: ImageRecord) -> None:
        body = record.path.read_bytes()
        sha256 = plan.hashes[record.name].sha256
        if hashlib.sha256(body).hexdigest() != sha256:
            raise ServiceError(f"{record.name}: changed while it was uploaded", hint="run the same command again")
        about = _about(plan, _TYPES[record.info.format], sha256)
        address = plan.image(record)
        with explained(f"writing {address}"):
            s3.put_object(Bucket=address.bucket, Key=address.key, Body=body, **about)

    for _ in in_threads(put, records, _THREADS):
        advance(1)


def upload_manifest(s3: "S3Client", plan: Plan, side: Side) -> S3Address:
    """Puts one side's manifest, in parts where it is large; where it lies.

    Its key is made of its content, so that one that is there needs not be put again.
    """
    from boto3.exceptions import S3UploadFailedError

    address = plan.manifest(side)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        digest = hashlib.sha256()
        for line in manifest_lines(plan, side):
            digest.update(line)
            file.write(line)
        with explained(f"looking for {address}"):
            listed = s3.list_objects_v2(Bucket=address.bucket, Prefix=address.key, MaxKeys=1).get("Contents", [])
        if listed and listed[0]["Key"] == address.key and listed[0]["Size"] == file.tell():
            return address
        file.seek(0)
        about = _about(plan, "application/jsonlines", digest.hexdigest())
        try:
            with explained(f"writing {address}"):
                s3.upload_fileobj(file, address.bucket, address.key, ExtraArgs=about)
        except S3UploadFailedError as error:
            raise ServiceError(f"writing {address}: {error}", hint="run the same command again") from error
    return address


def _about(plan: Plan, content_type: str, sha256: str) -> dict[str, Any]:
    """What every object gets: its type, its hash, and encryption by the key of the settings or by S3's own."""
    about: dict[str, Any] = {"ContentType": content_type, "Metadata": {"sha256": sha256}}
    if plan.kms_key:
        return {**about, "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": plan.kms_key}
    return {**about, "ServerSideEncryption": "AES256"}

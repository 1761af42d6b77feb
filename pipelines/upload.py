"""Images and manifests brought to S3: only what is missing there or differs."""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from customlabels.core.aws import explained
from customlabels.core.errors import ServiceError
from customlabels.core.s3 import S3Address
from customlabels.datasets.model import ImageRecord, Side
from customlabels.pipelines.plan import Plan, manifest_lines

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THREADS = 16
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}


def check_bucket(s3: "S3Client", bucket: str, region: str) -> None:
    """Sees that the bucket is there, can be reached, and lies in `region`.

    Raises
    ------
    ServiceError
    """
    try:
        with explained(f"bucket {bucket}"):
            found = s3.head_bucket(Bucket=bucket)
    except ServiceError as error:
        if error.code in {"404", "NoSuchBucket"}:
            raise ServiceError(
                f"bucket {bucket} does not exist",
                hint=f"create it (aws s3 mb s3://{bucket} --region {region}), or name another with --bucket",
            ) from error
        if error.code in {"403", "AccessDenied"}:
            raise ServiceError(
                f"bucket {bucket} may not be read with these credentials, or belongs to another account",
                hint="name another bucket with --bucket, or log in with another --profile",
            ) from error
        raise
    place = found.get("BucketRegion") or found["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    if place and place != region:
        raise ServiceError(
            f"bucket {bucket} is in {place}, the project in {region}; the service wants both in one region",
            hint=f"use --region {place}, or a bucket in {region}",
        )


def missing_images(s3: "S3Client", plan: Plan) -> list[ImageRecord]:
    """The images whose objects are not in S3, or hold other bytes there."""
    there: dict[str, str] = {}
    with explained(f"listing s3://{plan.bucket}/{plan.images}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=plan.bucket, Prefix=f"{plan.images}/")
        for page in pages:
            there.update((held["Key"], held["ETag"].strip('"')) for held in page.get("Contents", ()))
    records = plan.dataset.records
    return [record for record in records if there.get(plan.image(record).key) != plan.hashes[record.name].md5]


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
        _put(s3, plan.image(record), body, _TYPES[record.info.format], {"sha256": sha256})

    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for _ in pool.map(put, records):
                advance(1)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def upload_manifest(s3: "S3Client", plan: Plan, side: Side) -> S3Address:
    """Puts one side's manifest; where it lies."""
    address = plan.manifest(side)
    body = b"".join(manifest_lines(plan, side))
    _put(s3, address, body, "application/jsonlines", {"sha256": hashlib.sha256(body).hexdigest()})
    return address


def _put(s3: "S3Client", address: S3Address, body: bytes, content_type: str, metadata: dict[str, str]) -> None:
    with explained(f"writing {address}"):
        s3.put_object(Bucket=address.bucket, Key=address.key, Body=body, ContentType=content_type, Metadata=metadata)

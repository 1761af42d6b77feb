"""Images and manifests brought to S3: only what is missing there or differs."""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from customlabels.aws.many_puts import putter
from customlabels.aws.s3 import head, is_kept, listed, put_file
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.core.threads import in_threads
from customlabels.datasets.model import ImageRecord, Side
from customlabels.pipelines.training.run_plan import Plan, manifest_lines

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THREADS = 16
_MOST_PUTS, _IN_FLIGHT = 64, 256 * 1024 * 1024
"""Images that are put at once, at most, and their bytes."""

_IN_MEMORY = 32 * 1024 * 1024
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}


def missing_images(s3: "S3Client", plan: Plan) -> list[ImageRecord]:
    """The images whose objects are not in S3, or hold other bytes there.

    An ETag is the MD5 of the bytes unless the object is encrypted by KMS or was sent in parts; then the hash in the
    object's metadata decides.
    """
    stored = {held.address.key: (held.etag, held.size) for held in listed(s3, plan.bucket, f"{plan.images}/")}

    def differs(record: ImageRecord) -> bool:
        address = plan.image(record)
        etag, size = stored.get(address.key, ("", -1))
        hashes = plan.hashes[record.name]
        if etag == hashes.md5 or size != record.info.size:
            return etag != hashes.md5
        held = head(s3, address)
        return held is None or held.metadata.get("sha256") != hashes.sha256

    records = plan.dataset.records
    return [record for record, other in zip(records, in_threads(differs, records, _THREADS), strict=True) if other]


def upload_images(s3: "S3Client", plan: Plan, records: Sequence[ImageRecord], advance: Callable[[int], None]) -> None:
    """Puts the images; `advance` is called with the bytes of each.

    Raises
    ------
    ServiceError : an object could not be put, or an image changed since it was looked at
    """
    put = putter(s3, plan.bucket, plan.kms_key)

    def upload(record: ImageRecord) -> int:
        body = record.path.read_bytes()
        sha256 = plan.hashes[record.name].sha256
        if hashlib.sha256(body).hexdigest() != sha256:
            raise ServiceError(f"{record.name}: changed while it was uploaded", hint="run the same command again")
        put(plan.image(record), body, content_type=_TYPES[record.info.format], metadata={"sha256": sha256})
        return len(body)

    largest = max((record.info.size for record in records), default=1)
    for size in in_threads(upload, records, max(1, min(_MOST_PUTS, _IN_FLIGHT // largest))):
        advance(size)


def upload_manifest(s3: "S3Client", plan: Plan, side: Side) -> S3Address:
    """Puts one side's manifest, in parts where it is large; where it lies.

    Its key is made of its content, so that one that is there needs not be put again.
    """
    address = plan.manifest(side)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        digest = hashlib.sha256()
        for line in manifest_lines(plan, side):
            digest.update(line)
            file.write(line)
        if is_kept(s3, address, file.tell(), plan.kms_key):
            return address
        file.seek(0)
        about = {"sha256": digest.hexdigest()}
        put_file(s3, address, file, kms_key=plan.kms_key, content_type="application/jsonlines", metadata=about)
    return address

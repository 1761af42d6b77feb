"""Many small objects put at a fraction of what boto3 takes: by obstore, with boto3 for whatever that does not do.

An object is tried once by obstore, with the client's own endpoint and credentials. Whatever that does not put, `s3.put`
does: so retries, what is said of them, redirects and refusals are those of the one S3 way.
Source: object_store's `AmazonS3Builder`, which also reads variables of the environment that botocore knows nothing of.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from customlabels.aws import s3 as objects
from customlabels.aws.clients import QUICK_CALL
from customlabels.core.addresses import S3Address
from customlabels.core.settings import BUCKET_PATTERN

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from obstore.store import S3Store

_MOST_FAILURES = 3
"""Failures in a row after which obstore is not asked again."""

_KEPT_FOR = timedelta(minutes=14)
"""How long credentials are used; obstore asks again five minutes before. botocore gives none that end within ten."""

_OVERRULING = ("AWS_SERVER_SIDE_ENCRYPTION", "AWS_SSE_KMS_KEY_ID", "AWS_SSE_CUSTOMER_KEY_BASE64")
"""Variables that obstore alone reads, and that nothing here overrules."""


class Put(Protocol):
    """Puts an object.

    Raises
    ------
    ServiceError : it may not be written
    """

    def __call__(self, address: S3Address, body: bytes, *, content_type: str, metadata: Mapping[str, str]) -> None: ...


def putter(s3: "S3Client", bucket: str, kms_key: str | None) -> Put:
    """What puts objects into the bucket; to be called from many threads.

    Parameters
    ----------
    kms_key : of the settings; None leaves encryption to the bucket
    """
    store = _store(s3, bucket, kms_key)
    operation = s3.meta.service_model.operation_model("PutObject")
    failures = 0

    def put(address: S3Address, body: bytes, *, content_type: str, metadata: Mapping[str, str]) -> None:
        nonlocal failures
        if store is not None and failures < _MOST_FAILURES:
            from obstore import put as put_by_obstore
            from obstore.exceptions import BaseError

            s3.meta.events.emit(f"{QUICK_CALL}.s3.PutObject", model=operation)
            about = {"Content-Type": content_type, **metadata}
            try:
                put_by_obstore(store, address.key, body, attributes=about, use_multipart=False)
            except (BaseError, OSError, ValueError):
                failures += 1
            else:
                failures = 0
                return
        objects.put(s3, address, body, kms_key=kms_key, content_type=content_type, metadata=metadata)

    return put


def _store(s3: "S3Client", bucket: str, kms_key: str | None) -> "S3Store | None":
    """The bucket as obstore reaches it; None where the client is told what obstore cannot do, or does otherwise."""
    client: Any = s3
    config, credentials = client.meta.config, client._get_credentials()
    endpoint: str = client.meta.endpoint_url
    own_roots = endpoint.startswith("https:") and client._endpoint.http_session._verify is not True
    special = (config.s3 or {}).get("use_accelerate_endpoint") or config.proxies or config.client_cert
    # Of an address that is none, obstore dies.
    named = re.fullmatch(BUCKET_PATTERN, bucket)
    if not named or credentials is None or special or own_roots or any(os.environ.get(name) for name in _OVERRULING):
        return None
    from obstore.store import S3Store

    def frozen() -> Any:
        held = credentials.get_frozen_credentials()
        return {
            "access_key_id": held.access_key,
            "secret_access_key": held.secret_key,
            "token": held.token,
            "expires_at": datetime.now(UTC) + _KEPT_FOR,
        }

    address = f"{endpoint.rstrip('/')}/{bucket}"
    return S3Store(
        bucket,
        config={
            # Where the bucket is part of the address, whichever way, obstore takes it as it is.
            "endpoint": address,
            "aws_endpoint_url_s3": address,
            "virtual_hosted_style_request": True,
            "region": client.meta.region_name,
            "checksum_algorithm": "SHA256",
            "skip_signature": False,
            "unsigned_payload": False,
            "s3_express": False,
            "request_payer": False,
            **({"server_side_encryption": "aws:kms", "sse_kms_key_id": kms_key} if kms_key else {}),
        },
        client_options={
            "allow_http": endpoint.startswith("http:"),
            "connect_timeout": timedelta(seconds=10),
            "timeout": timedelta(seconds=120),
        },
        retry_config={"max_retries": 0},
        credential_provider=frozen,
    )

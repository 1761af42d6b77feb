"""A request that expects another account's bucket is refused, and touches nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import Service

OURS, THEIRS = "123456789012", "999999999999"


@pytest.mark.parametrize(
    "ask",
    [
        lambda s3, owner: s3.head_bucket(Bucket="owned", ExpectedBucketOwner=owner),
        lambda s3, owner: s3.get_object(Bucket="owned", Key="k", ExpectedBucketOwner=owner),
        lambda s3, owner: s3.put_object(Bucket="owned", Key="k", Body=b"y", ExpectedBucketOwner=owner),
        lambda s3, owner: s3.copy_object(
            Bucket="owned", Key="k2", CopySource="owned/k", ExpectedSourceBucketOwner=owner
        ),
        lambda s3, owner: s3.delete_object(Bucket="owned", Key="k", ExpectedBucketOwner=owner),
    ],
)
def test_a_bucket_is_its_owners(service: Service, ask: Callable[[Any, str], Any]) -> None:
    s3 = service.s3
    s3.create_bucket(Bucket="owned")
    s3.put_object(Bucket="owned", Key="k", Body=b"x")
    with pytest.raises(ClientError) as refused:
        ask(s3, THEIRS)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert s3.get_object(Bucket="owned", Key="k")["Body"].read() == b"x"
    ask(s3, OURS)


def test_a_bucket_that_is_not_there_is_nobodys(service: Service) -> None:
    with pytest.raises(ClientError) as refused:
        service.s3.head_bucket(Bucket="not-there-at-all", ExpectedBucketOwner=THEIRS)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404

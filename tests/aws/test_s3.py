"""Objects put and got on the local service, with the key of the settings and without."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.local_services import BUCKET, Service, client

from customlabels.aws import s3, s3_reading
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError

KEY = "alias/models"


def at(key: str) -> S3Address:
    return S3Address(BUCKET, f"s3-tests/{key}")


@pytest.fixture
def bucket(service: Service) -> Service:
    service.s3.create_bucket(Bucket=BUCKET)
    return service


@pytest.mark.parametrize("kms_key", [KEY, None])
def test_what_is_put_is_encrypted_by_the_key_of_the_settings_or_as_the_bucket_has_it(
    bucket: Service, kms_key: str | None
) -> None:
    s3.put(bucket.s3, at("put"), b"body", kms_key=kms_key, content_type="text/plain", metadata={"sha256": "7"})
    s3.put_file(bucket.s3, at("file"), io.BytesIO(b"body"), kms_key=kms_key)
    for key in ("put", "file"):
        stored = bucket.s3.head_object(Bucket=BUCKET, Key=at(key).key)
        # Asked for nothing, the bucket's own default decides; a key of S3's own would overrule it.
        assert stored.get("SSEKMSKeyId") == kms_key
    held = s3.head(bucket.s3, at("put"))
    assert held is not None
    assert (held.size, held.metadata, held.by_kms) == (4, {"sha256": "7"}, kms_key is not None)


def test_a_buckets_default_key_is_not_overruled(bucket: Service) -> None:
    bucket.s3.create_bucket(Bucket="sealed-7")
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/plant"}}
    bucket.s3.put_bucket_encryption(
        Bucket="sealed-7",
        ServerSideEncryptionConfiguration={"Rules": [default]},  # type: ignore[list-item]
    )
    s3.put(bucket.s3, S3Address("sealed-7", "a"), b"body", kms_key=None)
    assert bucket.s3.head_object(Bucket="sealed-7", Key="a")["SSEKMSKeyId"] == "alias/plant"


def test_what_is_made_of_its_content_is_put_once_and_again_where_the_key_is_new(bucket: Service) -> None:
    assert s3.put_new(bucket.s3, at("new"), b"body", kms_key=None)
    assert not s3.put_new(bucket.s3, at("new"), b"body", kms_key=None)
    assert s3.put_new(bucket.s3, at("new"), b"body", kms_key=KEY)
    assert not s3.put_new(bucket.s3, at("new"), b"body", kms_key=KEY)


def test_what_is_gone_is_none_where_that_is_asked_for_and_a_sentence_elsewhere(bucket: Service, tmp_path: Path) -> None:
    assert s3.head(bucket.s3, at("gone")) is None
    assert s3_reading.get_if_there(bucket.s3, at("gone")) is None
    assert s3_reading.lines(bucket.s3, at("gone")) is None
    for read in (
        lambda: s3_reading.get(bucket.s3, at("gone")),
        lambda: s3_reading.beginning(bucket.s3, at("gone"), 4),
        lambda: s3_reading.download(bucket.s3, at("gone"), tmp_path / "gone"),
    ):
        with pytest.raises(ServiceError, match=f"reading {at('gone')}: ") as caught:
            read()
        assert caught.value.code in s3_reading.GONE


@given(body=st.binary(max_size=64), most=st.integers(1, 80))
def test_a_beginning_is_what_the_object_begins_with_and_tells_how_long_it_is(
    bucket_once: Service, body: bytes, most: int
) -> None:
    s3.put(bucket_once.s3, at("beginning"), body, kms_key=None)
    if not body:
        with pytest.raises(ServiceError, match="InvalidRange"):
            s3_reading.beginning(bucket_once.s3, at("beginning"), most)
        return
    assert s3_reading.beginning(bucket_once.s3, at("beginning"), most)[:2] == (body[:most], len(body))


@pytest.fixture(scope="module")
def bucket_once(service: Service) -> Service:
    service.s3.create_bucket(Bucket=BUCKET)
    return service


def test_listing_goes_through_all_pages_and_deleting_leaves_the_neighbours(bucket: Service) -> None:
    keys = [f"many/{number:04}" for number in range(11)]
    for key in keys:
        s3.put(bucket.s3, S3Address(BUCKET, key), b"", kms_key=None)
    s3.put(bucket.s3, S3Address(BUCKET, "many-more"), b"", kms_key=None)
    # Pages of five rather than of a thousand.
    paged = client(bucket, "s3")
    pages = []
    paged.meta.events.register("provide-client-params.s3.ListObjectsV2", lambda params, **_: {**params, "MaxKeys": 5})
    paged.meta.events.register("after-call.s3.ListObjectsV2", lambda parsed, **_: pages.append(parsed["KeyCount"]))
    assert [stored.address.key for stored in s3.listed(paged, BUCKET, "many/")] == keys
    assert pages == [5, 5, 1]
    assert s3.delete_below(paged, BUCKET, "many/") == len(keys)
    assert [stored.address.key for stored in s3.listed(paged, BUCKET, "many")] == ["many-more"]

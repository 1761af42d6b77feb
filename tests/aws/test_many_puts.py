"""Many objects put, quickly where that works, and by boto3 where it does not: nobody can tell which it was."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.interception import Call, Spoiled, intercepted
from support.local_services import BUCKET, Service, client, connect_to

from customlabels.aws import s3, s3_reading
from customlabels.aws.clients import Clients, Connection
from customlabels.aws.many_puts import putter
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError

ABOUT: dict[str, Any] = {"content_type": "image/png", "metadata": {"sha256": "7"}}


def quick_alone(patch: pytest.MonkeyPatch) -> None:
    """Has whatever boto3 puts fail."""

    def put(*args: object, **kwargs: object) -> None:
        raise AssertionError("boto3 was asked")

    patch.setattr(s3, "put", put)


def at(key: str, bucket: str = BUCKET) -> S3Address:
    return S3Address(bucket, f"quick/{key}")


@pytest.mark.parametrize("kms_key", ["alias/models", None])
def test_an_object_is_as_the_one_way_would_have_put_it(
    service: Service, monkeypatch: pytest.MonkeyPatch, kms_key: str | None
) -> None:
    s3.put(service.s3, at("slow.png"), b"body", kms_key=kms_key, **ABOUT)
    quick_alone(monkeypatch)
    putter(service.s3, BUCKET, kms_key)(at("quick.png"), b"body", **ABOUT)
    slow, quick = (service.s3.head_object(Bucket=BUCKET, Key=at(f"{name}.png").key) for name in ("slow", "quick"))
    told = ("ContentLength", "ContentType", "ETag", "Metadata", "ServerSideEncryption", "SSEKMSKeyId")
    assert {name: quick.get(name) for name in told} == {name: slow.get(name) for name in told}
    assert quick["Metadata"] == {"sha256": "7"}


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)
    | st.lists(st.sampled_from(["a", "..", ".", "", "#", "%2F", "b c", "~", "é"]), min_size=1).map("/".join)
)
@settings(max_examples=60)
def test_any_key_is_the_key_that_was_meant(service: Service, name: str) -> None:
    address = at(f"keys/{name}x")
    putter(service.s3, BUCKET, None)(address, name.encode(), **ABOUT)
    assert s3_reading.get(service.s3, address) == name.encode()


@pytest.mark.parametrize("bucket", ["none-such-7", "Not a bucket"])
def test_a_refusal_is_the_sentence_of_the_one_way(service: Service, bucket: str) -> None:
    with pytest.raises(ServiceError) as slow:
        s3.put(service.s3, at("a", bucket), b"", kms_key=None)
    with pytest.raises(ServiceError) as quick:
        putter(service.s3, bucket, None)(at("a", bucket), b"", **ABOUT)
    assert (quick.value.message, quick.value.code) == (slow.value.message, slow.value.code)


def noting(calls: list[Call], first: int = 0, spoiled: Spoiled | None = None) -> Callable[[Call], Spoiled | None]:
    """Notes the puts of objects, and spoils the first so many."""

    def spoil(call: Call) -> Spoiled | None:
        if not (call.what.startswith("PUT ") and "/quick/" in call.what):
            return None
        calls.append(call)
        return spoiled if len(calls) <= first else None

    return spoil


@pytest.mark.parametrize(
    "spoiled", [Spoiled(503, "SlowDown"), Spoiled(500, "InternalError"), Spoiled(0), Spoiled(0, late=True)]
)
def test_what_fails_is_put_all_the_same(service: Service, spoiled: Spoiled) -> None:
    calls: list[Call] = []
    with intercepted(service.endpoint_url, noting(calls, 1, spoiled)) as endpoint:
        putter(connect_to(service, endpoint).s3, BUCKET, None)(at("again.png"), b"again", **ABOUT)
        assert s3_reading.get(service.s3, at("again.png")) == b"again"
    assert len(calls) == 2


def test_where_nothing_comes_through_quickly_it_is_no_longer_tried(service: Service) -> None:
    calls: list[Call] = []
    with intercepted(service.endpoint_url, noting(calls)) as endpoint:
        put = putter(connect_to(service, endpoint).s3, "none-such-7", None)
        for number in range(5):
            with pytest.raises(ServiceError):
                put(at(str(number), "none-such-7"), b"", **ABOUT)
    assert len(calls) == 3 * 2 + 2


def test_each_call_is_named(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_alone(monkeypatch)
    named: list[str] = []
    connection = Connection(None, "us-east-1", service.endpoint_url, service.key, on_call=named.append)
    putter(Clients(connection).s3, BUCKET, None)(at("named"), b"", **ABOUT)
    assert named == ["s3 PutObject"]


def test_credentials_are_asked_for_again_before_they_end(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from customlabels.aws import many_puts

    quick_alone(monkeypatch)
    # What ends in less than five minutes is used once.
    monkeypatch.setattr(many_puts, "_KEPT_FOR", many_puts._KEPT_FOR * 0)
    s3_client = client(service, "s3")
    credentials, asked = s3_client._get_credentials(), []
    frozen = credentials.get_frozen_credentials()
    monkeypatch.setattr(credentials, "get_frozen_credentials", lambda: asked.append(1) or frozen)
    put = putter(s3_client, BUCKET, None)
    for number in range(3):
        put(at(f"refreshed-{number}"), b"", **ABOUT)
    assert len(asked) == 3


def test_what_obstore_alone_would_read_leaves_it_out(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SERVER_SIDE_ENCRYPTION", "aws:kms")
    monkeypatch.setenv("AWS_SSE_KMS_KEY_ID", "alias/others")
    putter(service.s3, BUCKET, None)(at("plain.png"), b"body", **ABOUT)
    assert service.s3.head_object(Bucket=BUCKET, Key=at("plain.png").key).get("SSEKMSKeyId") is None


def test_the_environment_sends_it_nowhere_else(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_alone(monkeypatch)
    for name, value in {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9/others",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_UNSIGNED_PAYLOAD": "true",
        "AWS_ACCESS_KEY_ID": "another",
    }.items():
        monkeypatch.setenv(name, value)
    putter(service.s3, BUCKET, None)(at("here.png"), b"here", **ABOUT)
    assert s3_reading.get(service.s3, at("here.png")) == b"here"

"""The bucket's notification: put beside those of others, and taken out again, whatever others have set."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.inspected import told_queue
from support.local_services import Service, client

from customlabels.core.errors import ServiceError
from customlabels.inspection.stack import notifications

ARN = "arn:aws:sqs:us-east-1:123456789012:"
NUMBERS = count()


@pytest.fixture(scope="module", autouse=True)
def queues(service: Service) -> Iterator[None]:
    sqs = client(service, "sqs")
    urls = [told_queue(service, name) for name in ("notified-ours", "notified-theirs")]
    yield
    for url in urls:
        sqs.delete_queue(QueueUrl=url)


def bucket(service: Service, *others: dict[str, Any]) -> str:
    name = f"notified-{next(NUMBERS)}"
    service.s3.create_bucket(Bucket=name)
    if others:
        held: Any = {"QueueConfigurations": list(others)}
        service.s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=held)
    return name


def other(prefix: str, events: tuple[str, ...] = ("s3:ObjectCreated:*",), name: str = "theirs") -> dict[str, Any]:
    rules = [{"Name": "prefix", "Value": prefix}]
    return {
        "Id": name,
        "QueueArn": f"{ARN}notified-theirs",
        "Events": list(events),
        **({"Filter": {"Key": {"FilterRules": rules}}} if prefix else {}),
    }


def told(service: Service, name: str) -> dict[str, str]:
    held = service.s3.get_bucket_notification_configuration(Bucket=name).get("QueueConfigurations", [])
    return {queue["Id"]: queue["QueueArn"] for queue in held}


@settings(max_examples=10)
@given(st.lists(st.sampled_from(["a/", "b/", "c/x", "d"]), unique=True, max_size=4))
def test_what_others_set_is_as_it_was_after_ours_has_come_and_gone(service: Service, prefixes: list[str]) -> None:
    others = [other(prefix, name=f"theirs {prefix}") for prefix in prefixes]
    name = bucket(service, *others)
    before = service.s3.get_bucket_notification_configuration(Bucket=name)
    notifications.check(service.s3, name, "ours", "in/")
    assert notifications.put(service.s3, name, "ours", f"{ARN}notified-ours", "in/")
    assert not notifications.put(service.s3, name, "ours", f"{ARN}notified-ours", "in/")
    assert set(told(service, name)) == {"ours", *(one["Id"] for one in others)}
    assert notifications.is_set(service.s3, name, "ours")
    # Another prefix takes the place of ours.
    assert notifications.put(service.s3, name, "ours", f"{ARN}notified-ours", "into/")
    assert len(told(service, name)) == len(others) + 1
    assert notifications.take_out(service.s3, name, "ours")
    assert not notifications.take_out(service.s3, name, "ours")
    after = service.s3.get_bucket_notification_configuration(Bucket=name)
    assert after.get("QueueConfigurations") == before.get("QueueConfigurations")


@pytest.mark.parametrize(
    ("theirs", "ours", "refused"),
    [
        (other("in/"), "in/", True),
        (other("in/a/"), "in/", True),
        (other("in/"), "in/a/", True),
        (other(""), "in/", True),
        (other("in/"), "", True),
        (other("in/", ("s3:ObjectCreated:Copy",)), "in/", True),
        (other("in/", ("s3:ObjectRemoved:*",)), "in/", False),
        (other("out/"), "in/", False),
        (other("in/", name="ours"), "in/", False),
    ],
)
def test_a_prefix_of_whose_arrivals_somebody_else_is_told_is_refused(
    service: Service, theirs: dict[str, Any], ours: str, refused: bool
) -> None:
    name = bucket(service, theirs)
    if not refused:
        notifications.check(service.s3, name, "ours", ours)
        return
    with pytest.raises(ServiceError, match=r"tells queue .*notified-theirs of what arrives below"):
        notifications.check(service.s3, name, "ours", ours)


def test_a_bucket_that_is_gone_tells_nobody(service: Service) -> None:
    assert not notifications.take_out(service.s3, "notified-gone", "ours")

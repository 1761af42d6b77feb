"""Functions work queues off: side by side, as far as they are let, and what they fail on comes back or aside."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import BUCKET, Service, client, connect, kill_and_return, role, zipped
from support.queues import make_queue

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address

HANDLER = """
import boto3, json, os, time

s3 = boto3.client("s3")

def put(key, text):
    s3.put_object(Bucket="plant-7", Key=key, Body=text.encode())

def there(prefix):
    return s3.list_objects_v2(Bucket="plant-7", Prefix=prefix).get("KeyCount", 0)

def handle(event, context):
    failed = []
    for record in event["Records"]:
        body = record["body"]
        put(f"seen/{context.aws_request_id}/{record['messageId']}", json.dumps(record))
        if body.startswith("together"):
            # Done only when so many run at once.
            put(f"{body}/{context.aws_request_id}", "here")
            ends = time.time() + 15
            while there(f"{body}/") < int(body.partition("-")[2]) and time.time() < ends:
                time.sleep(0.05)
        if body == "raise":
            raise ValueError("as it was told")
        if body == "poison":
            failed.append({"itemIdentifier": record["messageId"]})
        if body == "wait":
            while not there("go"):
                time.sleep(0.05)
    return {"batchItemFailures": failed}
"""


@pytest.fixture
def worked(tmp_path: Path) -> Iterator[Service]:
    """A service with the function `look`."""
    service = connect(tmp_path / "state", pace=address.FAST)
    service.s3.create_bucket(Bucket=BUCKET)
    client(service, "lambda").create_function(
        FunctionName="look",
        Runtime="python3.12",
        Role=role(service),
        Handler="app.handle",
        Code={"ZipFile": zipped(HANDLER)},
        Timeout=20,
        MemorySize=256,
    )
    yield service
    address.stop(service.state)


def send(service: Service, url: str, *bodies: str) -> None:
    for body in bodies:
        client(service, "sqs").send_message(QueueUrl=url, MessageBody=body)


def map_(service: Service, arn: str, **more: Any) -> str:
    made = client(service, "lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName="look", **more)
    return str(made["UUID"])


def seen(service: Service) -> list[Any]:
    """Records in the order in which they were looked at: of each batch its number, and the message."""
    pages = service.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="seen/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return [
        (key.split("/")[1], json.load(service.s3.get_object(Bucket=BUCKET, Key=key)["Body"])) for key in sorted(keys)
    ]


def left(service: Service, url: str) -> tuple[int, int]:
    held = client(service, "sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(held["ApproximateNumberOfMessages"]), int(held["ApproximateNumberOfMessagesNotVisible"])


def until_empty(service: Service, url: str) -> None:
    wait_for(lambda: True if left(service, url) == (0, 0) else None, what="an empty queue", most=60)


def test_batches_run_side_by_side_as_far_as_the_mapping_lets(worked: Service) -> None:
    url, arn = make_queue(worked, "work")
    send(worked, url, *["together-3"] * 3)
    map_(worked, arn, BatchSize=1, ScalingConfig={"MaximumConcurrency": 3})
    until_empty(worked, url)
    batches = seen(worked)
    assert len({batch for batch, _ in batches}) == 3
    assert {record["attributes"]["ApproximateReceiveCount"] for _, record in batches} == {"1"}


def test_what_a_batch_fails_on_comes_back_alone_and_goes_aside_in_the_end(worked: Service) -> None:
    dead, dead_arn = make_queue(worked, "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = make_queue(worked, "work", RedrivePolicy=redrive, VisibilityTimeout="20")
    send(worked, url, "good", "poison", "fine")
    map_(worked, arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    wait_for(lambda: True if left(worked, url) == (0, 1) else None, what="the batch", most=30)
    for _ in range(3):
        address.advance(worked.state, 21)
    assert left(worked, url) == (0, 0)
    (letter,) = client(worked, "sqs").receive_message(QueueUrl=dead)["Messages"]
    assert letter["Body"] == "poison"
    looked = sorted(record["body"] for _, record in seen(worked))
    assert looked == ["fine", "good", "poison", "poison"]


def test_a_mapping_that_is_off_leaves_messages_untouched_and_one_that_is_on_again_takes_them(worked: Service) -> None:
    url, arn = make_queue(worked, "work")
    mapping, functions = map_(worked, arn, Enabled=False), client(worked, "lambda")
    assert functions.get_event_source_mapping(UUID=mapping)["State"] == "Disabled"
    send(worked, url, "a", "b")
    address.advance(worked.state, 60)
    assert (left(worked, url), seen(worked)) == ((2, 0), [])
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    until_empty(worked, url)
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    send(worked, url, "c")
    address.advance(worked.state, 60)
    assert left(worked, url) == (1, 0)
    assert {record["attributes"]["ApproximateReceiveCount"] for _, record in seen(worked)} == {"1"}


def test_a_mapping_that_is_switched_off_lets_its_batch_end(worked: Service) -> None:
    url, arn = make_queue(worked, "work")
    mapping = map_(worked, arn, BatchSize=1)
    send(worked, url, "wait")
    wait_for(lambda: True if seen(worked) else None, what="the batch", most=30)
    client(worked, "lambda").delete_event_source_mapping(UUID=mapping)
    send(worked, url, "after")
    worked.s3.put_object(Bucket=BUCKET, Key="go", Body=b"")
    wait_for(lambda: True if left(worked, url) == (1, 0) else None, what="its end", most=30)


def test_a_throttled_batch_costs_a_receive_and_never_runs(worked: Service) -> None:
    dead, dead_arn = make_queue(worked, "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = make_queue(worked, "work", RedrivePolicy=redrive, VisibilityTimeout="20")
    functions = client(worked, "lambda")
    functions.put_function_concurrency(FunctionName="look", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName="look", Payload=b"{}")
    assert caught.value.response["Error"]["Code"] == "TooManyRequestsException"
    map_(worked, arn)
    send(worked, url, "never")
    for _ in range(4):
        address.advance(worked.state, 21)
    (letter,) = client(worked, "sqs").receive_message(QueueUrl=dead, AttributeNames=["All"])["Messages"]
    assert (letter["Body"], seen(worked)) == ("never", [])


def test_a_batch_waits_for_its_window_or_until_it_is_full(worked: Service) -> None:
    url, arn = make_queue(worked, "work")
    map_(worked, arn, BatchSize=4, MaximumBatchingWindowInSeconds=300)
    send(worked, url, "a", "b", "c")
    address.advance(worked.state, 100)
    assert left(worked, url) == (3, 0)
    send(worked, url, "d")
    until_empty(worked, url)
    assert len({batch for batch, _ in seen(worked)}) == 1
    send(worked, url, "e")
    address.advance(worked.state, 1)
    assert left(worked, url) == (1, 0)
    address.advance(worked.state, 301)
    assert left(worked, url) == (0, 0)


def test_what_a_filter_leaves_out_is_deleted_unseen(worked: Service) -> None:
    url, arn = make_queue(worked, "work")
    pattern = json.dumps({"body": {"kind": ["image"]}})
    map_(worked, arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    send(worked, url, '{"kind": "image"}', '{"kind": "text"}', "no JSON")
    until_empty(worked, url)
    assert [record["body"] for _, record in seen(worked)] == ['{"kind": "image"}']


def test_what_was_with_a_function_comes_back_after_kill_9(worked: Service) -> None:
    url, arn = make_queue(worked, "work", VisibilityTimeout="20")
    map_(worked, arn, BatchSize=1)
    send(worked, url, "wait")
    wait_for(lambda: True if seen(worked) else None, what="the batch", most=30)
    again = kill_and_return(worked)
    url = client(again, "sqs").get_queue_url(QueueName="work")["QueueUrl"]
    again.s3.put_object(Bucket=BUCKET, Key="go", Body=b"")
    address.advance(again.state, 21)
    until_empty(again, url)
    assert sorted(record["attributes"]["ApproximateReceiveCount"] for _, record in seen(again)) == ["1", "2"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({"ScalingConfig": {"MaximumConcurrency": 1001}}, "MaximumConcurrency"),
        (
            {"ScalingConfig": {"MaximumConcurrency": 2}, "ProvisionedPollerConfig": {"MinimumPollers": 2}},
            "ProvisionedPollerConfig",
        ),
        ({"FilterCriteria": {"Filters": [{"Pattern": "no JSON"}]}}, "Invalid filter pattern"),
    ],
)
def test_a_mapping_that_lambda_refuses_is_refused(worked: Service, more: dict[str, Any], reason: str) -> None:
    _, arn = make_queue(worked, "work")
    with pytest.raises(ClientError, match=reason):
        map_(worked, arn, **more)
    mapping = map_(worked, arn)
    with pytest.raises(ClientError, match=reason):
        client(worked, "lambda").update_event_source_mapping(UUID=mapping, **more)


def test_a_queue_that_hides_for_less_than_the_function_takes_and_a_second_mapping_are_refused(worked: Service) -> None:
    _, short = make_queue(worked, "short", VisibilityTimeout="19")
    with pytest.raises(ClientError, match="Queue visibility timeout: 19 seconds is less than Function timeout: 20"):
        map_(worked, short)
    _, arn = make_queue(worked, "work")
    map_(worked, arn)
    with pytest.raises(ClientError) as caught:
        map_(worked, arn)
    assert caught.value.response["Error"]["Code"] == "ResourceConflictException"


def test_what_waits_in_a_queue_and_for_how_long_is_a_metric(worked: Service) -> None:
    url, _ = make_queue(worked, "work", VisibilityTimeout="3600")
    send(worked, url, "a", "b", "c")
    client(worked, "sqs").receive_message(QueueUrl=url)
    cloudwatch = client(worked, "cloudwatch")
    now = address.advance(worked.state, 0)

    def metric(name: str) -> list[float]:
        shown = cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName=name,
            Dimensions=[{"Name": "QueueName", "Value": "work"}],
            StartTime=time.time() - 3600,
            EndTime=now + 7200,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return [point["Maximum"] for point in sorted(shown, key=lambda point: point["Timestamp"])]

    assert metric("ApproximateNumberOfMessagesVisible") == [2.0]
    assert metric("ApproximateNumberOfMessagesNotVisible") == [1.0]
    address.advance(worked.state, 600)
    assert metric("ApproximateNumberOfMessagesVisible") == [2.0] * 11
    ages = metric("ApproximateAgeOfOldestMessage")
    assert ages == sorted(ages)
    assert 540 <= ages[-1] <= 600

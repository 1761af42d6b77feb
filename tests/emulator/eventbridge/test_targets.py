"""Events, notifications and messages reach the functions that wait for them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.local_services import BUCKET, Service, client, connect, kill, kill_and_return, role, zipped
from support.queues import make_queue

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address

HANDLER = """
import boto3, json
def handle(event, context):
    key = f"seen/{context.aws_request_id}"
    boto3.client("s3").put_object(Bucket="plant-7", Key=key, Body=json.dumps(event).encode())
    records = event.get("Records", [])
    if any(one.get("body") == "poison" for one in records):
        bad = [one["messageId"] for one in records if one["body"] == "poison"]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in bad]}
"""


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[tuple[Service, str]]:
    """A service with a function that writes down what it gets; the function's ARN."""
    service = connect(tmp_path / "state", pace=address.FAST)
    service.s3.create_bucket(Bucket=BUCKET)
    function = client(service, "lambda").create_function(
        FunctionName="seer",
        Runtime="python3.12",
        Role=role(service),
        Handler="app.handle",
        Code={"ZipFile": zipped(HANDLER)},
        Timeout=20,
        MemorySize=256,
    )["FunctionArn"]
    yield service, function
    address.stop(service.state)


def seen(service: Service, count: int = 1) -> list[Any]:
    """What the function got, once it got that many."""

    def enough() -> list[Any] | None:
        keys = service.s3.list_objects_v2(Bucket=BUCKET, Prefix="seen/").get("Contents", [])
        found = [json.load(service.s3.get_object(Bucket=BUCKET, Key=key["Key"])["Body"]) for key in keys]
        return found if len(found) >= count else None

    return wait_for(enough, what="the function's events", most=20)


def test_a_rule_hands_on_the_events_of_its_pattern(linked: tuple[Service, str]) -> None:
    service, function = linked
    events = client(service, "events")
    url, arn = make_queue(service, "copies")
    events.put_rule(Name="gate", EventPattern=json.dumps({"source": ["customlabels"], "detail": {"passed": [False]}}))
    paths = {"name": "$.detail.version", "passed": "$.detail.passed", "all": "$.detail"}
    shaped = {"InputPathsMap": paths, "InputTemplate": '{"failed": "<name>", "passed": <passed>, "all": <all>}'}
    targets = [
        {"Id": "1", "Arn": function},
        {"Id": "2", "Arn": function, "InputTransformer": shaped},
        {"Id": "3", "Arn": arn, "InputPath": "$.detail"},
    ]
    events.put_targets(Rule="gate", Targets=targets)
    # Neither a rule that is off nor one that goes by time is meant by an event.
    events.put_rule(Name="off", EventPattern=json.dumps({"source": ["customlabels"]}), State="DISABLED")
    events.put_rule(Name="daily", ScheduleExpression="rate(1 day)")
    for rule in ("off", "daily"):
        events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": function}])
    for passed in (True, False):
        detail = json.dumps({"version": "v1", "passed": passed})
        events.put_events(Entries=[{"Source": "customlabels", "DetailType": "Gate", "Detail": detail}])
    got = seen(service, 2)
    assert len(got) == 2
    assert {"failed": "v1", "passed": False, "all": {"version": "v1", "passed": False}} in got
    (whole,) = [one for one in got if "detail" in one]
    assert (whole["detail-type"], whole["detail"]) == ("Gate", {"version": "v1", "passed": False})
    assert whole["time"].endswith("Z")
    (copy,) = client(service, "sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert json.loads(copy["Body"]) == {"version": "v1", "passed": False}


def test_a_topic_and_a_bucket_call_functions(linked: tuple[Service, str]) -> None:
    service, function = linked
    topic = client(service, "sns").create_topic(Name="told")["TopicArn"]
    client(service, "sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    client(service, "sns").publish(TopicArn=topic, Subject="stopped", Message="at 18:00")
    (got,) = seen(service)
    told = got["Records"][0]["Sns"]
    assert (told["TopicArn"], told["Subject"], told["Message"]) == (topic, "stopped", "at 18:00")
    service.s3.create_bucket(Bucket="inbox")
    service.s3.put_bucket_notification_configuration(
        Bucket="inbox",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    service.s3.put_object(Bucket="inbox", Key="a.jpg", Body=b"x")
    assert "a.jpg" in json.dumps(seen(service, 2))


def test_messages_of_a_queue_are_worked_off_and_bad_ones_come_to_the_side(linked: tuple[Service, str]) -> None:
    service, function = linked
    sqs = client(service, "sqs")
    dead, dead_arn = make_queue(service, "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url, arn = make_queue(service, "work", RedrivePolicy=redrive, VisibilityTimeout="20")
    client(service, "lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function, BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(["a", "poison", "b"])]
    )
    bodies = [one["body"] for event in seen(service) for one in event["Records"]]
    assert sorted(bodies) == ["a", "b", "poison"]
    address.advance(service.state, 60)
    (message,) = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=10)["Messages"]
    assert message["Body"] == "poison"
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == left["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_an_event_that_was_taken_survives_the_service(linked: tuple[Service, str]) -> None:
    service, function = linked
    client(service, "lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"n": 1}')
    kill(service)
    service = connect(service.state)
    assert {"n": 1} in seen(service)


def test_a_receipt_is_good_after_a_restart(linked: tuple[Service, str]) -> None:
    service, _ = linked
    url, _ = make_queue(service, "kept")
    sqs = client(service, "sqs")
    sent = sqs.send_message(QueueUrl=url, MessageBody="x")["MessageId"]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["MessageId"] == sent
    sqs = client(kill_and_return(service), "sqs")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert (
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"]
        == "0"
    )

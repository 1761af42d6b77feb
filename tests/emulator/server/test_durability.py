"""What was acknowledged, and what follows from it, is there after a kill; a state that cannot be read says so."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.local_services import BUCKET, Service, client, connect, kill, kill_and_return, role, zipped
from support.queues import make_queue

from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address


def bodies(service: Service, name: str, count: int, enough: Callable[[list[str]], bool] = bool) -> list[str]:
    """The bodies of a queue's messages, once there are so many, and enough of them."""
    sqs = client(service, "sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    taken: dict[str, str] = {}

    def look() -> Any:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            taken[message["MessageId"]] = message["Body"]
        return True if len(taken) >= count and enough(list(taken.values())) else None

    wait_for(look, what="messages", most=20)
    return list(taken.values())


def keys_told(texts: list[str]) -> set[str]:
    """Keys of the objects that messages tell of, straight, by a topic or by a bus."""
    messages = [json.loads(text) for text in texts]
    inner = [json.loads(message["Message"]) if "Message" in message else message for message in messages]
    keys = {record["s3"]["object"]["key"] for message in inner for record in message.get("Records", [])}
    return keys | {message["detail"]["object"]["key"] for message in inner if "detail" in message}


def test_what_a_bucket_tells_a_queue_a_topic_and_a_bus_comes_after_a_kill(own_service: Service) -> None:
    sns, events = client(own_service, "sns"), client(own_service, "events")
    _, arn = make_queue(own_service, "told")
    _, of_topic = make_queue(own_service, "topic")
    _, of_bus = make_queue(own_service, "bus")
    topic = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=of_topic)
    events.put_rule(Name="told", EventPattern=json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]}))
    events.put_targets(Rule="told", Targets=[{"Id": "1", "Arn": of_bus}])
    # S3 takes no two targets for one event of a key.
    of_queue, of_text = (
        {"Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": suffix}]}}}
        for suffix in (".jpg", ".txt")
    )
    told: Any = {
        "QueueConfigurations": [{"QueueArn": arn, **of_queue}],
        "TopicConfigurations": [{"TopicArn": topic, **of_text}],
        "EventBridgeConfiguration": {},
    }
    own_service.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=told)
    for number in range(5):
        for suffix in ("jpg", "txt"):
            own_service.s3.put_object(Bucket=BUCKET, Key=f"{number}.{suffix}", Body=b"x")
    again = kill_and_return(own_service)
    images, texts = ({f"{number}.{suffix}" for number in range(5)} for suffix in ("jpg", "txt"))
    for name, expected, count in (("told", images, 6), ("topic", texts, 6), ("bus", images | texts, 10)):
        # What was delivered, and not yet noted as such when the service died, comes twice.
        came = bodies(again, name, count, enough=lambda texts, keys=expected: keys_told(texts) >= keys)
        assert keys_told(came) == expected, name


def test_an_upload_in_parts_goes_on_after_a_kill(own_service: Service) -> None:
    s3 = own_service.s3
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="large")["UploadId"]
    asked: dict[str, Any] = {"Bucket": BUCKET, "Key": "large", "UploadId": upload}
    first = s3.upload_part(**asked, PartNumber=1, Body=b"a" * 5_242_880)["ETag"]
    again = kill_and_return(own_service).s3
    second = again.upload_part(**asked, PartNumber=2, Body=b"b")["ETag"]
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
    again.complete_multipart_upload(**asked, MultipartUpload={"Parts": parts})
    assert again.get_object(Bucket=BUCKET, Key="large")["Body"].read() == b"a" * 5_242_880 + b"b"


@pytest.mark.around
def test_a_restart_costs_what_there_is_not_what_was_done(own_service: Service) -> None:
    table = client(own_service, "dynamodb")
    table.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    for number in range(400):
        table.put_item(TableName="t", Item={"k": {"S": str(number % 5)}, "n": {"N": str(number)}})
    address.stop(own_service.state)
    with closing(sqlite3.connect(own_service.state / address.STATE_FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    again = client(connect(own_service.state), "dynamodb")
    values = {item["k"]["S"]: item["n"]["N"] for item in again.scan(TableName="t")["Items"]}
    assert values == {str(number % 5): str(number) for number in range(395, 400)}


def test_what_fell_due_while_the_process_was_dead_happens_once(tmp_path: Path) -> None:
    service = connect(tmp_path / "state", pace=address.FAST)
    _, arn = make_queue(service, "due")
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 3))
    client(service, "scheduler").create_schedule(
        Name="once",
        ScheduleExpression=f"at({soon})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role(service), "Input": '"due"'},
    )
    kill(service)
    ends = time.time() + 4
    wait_for(lambda: True if time.time() > ends else None, what="the time", most=10)
    again = connect(tmp_path / "state", pace=address.FAST)
    assert bodies(again, "due", 1) == ['"due"']
    address.stop(again.state)


def test_another_pace_after_a_stop_holds_at_once(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for rate in (1.0, 2.0, 3.0, 4.0):
        assert address.start(state, address.Pace(rate=rate)).pace.rate == rate
        assert address.stop(state)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda content: b"no database" * 1000, "is no state of a local service"),
        (lambda content: content[:4096] + b"\xff" * 8192 + content[12288:], "is damaged"),
        (lambda content: content[: len(content) // 2], "is damaged|malformed"),
    ],
)
def test_a_state_that_cannot_be_read_says_so_and_what_to_do(own_service: Service, spoil: Any, sentence: str) -> None:
    own_service.rekognition.create_project(ProjectName="p")
    address.stop(own_service.state)
    path = own_service.state / address.STATE_FILE
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(spoil(path.read_bytes()))
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    with pytest.raises(ServiceError, match=sentence) as caught:
        address.start(own_service.state)
    assert "customlabels local reset" in str(caught.value.hint)


def test_a_state_of_another_moto_says_which(own_service: Service) -> None:
    address.stop(own_service.state)
    with closing(sqlite3.connect(own_service.state / address.STATE_FILE)) as connection:
        connection.execute("UPDATE setting SET value = '5.0.0' WHERE name = 'moto'")
        connection.commit()
    with pytest.raises(ServiceError, match=r"was written with moto 5\.0\.0") as caught:
        address.start(own_service.state)
    assert "pip install moto==5.0.0" in str(caught.value.hint)


def test_objects_lie_in_files_that_go_with_them(own_service: Service) -> None:
    folder = own_service.state / address.OBJECTS_FOLDER
    for number in range(20):
        own_service.s3.put_object(Bucket=BUCKET, Key=f"{number % 4}", Body=bytes([number]) * 5000)
    assert len(list(folder.glob("*/*"))) == 4
    own_service.s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "1"})
    own_service.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": str(n)} for n in range(4)]})
    wait_for(lambda: True if len(list(folder.glob("*/*"))) == 1 else None, what="the files' end", most=10)
    assert own_service.s3.get_object(Bucket=BUCKET, Key="copy")["Body"].read() == bytes([17]) * 5000


def test_a_listing_pages_through_prefixes_and_versions_in_order(own_service: Service) -> None:
    s3 = own_service.s3
    s3.create_bucket(Bucket="listed")
    s3.put_bucket_versioning(Bucket="listed", VersioningConfiguration={"Status": "Enabled"})
    keys = [f"{folder}/{name}" for folder in ("a", "b", "ä") for name in ("1", "2", "3")] + ["top", "b-flat"]
    for key in keys:
        s3.put_object(Bucket="listed", Key=key, Body=key.encode())
    s3.delete_object(Bucket="listed", Key="a/2")
    s3.put_object(Bucket="listed", Key="a/1", Body=b"new")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="listed", PaginationConfig={"PageSize": 2})
    assert [item["Key"] for page in pages for item in page.get("Contents", [])] == sorted(
        set(keys) - {"a/2"}, key=lambda key: key.encode()
    )
    sized = {"Bucket": "listed", "PaginationConfig": {"PageSize": 1}}
    rolled = list(s3.get_paginator("list_objects_v2").paginate(Delimiter="/", **sized))
    items = [
        *(name["Prefix"] for page in rolled for name in page.get("CommonPrefixes", [])),
        *(item["Key"] for page in rolled for item in page.get("Contents", [])),
    ]
    assert items == ["a/", "b/", "ä/", "b-flat", "top"]
    versions = list(
        s3.get_paginator("list_object_versions").paginate(Bucket="listed", PaginationConfig={"PageSize": 3})
    )
    shown = [(item["Key"], item["IsLatest"]) for page in versions for item in page.get("Versions", [])]
    assert len(shown) == len(keys) + 1
    assert [latest for key, latest in shown if key == "a/1"] == [True, False]
    assert [item["Key"] for page in versions for item in page.get("DeleteMarkers", [])] == ["a/2"]


def test_batches_run_side_by_side_filtered_and_no_more_than_they_may(tmp_path: Path) -> None:
    service = connect(tmp_path / "state", pace=address.FAST)
    service.s3.create_bucket(Bucket=BUCKET)
    _, arn = make_queue(service, "work", VisibilityTimeout="30")
    code = """
import boto3, json, time
def handle(event, context):
    began = time.time()
    time.sleep(0.6)
    for record in event["Records"]:
        body = json.dumps([began, time.time(), json.loads(record["body"])])
        boto3.client("s3").put_object(Bucket="plant-7", Key="ran/" + record["messageId"], Body=body.encode())
"""
    functions = client(service, "lambda")
    functions.create_function(
        FunctionName="slow",
        Runtime="python3.12",
        Role=role(service),
        Handler="app.handle",
        Code={"ZipFile": zipped(code)},
        Timeout=20,
        MemorySize=256,
    )
    pattern = json.dumps({"body": {"kind": ["wanted"]}})
    functions.create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName="slow",
        BatchSize=1,
        ScalingConfig={"MaximumConcurrency": 2},
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    sqs = client(service, "sqs")
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    for number in range(6):
        kind = "wanted" if number % 3 else "not"
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"kind": kind, "number": number}))

    def ran() -> Any:
        listed = service.s3.list_objects_v2(Bucket=BUCKET, Prefix="ran/").get("Contents", [])
        held = [json.loads(service.s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()) for item in listed]
        return held if len(held) == 4 else None

    spans = wait_for(ran, what="the function's runs", most=30)
    assert {span[2]["number"] for span in spans} == {1, 2, 4, 5}
    at_once = max(sum(other[0] <= span[0] < other[1] for other in spans) for span in spans)
    assert at_once == 2
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == "0"
    address.stop(service.state)

"""A bucket tells a queue of its objects: what S3 says of each, and which configurations it takes."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from support.local_services import Service, client, kill_and_return

from customlabels.core.waiting import wait_for
from customlabels.emulator.s3.destinations import overlap, share_events


def queue(service: Service, name: str) -> tuple[str, str]:
    """Address and ARN of a new queue."""
    sqs = client(service, "sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def configuration(arn: str, prefix: str = "", suffix: str = "", events: str = "s3:ObjectCreated:*", **more: Any) -> Any:
    rules = [{"Name": name, "Value": text} for name, text in (("prefix", prefix), ("suffix", suffix)) if text]
    chosen = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {"QueueArn": arn, "Events": [events], **chosen, **more}


def notify(service: Service, bucket: str, *queues: Any, **more: Any) -> None:
    service.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": list(queues), **more}
    )


def told(service: Service, url: str, count: int) -> list[Any]:
    """The bodies of so many messages."""
    sqs = client(service, "sqs")
    bodies: list[Any] = []

    def enough() -> list[Any] | None:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies if len(bodies) >= count else None

    return wait_for(enough, what="messages", most=20)


def test_every_way_to_make_an_object_is_told_with_its_key_version_and_place_in_order(service: Service) -> None:
    s3 = service.s3
    s3.create_bucket(Bucket="told")
    s3.put_bucket_versioning(Bucket="told", VersioningConfiguration={"Status": "Enabled"})
    url, arn = queue(service, "told")
    notify(service, "told", configuration(arn, prefix="in/", Id="look"))
    (test,) = told(service, url, 1)
    assert (test["Service"], test["Event"], test["Bucket"]) == ("Amazon S3", "s3:TestEvent", "told")
    key = "in/a b+ü (1).jpg"
    version = s3.put_object(Bucket="told", Key=key, Body=b"12345")["VersionId"]
    s3.put_object(Bucket="told", Key="elsewhere/a.jpg", Body=b"x")
    s3.put_object_tagging(Bucket="told", Key=key, Tagging={"TagSet": [{"Key": "seen", "Value": "1"}]})
    s3.copy_object(Bucket="told", Key="in/copy.jpg", CopySource={"Bucket": "told", "Key": key})
    upload = s3.create_multipart_upload(Bucket="told", Key="in/large.jpg")["UploadId"]
    part = s3.upload_part(Bucket="told", Key="in/large.jpg", UploadId=upload, PartNumber=1, Body=b"part")
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="told", Key="in/large.jpg", UploadId=upload, MultipartUpload=parts)
    s3.put_object(Bucket="told", Key=key, Body=b"again")
    records = [record for body in told(service, url, 4) for record in body["Records"]]
    records.sort(key=lambda record: record["s3"]["object"]["sequencer"])
    assert [record["eventName"].partition(":")[2] for record in records] == [
        *("Put", "Copy", "CompleteMultipartUpload", "Put")
    ]
    first = records[0]["s3"]
    assert first["object"]["key"] == "in/a+b%2B%C3%BC+%281%29.jpg"
    assert (first["object"]["size"], first["object"]["versionId"]) == (5, version)
    assert first["object"]["eTag"] == "827ccb0eea8a706c4c34a16891f84e7b"
    assert (first["configurationId"], first["bucket"]["name"]) == ("look", "told")
    assert len({record["s3"]["object"]["sequencer"] for record in records}) == 4
    assert len({record["s3"]["object"]["versionId"] for record in records}) == 4


def test_a_bucket_without_versions_tells_none_and_deletions_are_told_where_they_are_asked_for(service: Service) -> None:
    s3 = service.s3
    url, arn = queue(service, "gone")
    for bucket in ("plain-gone", "versioned-gone"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="versioned-gone", VersioningConfiguration={"Status": "Enabled"})
    for bucket in ("plain-gone", "versioned-gone"):
        notify(service, bucket, configuration(arn, events="s3:ObjectRemoved:*"))
        version = s3.put_object(Bucket=bucket, Key="k", Body=b"x").get("VersionId")
        s3.delete_object(Bucket=bucket, Key="k")
        if version:
            s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    records = [record for body in told(service, url, 5) for record in body.get("Records", [])]
    kinds = sorted(
        (record["s3"]["bucket"]["name"], record["eventName"], "versionId" in record["s3"]["object"])
        for record in records
    )
    assert kinds == [
        ("plain-gone", "ObjectRemoved:Delete", False),
        ("versioned-gone", "ObjectRemoved:Delete", True),
        ("versioned-gone", "ObjectRemoved:DeleteMarkerCreated", True),
    ]


def test_what_was_told_is_in_the_queue_after_kill_9(own_service: Service) -> None:
    own_service.s3.create_bucket(Bucket="kept")
    url, arn = queue(own_service, "kept")
    notify(own_service, "kept", configuration(arn))
    for number in range(20):
        own_service.s3.put_object(Bucket="kept", Key=f"{number}.jpg", Body=b"x")
    again = kill_and_return(own_service)
    url = client(again, "sqs").get_queue_url(QueueName="kept")["QueueUrl"]
    keys: set[str] = set()

    def every() -> bool | None:
        bodies = told(again, url, 1)
        keys.update(record["s3"]["object"]["key"] for body in bodies for record in body.get("Records", []))
        return True if len(keys) == 20 else None

    wait_for(every, what="all that was told", most=20)


def test_a_configuration_that_is_got_can_be_put_again(service: Service) -> None:
    service.s3.create_bucket(Bucket="whole")
    _, arn = queue(service, "whole")
    wanted = [configuration(arn, prefix="a/", suffix=".jpg", Id="mine"), configuration(arn, prefix="b/", Id="theirs")]
    notify(service, "whole", *wanted, EventBridgeConfiguration={})
    shown: Any = service.s3.get_bucket_notification_configuration(Bucket="whole")
    assert "EventBridgeConfiguration" in shown
    assert [held["Id"] for held in shown["QueueConfigurations"]] == ["mine", "theirs"]
    del shown["ResponseMetadata"]
    service.s3.put_bucket_notification_configuration(Bucket="whole", NotificationConfiguration=shown)
    again: Any = service.s3.get_bucket_notification_configuration(Bucket="whole")
    del again["ResponseMetadata"]
    assert again == shown
    service.s3.put_bucket_notification_configuration(Bucket="whole", NotificationConfiguration={})
    assert "QueueConfigurations" not in service.s3.get_bucket_notification_configuration(Bucket="whole")


@pytest.mark.parametrize(
    ("queues", "reason"),
    [
        ([("in/", "", "*"), ("in/a/", "", "*")], "Configurations overlap"),
        ([("in/", "", "*"), ("in/a/", "", "Put")], "Configurations overlap"),
        ([("", ".jpg", "*"), ("in/", "", "Copy")], "Configurations overlap"),
        ([("a/", "", "*"), ("b/", "", "*"), ("", ".png", "Post")], "Configurations overlap"),
        ([("in/", "", "Put"), ("in/", "", "Copy")], ""),
        ([("a/", "", "*"), ("b/", "", "*")], ""),
        ([("in/", ".jpg", "*"), ("in/", ".png", "*")], ""),
    ],
)
def test_filters_of_one_event_do_not_overlap(service: Service, queues: list[Any], reason: str) -> None:
    bucket = "overlapping"
    service.s3.create_bucket(Bucket=bucket)
    _, arn = queue(service, "overlapping")
    asked = [configuration(arn, prefix, suffix, f"s3:ObjectCreated:{kind}") for prefix, suffix, kind in queues]
    if not reason:
        notify(service, bucket, *asked)
        return
    with pytest.raises(ClientError, match=reason):
        notify(service, bucket, *asked)


def test_a_queue_that_is_not_there_cannot_be_told(service: Service) -> None:
    service.s3.create_bucket(Bucket="nowhere")
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        notify(service, "nowhere", configuration("arn:aws:sqs:us-east-1:123456789012:none"))


TEXTS = st.text("ab/.", max_size=3)


@given(first=st.tuples(TEXTS, TEXTS), other=st.tuples(TEXTS, TEXTS), middle=TEXTS)
def test_filters_overlap_where_a_key_passes_both(first: Any, other: Any, middle: str) -> None:
    key = max(first[0], other[0], key=len) + middle + max(first[1], other[1], key=len)
    passes = all(key.startswith(prefix) and key.endswith(suffix) for prefix, suffix in (first, other))
    assert overlap(first, other) == overlap(other, first)
    assert passes == overlap(first, other) or not passes
    if overlap(first, other):
        assert passes


@given(st.sampled_from(["s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Copy", "s3:ObjectRemoved:*"]))
def test_every_type_of_event_meets_itself(kind: str) -> None:
    assert share_events([kind], [kind])

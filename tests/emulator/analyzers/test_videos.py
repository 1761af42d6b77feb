"""The asynchronous pattern: started, told by SNS to a queue, and got."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import BUCKET, Service, client

from customlabels.core.waiting import wait_for


def put(service: Service, key: str, script: str | None) -> dict[str, Any]:
    tagging = {} if script is None else {"Tagging": f"rekognition-video={script}"}
    service.s3.put_object(Bucket=BUCKET, Key=key, Body=b"a video", **tagging)  # type: ignore[arg-type]
    return {"S3Object": {"Bucket": BUCKET, "Name": key}}


def test_a_job_is_told_by_a_topic_to_a_queue_and_its_labels_are_those_of_the_tag(service: Service) -> None:
    sns, sqs = client(service, "sns"), client(service, "sqs")
    topic = sns.create_topic(Name="video-jobs")["TopicArn"]
    queue = sqs.create_queue(QueueName="video-jobs")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    asked: dict[str, Any] = {
        "Video": put(service, "line.mp4", "Person:95:1:2/Forklift:40:0:9"),
        "NotificationChannel": {"SNSTopicArn": topic, "RoleArn": "arn:aws:iam::123456789012:role/tell"},
        "ClientRequestToken": "once",
        "JobTag": "line-3",
    }
    job = service.rekognition.start_label_detection(**asked)["JobId"]
    assert service.rekognition.start_label_detection(**asked)["JobId"] == job
    (told,) = wait_for(
        lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"), what="the message", most=20
    )
    message = json.loads(told["Body"])
    assert (message["JobId"], message["Status"], message["JobTag"]) == (job, "SUCCEEDED", "line-3")
    assert message["Video"] == {"S3ObjectName": "line.mp4", "S3Bucket": BUCKET}
    answer = service.rekognition.get_label_detection(JobId=job, MaxResults=2)
    rest = service.rekognition.get_label_detection(JobId=job, NextToken=answer["NextToken"])
    assert answer["JobStatus"] == "SUCCEEDED"
    seen = [(label["Timestamp"], label["Label"]["Name"]) for label in answer["Labels"] + rest["Labels"]]  # type: ignore[typeddict-item]
    assert seen == [(1000, "Person"), (1500, "Person"), (2000, "Person")]
    with pytest.raises(ClientError, match="IdempotentParameterMismatchException"):
        service.rekognition.start_label_detection(**{**asked, "JobTag": "other"})


def test_a_job_is_in_progress_before_it_is_done_and_its_labels_have_the_boxes_of_the_tag(service: Service) -> None:
    video = put(service, "boxes.mp4", "Person:95:1:1:0.1:0.2:0.3:0.4/Hall:80:1:1")
    job = service.rekognition.start_label_detection(Video=video)["JobId"]  # type: ignore[arg-type] # plain dictionaries
    first = service.rekognition.get_label_detection(JobId=job)
    assert (first["JobStatus"], first.get("Labels", [])) == ("IN_PROGRESS", [])

    def done() -> Any:
        answer = service.rekognition.get_label_detection(JobId=job)
        return answer["Labels"] if answer["JobStatus"] == "SUCCEEDED" else None

    hall, person = (seen["Label"] for seen in wait_for(done, what="the job", most=20))
    assert (hall["Name"], hall["Instances"]) == ("Hall", [])
    box = {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}
    assert person["Instances"] == [{"BoundingBox": box, "Confidence": 95.0}]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "rekognition-video"),
        ("Person:95", "not of the form"),
        ("Person:95:5:2", "not of the form"),
        ("Person:101:1:2", "not of the form"),
        ("Person:95:1:2:0.1:0.1", "not of the form"),
        ("Person:95:1:2:0.1:0.1:0.1:7", "not of the form"),
    ],
)
def test_a_video_that_nothing_scripts_is_refused(service: Service, script: str | None, words: str) -> None:
    with pytest.raises(ClientError, match=words):
        service.rekognition.start_label_detection(Video=put(service, "wrong.mp4", script))  # type: ignore[arg-type]


def test_a_video_that_is_not_there_and_a_job_that_is_none_are_refused(service: Service) -> None:
    with pytest.raises(ClientError, match="InvalidS3ObjectException"):
        service.rekognition.start_label_detection(Video={"S3Object": {"Bucket": BUCKET, "Name": "gone.mp4"}})
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        service.rekognition.get_label_detection(JobId="0" * 64)

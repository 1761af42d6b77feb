"""What the pipeline's functions decide by themselves; their calls are tried in tests/e2e/test_pipeline.py."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.local_services import Service, client

from customlabels.core.errors import ServiceError, TrainingFailed
from customlabels.pipelines.sagemaker.functions import handlers, training_end
from customlabels.pipelines.training.submission import start_training
from customlabels.pipelines.training.ticket import Ticket, document, read_ticket

TICKET = Ticket(
    project="line-7",
    project_arn="",
    version="v1",
    bucket="plant-7",
    output="out",
    tags={},
    description="",
    datasets={"train": "1", "test": "2"},
    digests={"train": "3", "test": "4"},
    images={"train": 8, "test": 2},
)


def test_looks_at_a_training_grow_rarer_until_every_five_minutes() -> None:
    assert [training_end.pause(looks) for looks in (1, 2, 3, 4, 5, 6, 400)] == [15, 30, 60, 120, 240, 300, 300]


def test_a_ticket_is_read_as_it_was_written() -> None:
    assert read_ticket(json.loads(json.dumps(document(TICKET)))) == TICKET
    with pytest.raises(ValueError, match="no ticket of customlabels"):
        read_ticket({"project": "line-7"})


def test_a_training_is_not_started_on_datasets_that_another_run_has_changed(service: Service) -> None:
    arn = service.rekognition.create_project(ProjectName="line-7")["ProjectArn"]
    with pytest.raises(ServiceError, match="another run has changed the train dataset of line-7"):
        start_training(service.rekognition, service.s3, replace(TICKET, project_arn=arn))


def test_a_version_that_is_gone_is_not_waited_for(service: Service) -> None:
    arn = service.rekognition.create_project(ProjectName="line-8")["ProjectArn"]
    now = datetime.now(UTC)
    # It may not show yet.
    assert training_end.ended(service.rekognition, arn, "v1", now, now) is None
    with pytest.raises(TrainingFailed, match="version v1 has been deleted"):
        training_end.ended(service.rekognition, arn, "v1", now - timedelta(minutes=3), now)


def record(queue_arn: str, received: dict[str, Any], body: str | None = None) -> dict[str, Any]:
    return {
        "messageId": received["MessageId"],
        "receiptHandle": received["ReceiptHandle"],
        "body": received["Body"] if body is None else body,
        "eventSourceARN": queue_arn,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000"},
    }


@pytest.mark.parametrize("body", ["no JSON", "[]", "{}", '{"token": "t"}', '{"token": "t", "arguments": null}'])
def test_a_message_that_makes_no_sense_comes_back_alone(
    service: Service, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(handlers, "_client", lambda name: client(service, name))
    sqs = client(service, "sqs")
    queue = sqs.create_queue(QueueName="tokens")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    stopped = json.dumps({"token": "nobody-waits", "arguments": {"version": "v1"}, "status": "Stopping"})
    for text in (body, stopped):
        sqs.send_message(QueueUrl=queue, MessageBody=text)
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    records = [record(arn, message) for message in received]
    odd = [one["messageId"] for one in records if one["body"] == body]
    answer = handlers.wait({"Records": records}, None)
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == odd
    sqs.delete_queue(QueueUrl=queue)

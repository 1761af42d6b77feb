"""Executions that are stopped while a step waits for its token: they hang until somebody answers, as on SageMaker."""

import json
from typing import Any

import pytest
from support.local_services import Service, client

from customlabels.core.waiting import wait_for
from customlabels.pipelines.sagemaker.functions import handlers

WAIT = {
    "Name": "Wait",
    "Type": "Callback",
    "Arguments": {"project_arn": "arn", "version": "v1"},
    "OutputParameters": [],
}
AFTER = {"Name": "After", "Type": "Fail", "DependsOn": ["Wait"], "Arguments": {"ErrorMessage": "it was reached"}}


def status(sagemaker: Any, execution: str) -> str:
    return str(sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)["PipelineExecutionStatus"])


def received(sqs: Any, queue: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")
        return messages[0] if messages else None

    return wait_for(look, what="a message", most=20)


def test_a_stopped_execution_ends_once_its_waiting_step_has_been_answered(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sagemaker, sqs = client(service, "sagemaker"), client(service, "sqs")
    queue = sqs.create_queue(QueueName="stopped")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    document = {"Version": "2020-12-01", "Parameters": [], "Steps": [{**WAIT, "SqsQueueUrl": queue}, AFTER]}
    role = "arn:aws:iam::123456789012:role/x"
    sagemaker.create_pipeline(PipelineName="stopped", PipelineDefinition=json.dumps(document), RoleArn=role)
    execution = sagemaker.start_pipeline_execution(PipelineName="stopped")["PipelineExecutionArn"]
    first = json.loads(received(sqs, queue)["Body"])
    assert (first["status"], first["arguments"]) == ("Executing", WAIT["Arguments"])
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution)
    assert status(sagemaker, execution) == "Stopping"
    with pytest.raises(sagemaker.exceptions.ClientError, match="the execution is Stopping"):
        sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution)
    message = received(sqs, queue)
    assert json.loads(message["Body"])["status"] == "Stopping"
    monkeypatch.setattr(handlers, "_client", lambda name: client(service, name))
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "eventSourceARN": arn,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000"},
    }
    assert handlers.wait({"Records": [record]}, None) == {"batchItemFailures": []}
    ended = wait_for(
        lambda: None if status(sagemaker, execution) == "Stopping" else status(sagemaker, execution),
        what="the end of the execution",
        most=20,
    )
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution)["PipelineExecutionSteps"]
    assert (ended, [(step["StepName"], step["StepStatus"]) for step in steps]) == ("Stopped", [("Wait", "Failed")])
    sagemaker.delete_pipeline(PipelineName="stopped")

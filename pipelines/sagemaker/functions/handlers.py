"""The handlers of the pipeline's Lambda functions.

Imports the standard library, boto3, annotated-types and this package's light modules alone: the functions' zip holds
nothing else.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from customlabels.aws.clients import Clients, Connection, explained
from customlabels.aws.s3_reading import get
from customlabels.core.addresses import parse_address
from customlabels.core.errors import CustomLabelsError, ServiceError
from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation
from customlabels.pipelines.sagemaker import registry
from customlabels.pipelines.sagemaker.functions import gate_step, training_end
from customlabels.pipelines.sagemaker.functions.promotion_step import following, watch
from customlabels.pipelines.sagemaker.text_limits import LONGEST_OUTPUT, cut
from customlabels.pipelines.training.submission import start_training
from customlabels.pipelines.training.ticket import Ticket, read_ticket

Document = dict[str, Any]

_LONGEST_REASON = 256
"""Characters of why a step failed. Source: SendPipelineExecutionStepFailure."""

_STOPPING = "Stopping"
"""Status of the message that SageMaker sends for a step whose execution is stopped. Source: StopPipelineExecution."""

_STOPPED = "the execution was stopped; the training goes on, and is billed, since the service cannot stop one"

_OVER = {"ValidationException", "ValidationError", "ResourceNotFound", "ConflictException"}
"""Codes for a token that nobody waits for any more: its execution was stopped, or was told before."""


def start(event: Document, _context: Any) -> Document:
    """Starts the training of the version that the build has left a ticket for."""
    ticket = _ticket(event)
    started = start_training(_client("rekognition"), _client("s3"), ticket)
    _log("started" if started else "found", version=ticket.version)
    return {"ProjectArn": ticket.project_arn, "Version": ticket.version}


def wait(event: Document, _context: Any) -> Document:
    """Answers the tokens in the queue whose trainings have ended; the others come back for another look.

    A message that cannot be answered comes back alone, and leaves the others of its batch in peace.
    """
    later = [record for record in event["Records"] if not _seen_to(record)]
    for record in later:
        try:
            _hide(record)
        except Exception as error:
            _log("could not be hidden", id=record.get("messageId"), why=repr(error))
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in later]}


def _seen_to(record: Document) -> bool:
    """Whether a message is done with; False where it is to come back."""
    try:
        return _answered(record)
    except Exception as error:
        _log("could not be answered", id=record.get("messageId"), why=repr(error))
        return False


def _hide(record: Document) -> None:
    """Keeps a message from coming back before it is worth another look."""
    looks = int(record["attributes"]["ApproximateReceiveCount"])
    age = datetime.now(UTC) - _sent(record)
    queue = _client("sqs").get_queue_url(QueueName=record["eventSourceARN"].rpartition(":")[2])["QueueUrl"]
    _client("sqs").change_message_visibility(
        QueueUrl=queue, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=training_end.pause(looks, age)
    )


def _sent(record: Document) -> datetime:
    return datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC)


def _answered(record: Document) -> bool:
    """Whether the token of a message has been answered, or nobody waits for it any more."""
    message = json.loads(record["body"])
    about = message.get("arguments", {})
    since = _sent(record)
    sagemaker, token = _client("sagemaker"), {"CallbackToken": message["token"]}

    def tell(call: Callable[..., Any], **answer: Any) -> bool:
        try:
            with explained("answering the pipeline"):
                call(**token, **answer)
        except ServiceError as error:
            if error.code not in _OVER:
                raise
            _log("nobody waits any more", version=about.get("version"), why=error.message)
        return True

    if message.get("status") == _STOPPING:
        # The execution ends only once its step has been answered; the training itself cannot be stopped.
        _log("the execution is being stopped", version=about.get("version"))
        return tell(sagemaker.send_pipeline_execution_step_failure, FailureReason=_STOPPED)
    now = datetime.now(UTC)
    try:
        version = training_end.ended(_client("rekognition"), about["project_arn"], about["version"], since, now)
    except CustomLabelsError as error:
        if isinstance(error, ServiceError) and now - since < training_end.LONGEST:
            # It may pass: the message comes back.
            _log("could not look", version=about["version"], why=error.message)
            return False
        _log("failed", version=about["version"], why=error.message)
        return tell(sagemaker.send_pipeline_execution_step_failure, FailureReason=error.message[:_LONGEST_REASON])
    if version is None:
        return False
    seconds = version.get("BillableTrainingTimeInSeconds", 0)
    _log("trained", version=about["version"], seconds=seconds)
    outputs = {"VersionArn": version["ProjectVersionArn"], "BilledSeconds": str(seconds)}
    return tell(
        sagemaker.send_pipeline_execution_step_success,
        OutputParameters=[{"Name": name, "Value": value} for name, value in outputs.items()],
    )


def evaluate(event: Document, _context: Any) -> Document:
    """Holds the gate against the trained version."""
    evaluation, verdict = gate_step.evaluate(
        _client("rekognition"), _client("s3"), _client("ssm"), event["project_arn"], event["version"], event["gate"]
    )
    sentence = f"version {verdict.version}: {'; '.join(verdict.shortfalls) or 'the gate is passed'}"
    _log(sentence, f1=evaluation.f1)
    return {
        "F1": evaluation.f1,
        "Precision": evaluation.precision,
        "Recall": evaluation.recall,
        "Result": str(verdict.result),
        "Sentence": cut(sentence, LONGEST_OUTPUT),
    }


def register(event: Document, _context: Any) -> Document:
    """Registers the version that passed, and promotes it where that is approved."""
    ticket, rekognition = _ticket(event), _client("rekognition")
    with explained(f"version {event['version']}"):
        (version,) = rekognition.describe_project_versions(
            ProjectArn=event["project_arn"], VersionNames=[event["version"]]
        )["ProjectVersionDescriptions"]
    package = registry.register(
        _client("sagemaker"),
        _client("s3"),
        event["group"],
        version,
        load_evaluation(_client("s3"), version),
        ticket.digests,
        approval=event["approval"],
        execution=event["execution"],
    )
    promoted = registry.promote_approved(_clients(), following(), watch(_log), package)
    _log("registered", version=event["version"], package=package, champion=promoted)
    return {"ModelPackageArn": package, "Champion": promoted}


def approve(event: Document, _context: Any) -> Document:
    """Promotes the version of a model package that a person has approved; EventBridge tells of it."""
    package, when = event["detail"]["ModelPackageArn"], datetime.fromisoformat(event["time"])
    promoted = registry.promote_approved(_clients(), following(), watch(_log), package, when)
    _log("promoted" if promoted else "not approved, or overtaken", package=package, version=promoted)
    return {"Champion": promoted}


def _ticket(event: Document) -> Ticket:
    return read_ticket(json.loads(get(_client("s3"), parse_address(event["ticket"]))))


@cache
def _clients() -> Clients:
    """As the command has them; made once an environment."""
    return Clients(Connection())


@cache
def _client(service: str) -> Any:
    """Made once an environment."""
    make: Any = boto3.client
    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5, read_timeout=20)
    return make(service, config=config)


def _log(message: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"message": message, **more}, ensure_ascii=False) + "\n")
    sys.stdout.flush()

"""A throwaway stack: a role, a queue and a schedule that stops a version which does not exist.

The schedule is made seconds after its role, as in every stack of ours; and what Rekognition refuses arrives in the
queue, which tells that EventBridge Scheduler called it. Source: EventBridge Scheduler user guide, "Configuring a
dead-letter queue" and "Using universal targets".
"""

import json
from collections.abc import Iterator
from typing import Any

from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import change_sets, deployment
from customlabels.aws.stacks.stack import Stack
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.core.watching import Watch, ticking
from customlabels.pipelines.readiness.findings import NOTHING, Finding, Standing
from customlabels.pipelines.readiness.questions import FRESH_ROLE, PACKAGES, TARGET, answered
from customlabels.pipelines.readiness.removal import Removal

_LONGEST_WAIT = 5 * 60.0
"""Seconds; the schedule fires once a minute."""

_REACHED = "ResourceNotFound"


def probe_stack(clients: Clients, name: str, bucket: str, removal: Removal, watch: Watch) -> Iterator[Finding]:
    """Deploys the stack of that name, which is owed to `removal`, and waits for what its schedule brings about."""
    removal.owe(f"stack {name}", lambda: _remove_stack(clients, name))
    stack = Stack(name, template(name, version_arn(clients, name)), S3Address(bucket, name), {})
    try:
        deployment.deploy(clients, stack, confirm=lambda changes: True, watch=watch)
    except ServiceError as error:
        text = " ".join((error.message, *error.details))
        if "assume" in text:
            yield answered(FRESH_ROLE, f"it is refused: {text}", FRESH_ROLE.either_way, Standing.WARNING)
        else:
            yield answered(FRESH_ROLE, f"the stack could not be made: {text}", _advice(error), Standing.UNKNOWN)
        yield answered(TARGET, "not tried, since there is no stack", TARGET.either_way, Standing.UNKNOWN)
        return
    yield answered(FRESH_ROLE, "a schedule takes the role that was made just before it", NOTHING)
    with watch.step("waiting for the schedule to call StopProjectVersion, a minute or two") as advance:
        message = _first_message(clients, name, advance)
    yield target_finding(message)


def target_finding(message: str | None) -> Finding:
    """What the queue tells of the target.

    Parameters
    ----------
    message : code and words of what was refused; None where nothing arrived
    """
    if message is None:
        seen = f"nothing arrived within {_LONGEST_WAIT / 60:.0f} minutes"
        return answered(TARGET, seen, f"have a look at the schedule's metrics; {TARGET.either_way}", Standing.WARNING)
    if _REACHED in message:
        return answered(TARGET, f"it does, and Rekognition answers: {message}", NOTHING)
    return answered(TARGET, f"the call was refused: {message}", TARGET.either_way, Standing.FAILED)


def probe_packages(clients: Clients, name: str, removal: Removal, *, emulated: bool) -> Iterator[Finding]:
    """Registers a package whose source is a version that does not exist; group and package are owed to `removal`."""
    if emulated:
        seen = "this endpoint is no AWS: its registry keeps packages that it cannot delete"
        yield answered(PACKAGES, seen, PACKAGES.either_way, Standing.UNKNOWN)
        return
    sagemaker, arn = clients.once("sagemaker"), version_arn(clients, name)
    removal.owe(f"model package group {name}", lambda: _remove_packages(clients, name))
    try:
        with explained("registering a package"):
            sagemaker.create_model_package_group(ModelPackageGroupName=name)
            package = sagemaker.create_model_package(
                ModelPackageGroupName=name, SourceUri=arn, ModelApprovalStatus="Rejected"
            )["ModelPackageArn"]
            held = sagemaker.describe_model_package(ModelPackageName=package).get("SourceUri")
    except ServiceError as error:
        yield answered(PACKAGES, f"it is refused: {error.message}", PACKAGES.either_way, Standing.WARNING)
        return
    if held != arn:
        yield answered(PACKAGES, f"it is taken, and given back as {held}", PACKAGES.either_way, Standing.WARNING)
        return
    yield answered(PACKAGES, "it is taken, and given back as it was", NOTHING)


def version_arn(clients: Clients, project: str) -> str:
    """The ARN of a version that does not exist."""
    return f"arn:aws:rekognition:{clients.region}:{clients.account}:project/{project}/version/none/1700000000000"


def template(name: str, version: str) -> str:
    """The stack's template."""

    def role_policy(*statements: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"PolicyName": "probe", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]

    queue_arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, "MessageRetentionPeriod": 3600}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": name,
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                "Policies": role_policy(
                    {"Effect": "Allow", "Action": "rekognition:StopProjectVersion", "Resource": version},
                    {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue_arn},
                ),
            },
        },
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": name,
                "ScheduleExpression": "rate(1 minute)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": {"Fn::Sub": "arn:${AWS::Partition}:scheduler:::aws-sdk:rekognition:stopProjectVersion"},
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Input": json.dumps({"ProjectVersionArn": version}),
                    "DeadLetterConfig": {"Arn": queue_arn},
                    "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
                },
            },
        },
    }
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


def _first_message(clients: Clients, queue: str, advance: Any) -> str | None:
    """Code and words of the first call that was refused; None where none arrives."""
    sqs = clients.once("sqs")
    with explained("asking for the queue"):
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]

    def look() -> str | None:
        with explained("reading the queue"):
            messages = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=1)
        for message in messages.get("Messages", []):
            attributes = message.get("MessageAttributes", {})
            words = [attributes.get(name, {}).get("StringValue", "") for name in ("ERROR_CODE", "ERROR_MESSAGE")]
            return " ".join(filter(None, words)) or "without a word"
        return None

    try:
        return wait_for(look, what="the queue", most=_LONGEST_WAIT, tick=ticking(advance))
    except ServiceError as error:
        if error.code:
            raise
        return None


def _remove_stack(clients: Clients, name: str) -> None:
    change_sets.delete(clients.cloudformation, name, lambda seconds: None)


def _remove_packages(clients: Clients, name: str) -> None:
    sagemaker = clients.sagemaker
    try:
        with explained(f"removing model packages of {name}"):
            packages = sagemaker.list_model_packages(ModelPackageGroupName=name)["ModelPackageSummaryList"]
            for package in packages:
                sagemaker.delete_model_package(ModelPackageName=package["ModelPackageArn"])
            sagemaker.delete_model_package_group(ModelPackageGroupName=name)
    except ServiceError as error:
        if error.code not in {"ValidationException", "ValidationError", "ResourceNotFound"}:
            raise


def _advice(error: ServiceError) -> str:
    return error.hint or "see the message, then customlabels doctor --probe again"

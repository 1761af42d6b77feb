"""The CloudFormation template of what the pipeline's steps call: functions, a queue of tokens, a role for each.

Source: CloudFormation template reference; SageMaker developer guide, "Callback step".
"""

import json
from collections.abc import Sequence

from customlabels.aws.stacks.change_sets import json_template
from customlabels.aws.stacks.statements import Statement, allow, attribute, policy, sub
from customlabels.pipelines.sagemaker.functions.promotion_step import EVENT_BUS, TOPIC, TRACKING_URI
from customlabels.pipelines.sagemaker.parts import Document, Parts
from customlabels.pipelines.sagemaker.pipeline_roles import function_statements, job_statements, pipeline_statements

FUNCTIONS = {
    "start": "Starts the training",
    "wait": "Tells the pipeline of trainings that have ended",
    "evaluate": "Holds the gate against a version",
    "register": "Registers a version that passed, and promotes it where that is approved",
    "approve": "Promotes a version that a person has approved in the model registry",
}
REFERENCES: Document = {
    "functions": {name: f"${{{name.capitalize()}.Arn}}" for name in ("start", "evaluate", "register")},
    "queue_url": "${Tokens}",
    "processing_role": "${ProcessingRole.Arn}",
}
"""Places of a definition that is part of the template, as Fn::Sub fills them in."""

_HANDLERS = "customlabels.pipelines.sagemaker.functions.handlers"
_PROMOTE = ("register", "approve")
_SECONDS = {"evaluate": 300}
_USUAL_SECONDS = 50
_HIDDEN = 300
"""Seconds that a token stays hidden while it is looked at: six times as long as the function may take."""

_MOST_LOOKS = 1000
_DAY = 86_400


def template(parts: Parts, definition: Document | None = None) -> str:
    """The template, in JSON.

    Parameters
    ----------
    definition : with REFERENCES for its places, where the template is to make the pipeline too
    """
    resources: Document = {}
    for name, does in FUNCTIONS.items():
        resources |= _function(parts, name, does)
    resources |= _queue() | _approval(parts)
    resources["PipelineRole"] = _role(
        f"The pipeline of {parts.project}", "sagemaker.amazonaws.com", pipeline_statements()
    )
    resources["ProcessingRole"] = _role(
        f"The processing jobs of the pipeline of {parts.project}", "sagemaker.amazonaws.com", job_statements(parts)
    )
    if definition is not None:
        resources["Pipeline"] = {
            "Type": "AWS::SageMaker::Pipeline",
            "Properties": {
                "PipelineName": parts.pipeline,
                "PipelineDefinition": {"PipelineDefinitionBody": sub(_escaped(json.dumps(definition)))},
                "RoleArn": attribute("PipelineRole"),
            },
        }
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Steps of the SageMaker Pipeline of {parts.project}, made by customlabels",
        "Resources": resources,
        "Outputs": {
            "Queue": {"Description": "Where tokens wait", "Value": {"Ref": "Tokens"}},
            **{
                name: {"Description": does, "Value": attribute(name)}
                for name, does in (
                    ("PipelineRole", "The role of the pipeline"),
                    ("ProcessingRole", "The role of its processing jobs"),
                    *((function.capitalize(), FUNCTIONS[function]) for function in ("start", "evaluate", "register")),
                )
            },
        },
    }
    return json_template(document)


def _function(parts: Parts, name: str, does: str) -> Document:
    logical, full = name.capitalize(), f"{parts.name}-{name}"
    statements = [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [sub(f"${{{logical}Log.Arn}}")]),
        *function_statements(parts)[name],
    ]
    return {
        f"{logical}Log": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {"LogGroupName": f"/aws/lambda/{full}", "RetentionInDays": 90},
        },
        f"{logical}Role": _role(
            f"The function {name} of the pipeline of {parts.project}", "lambda.amazonaws.com", statements
        ),
        logical: {
            "Type": "AWS::Lambda::Function",
            "DependsOn": f"{logical}Log",
            "Properties": {
                "FunctionName": full,
                "Description": does,
                "Runtime": "python3.13",
                "Architectures": ["arm64"],
                "Handler": f"{_HANDLERS}.{name}",
                "Role": attribute(f"{logical}Role"),
                "MemorySize": 512 if name == "evaluate" else 256,
                "Timeout": _SECONDS.get(name, _USUAL_SECONDS),
                "Code": {"S3Bucket": parts.bucket, "S3Key": parts.key},
                **(_followed(parts) if name in _PROMOTE else {}),
            },
        },
    }


def _followed(parts: Parts) -> Document:
    """The environment of a function that promotes: who is told, and what follows."""
    values = {TOPIC: parts.topic, EVENT_BUS: parts.event_bus, TRACKING_URI: parts.tracking_uri}
    variables = {name: value for name, value in values.items() if value}
    return {"Environment": {"Variables": variables}} if variables else {}


def _queue() -> Document:
    return {
        "DeadTokens": {
            "Type": "AWS::SQS::Queue",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * _DAY},
        },
        "Tokens": {
            "Type": "AWS::SQS::Queue",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "SqsManagedSseEnabled": True,
                "VisibilityTimeout": _HIDDEN,
                "MessageRetentionPeriod": 2 * _DAY,
                "RedrivePolicy": {"deadLetterTargetArn": attribute("DeadTokens"), "maxReceiveCount": _MOST_LOOKS},
            },
        },
        "Waits": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": attribute("Tokens"),
                "FunctionName": {"Ref": "Wait"},
                "BatchSize": 10,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        },
    }


def _approval(parts: Parts) -> Document:
    return {
        "Approvals": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": f"A version of {parts.project} was approved in the model registry",
                "EventPattern": {
                    "source": ["aws.sagemaker"],
                    "detail-type": ["SageMaker Model Package State Change"],
                    "detail": {"ModelPackageGroupName": [parts.group], "ModelApprovalStatus": ["Approved"]},
                },
                "Targets": [{"Id": "approve", "Arn": attribute("Approve")}],
            },
        },
        "ApprovalsMayCall": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "Approve"},
                "Action": "lambda:InvokeFunction",
                "Principal": "events.amazonaws.com",
                "SourceArn": attribute("Approvals"),
            },
        },
    }


def _role(description: str, service: str, statements: Sequence[Statement]) -> Document:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": description,
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
                ],
            },
            "Policies": [
                {
                    "PolicyName": "own",
                    "PolicyDocument": policy(statements),
                }
            ],
        },
    }


def _escaped(text: str) -> str:
    """Text for Fn::Sub in which nothing but REFERENCES is a reference."""
    text = text.replace("${", "${!")
    for reference in (*REFERENCES["functions"].values(), REFERENCES["queue_url"], REFERENCES["processing_role"]):
        text = text.replace(reference.replace("${", "${!"), reference)
    return text

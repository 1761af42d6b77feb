"""The state machine of batches: the model is waited for, then a distributed map has every image of a list looked at.

What is left to do afterwards is done by a function that hears of the end, whatever end that is: a machine that is
stopped runs no state any more, and one that ends in a state of its own making cannot be redriven. Source: Step
Functions developer guide, "Using Map state in Distributed mode"; quotas: a child that is EXPRESS has five minutes.
"""

from typing import Any

IMAGES_A_CHILD = 100
"""At most. At half a second each they take a minute: a child that begins again has time enough to end."""

BYTES_A_CHILD = 100_000
"""Of a child's images: they come back with what was seen in each, and a state's output has 262,144. A key has up to
1,024 bytes, which JSON writes as up to six times as many."""

CHILD_TIMEOUT = 120
"""Seconds of the function."""

_LOOK_AGAIN = 60
_PASSING = (
    *("Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.AWSLambdaException"),
    *("Lambda.SdkClientException", "Lambda.Unknown", "States.Timeout"),
)


def definition(function: str) -> dict[str, Any]:
    """The machine, which has `function`, an ARN, look."""
    return {
        "Comment": "Has every image of a list looked at; made by customlabels",
        "StartAt": "Is it needed?",
        "States": {
            "Is it needed?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.calls", "NumericEquals": 0, "Next": "Look"}],
                "Default": "Ask for the model",
            },
            "Ask for the model": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:rekognition:describeProjectVersions",
                "Parameters": {"ProjectArn.$": "$.project_arn", "VersionNames.$": "States.Array($.version)"},
                "ResultSelector": {"statuses.$": "$.ProjectVersionDescriptions[*].Status"},
                "ResultPath": "$.model",
                "Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 8}],
                "Next": "Is it up?",
            },
            "Is it up?": {
                "Type": "Choice",
                "Choices": [
                    {
                        "And": [
                            {"Variable": "$.model.statuses[0]", "IsPresent": True},
                            {"Variable": "$.model.statuses[0]", "StringEquals": "RUNNING"},
                        ],
                        "Next": "Look",
                    },
                    {
                        "Variable": "$$.State.EnteredTime",
                        "TimestampGreaterThanPath": "$.model_by",
                        "Next": "The model did not come",
                    },
                ],
                "Default": "Wait for it",
            },
            "Wait for it": {"Type": "Wait", "Seconds": _LOOK_AGAIN, "Next": "Ask for the model"},
            "The model did not come": {
                "Type": "Fail",
                "Error": "ModelNotRunning",
                "Cause": "The version was not RUNNING in the time that it was waited for",
            },
            "Look": _look(function),
        },
    }


def _look(function: str) -> dict[str, Any]:
    """Distributed over the images of the list."""
    child = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "Retry": [
            {"ErrorEquals": ["NotYet"], "IntervalSeconds": 5, "MaxAttempts": 10, "BackoffRate": 1.5},
            {
                "ErrorEquals": list(_PASSING),
                "IntervalSeconds": 2,
                "MaxAttempts": 5,
                "BackoffRate": 2,
                "JitterStrategy": "FULL",
            },
        ],
        "End": True,
    }
    return {
        "Type": "Map",
        "Label": "Images",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Parameters": {"Bucket.$": "$.bucket", "Key.$": "$.images"},
        },
        "ItemBatcher": {
            "MaxItemsPerBatchPath": "$.a_child",
            "MaxInputBytesPerBatch": BYTES_A_CHILD,
            "BatchInput": {
                "version.$": "$.version",
                "arn.$": "$.arn",
                "judged.$": "$.judged",
                "rate.$": "$.images_a_second",
            },
        },
        "MaxConcurrencyPath": "$.concurrency",
        "ToleratedFailurePercentagePath": "$.tolerated",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "Look at some",
            "States": {"Look at some": child},
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket.$": "$.bucket", "Prefix.$": "$.parts"},
            "WriterConfig": {"OutputType": "JSONL", "Transformation": "FLATTEN"},
        },
        "End": True,
    }

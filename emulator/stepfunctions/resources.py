"""What a Task calls: the resource's ARN read, its parameters fitted to the operation's own, errors named.

Source: Step Functions developer guide, "Learning to use AWS service SDK integrations" and "Integrating services".
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from customlabels.emulator.server.protocol import service_model
from customlabels.emulator.stepfunctions.errors import StateError

_SDK = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:aws-sdk:([a-z0-9]+):([A-Za-z0-9]+)(\.\w+)?")
_OPTIMIZED = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:([a-z0-9]+):([A-Za-z0-9]+)(\.[\w:.]+)?")
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?")

_SERVICES = {
    "cloudwatch": ("cloudwatch", "CloudWatch"),
    "dynamodb": ("dynamodb", "DynamoDb"),
    "eventbridge": ("events", "EventBridge"),
    "lambda": ("lambda", "Lambda"),
    "rekognition": ("rekognition", "Rekognition"),
    "s3": ("s3", "S3"),
    "scheduler": ("scheduler", "Scheduler"),
    "sfn": ("stepfunctions", "Sfn"),
    "sns": ("sns", "Sns"),
    "sqs": ("sqs", "Sqs"),
    "ssm": ("ssm", "Ssm"),
}
"""boto3's name and the prefix of errors, by the name in an ARN."""

_SHORT = {
    ("dynamodb", "deleteItem"): ("dynamodb", "DynamoDB"),
    ("dynamodb", "getItem"): ("dynamodb", "DynamoDB"),
    ("dynamodb", "putItem"): ("dynamodb", "DynamoDB"),
    ("dynamodb", "updateItem"): ("dynamodb", "DynamoDB"),
    ("events", "putEvents"): ("events", "Events"),
    ("lambda", "invoke"): ("lambda", "Lambda"),
    ("sns", "publish"): ("sns", "SNS"),
    ("sqs", "sendMessage"): ("sqs", "SQS"),
}
"""Integrations of their own, without which there is the SDK's."""

Client = Callable[[str], Any]
"""Makes the client of a service, by boto3's name."""


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of a service; `function` is what a Task names that has a function itself for its resource."""

    service: str
    operation: str
    prefix: str
    function: str = ""
    short: bool = False
    """Whether it is an integration of its own: a function's answer comes as a document, not as text."""


def read(resource: Any) -> Call:
    """The call that an ARN names.

    Raises
    ------
    ValueError : it is not run here
    """
    text = str(resource)
    if _FUNCTION.fullmatch(text):
        return Call("lambda", "Invoke", "Lambda", function=text, short=True)
    match = _SDK.fullmatch(text)
    if match:
        service, action, pattern = match.groups()
        known = _SERVICES.get(str(service))
    else:
        match = _OPTIMIZED.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no resource of a task that is run here")
        service, action, pattern = match.groups()
        known = _SHORT.get((str(service), str(action)))
    if pattern:
        raise ValueError(f"{text}: {pattern.removeprefix('.')} is not run here; the call's answer is its result")
    if known is None:
        raise ValueError(f"{text}: {service}:{action} is not run here")
    name, prefix = known
    operation = action[:1].upper() + action[1:]
    if operation not in service_model(name).operation_names:
        raise ValueError(f"{text}: {service} has no operation {operation}")
    return Call(name, operation, prefix, short=not _SDK.fullmatch(text))


def fault(call: Call, parameters: Any) -> str:
    """Which members the operation does not have; empty where it has all."""
    if call.function or not isinstance(parameters, dict):
        return ""
    shape = service_model(call.service).operation_model(call.operation).input_shape
    members = {_pascal(str(name)) for name in getattr(shape, "members", {})}
    unknown = sorted({_pascal(name.removesuffix(".$")) for name in parameters} - members)
    return f"{call.operation} has no {', '.join(unknown)}" if unknown else ""


def perform(call: Call, parameters: Any, client: Client) -> Any:
    """The answer of a call.

    Raises
    ------
    StateError : named as the service names it
    """
    if call.function:
        return _invoke(client("lambda"), {"FunctionName": call.function, "Payload": parameters})["Payload"]
    given = parameters if isinstance(parameters, dict) else {}
    try:
        if call.operation == "Invoke" and call.short:
            return _invoke(client("lambda"), given)
        shape = service_model(call.service).operation_model(call.operation).input_shape
        answer = getattr(client(call.service), xform_name(call.operation))(**_fitted(shape, given))
    except ClientError as error:
        raise _named(call.prefix, error) from error
    except ParamValidationError as error:
        raise StateError("States.Runtime", str(error)) from error
    except BotoCoreError as error:
        raise StateError(f"{call.prefix}.SdkClientException", str(error)) from error
    answer.pop("ResponseMetadata", None)
    return _plain(answer)


def _invoke(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Invoke's answer, its payload a document.

    Raises
    ------
    StateError : the function failed, under the name of what it raised
    """
    payload = json.dumps(given.get("Payload", {})).encode()
    try:
        answer = client.invoke(**{**given, "Payload": payload})
    except ClientError as error:
        raise _named("Lambda", error) from error
    except BotoCoreError as error:
        raise StateError("Lambda.SdkClientException", str(error)) from error
    text = answer["Payload"].read()
    try:
        document = json.loads(text or b"null")
    except ValueError as error:
        raise StateError("States.Runtime", "the function's answer is no JSON") from error
    if "FunctionError" in answer:
        raised = document if isinstance(document, dict) else {}
        raise StateError(str(raised.get("errorType") or "Lambda.Unknown"), json.dumps(document, ensure_ascii=False))
    kept = {name: answer[name] for name in ("StatusCode", "ExecutedVersion") if name in answer}
    return {**kept, "Payload": document}


def _named(prefix: str, error: ClientError) -> StateError:
    refused = error.response["Error"]
    code = refused.get("Code", "Unknown")
    name = code if code.endswith(("Exception", "Error")) else f"{code}Exception"
    return StateError(f"{prefix}.{name}", f"{refused.get('Message', '')} (Service: {prefix}, Error Code: {code})")


def _fitted(shape: Shape | None, value: Any) -> Any:
    """Parameters with the names and types that the API has; in a definition each name begins with a capital."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members: dict[str, str] = {_pascal(str(name)): str(name) for name in shape.members}
        known = {members.get(_pascal(str(name)), str(name)): part for name, part in value.items()}
        return {name: _fitted(shape.members.get(name), part) for name, part in known.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_fitted(shape.member, part) for part in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {name: _fitted(shape.value, part) for name, part in value.items()}
    if shape is not None and shape.type_name == "string" and isinstance(value, dict | list):
        # What takes a text takes a document for its JSON.
        return json.dumps(value, ensure_ascii=False)
    if shape is not None and shape.type_name == "blob" and not isinstance(value, str | bytes):
        return json.dumps(value).encode()
    return value


def _plain(value: Any) -> Any:
    """An answer as JSON has it."""
    if isinstance(value, dict):
        return {_pascal(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]

"""The CloudFormation type of state machines.

Source: CloudFormation template reference, AWS::StepFunctions::StateMachine.
"""

import json
import re
from typing import Any

from customlabels.emulator.cloudformation.definitions import Call, Made, Properties, Type, text_of

_MADE = {
    *("Definition", "DefinitionString", "DefinitionSubstitutions", "DefinitionS3Location", "LoggingConfiguration"),
    *("RoleArn", "StateMachineName", "StateMachineType", "Tags", "TracingConfiguration"),
}
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


def _put_state_machine(call: Call, name: str, given: Properties, before: Made | None) -> Made:
    unknown = sorted(given.keys() - _MADE)
    if unknown:
        raise ValueError(f"the local service does not make the property {', '.join(unknown)}")
    settings: Properties = {"definition": _definition(call, given), "roleArn": given["RoleArn"]}
    for member in ("LoggingConfiguration", "TracingConfiguration"):
        if member in given:
            settings[member[:1].lower() + member[1:]] = _camel(given[member])
    tags = [{"key": str(tag["Key"]), "value": str(tag["Value"])} for tag in given.get("Tags", [])]
    if before is None:
        kind = given.get("StateMachineType", "STANDARD")
        parameters = {**settings, "name": name, "type": kind, "tags": tags}
        arn = call("stepfunctions", "CreateStateMachine", parameters)["stateMachineArn"]
    else:
        arn = before.reference
        call("stepfunctions", "UpdateStateMachine", {**settings, "stateMachineArn": arn})
        gone = {str(tag["Key"]) for tag in before.properties.get("Tags", [])} - {tag["key"] for tag in tags}
        if gone:
            call("stepfunctions", "UntagResource", {"resourceArn": arn, "tagKeys": sorted(gone)})
        if tags:
            call("stepfunctions", "TagResource", {"resourceArn": arn, "tags": tags})
    shown = call("stepfunctions", "DescribeStateMachine", {"stateMachineArn": arn})
    return Made(arn, {"Arn": arn, "Name": name, "StateMachineRevisionId": shown.get("revisionId", "INITIAL")})


def _definition(call: Call, given: Properties) -> str:
    """The definition's text, what it is to be filled with filled in."""
    if "DefinitionS3Location" in given:
        location = given["DefinitionS3Location"]
        text = call("s3", "GetObject", {"Bucket": location["Bucket"], "Key": location["Key"]})["Body"].read().decode()
    else:
        text = text_of(given["Definition"] if "Definition" in given else given["DefinitionString"])
    values = given.get("DefinitionSubstitutions", {})

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None:
            return match[0]
        return found if isinstance(found, str) else json.dumps(found)

    return _PLACEHOLDER.sub(value, text)


def _camel(value: Any) -> Any:
    """A document with names as the API has them."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(part) for name, part in value.items()}
    return [_camel(part) for part in value] if isinstance(value, list) else value


def _delete_state_machine(call: Call, made: Made) -> object:
    return call("stepfunctions", "DeleteStateMachine", {"stateMachineArn": made.reference})


STATE_MACHINE_TYPES: dict[str, Type] = {
    "AWS::StepFunctions::StateMachine": Type(
        _put_state_machine,
        _delete_state_machine,
        name="StateMachineName",
        fixed=("StateMachineType",),
        attributes=("Arn", "Name", "StateMachineRevisionId"),
    ),
}

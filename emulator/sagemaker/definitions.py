"""Definitions of pipelines read: what references stand for, what a step needs, whether a condition holds.

Source: SageMaker Pipelines, "Pipeline definition JSON schema".
"""

import json
import re
from collections.abc import Callable
from typing import Any

_REFERENCE = re.compile(r"Steps\.([A-Za-z0-9-]+)\.OutputParameters\['([^']+)'\]")

Document = dict[str, Any]


class StepFailed(Exception):
    """A step did not come to a good end; the message says why."""


def resolved(value: Any, values: Document) -> Any:
    """A part of a definition with its references and functions replaced by what they stand for.

    Raises
    ------
    StepFailed : a reference stands for nothing
    """
    if isinstance(value, list):
        return [resolved(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Get"}:
        if value["Get"] not in values:
            raise StepFailed(f"{value['Get']} stands for nothing")
        return values[value["Get"]]
    if value.keys() == {"Std:Join"}:
        parts = [resolved(part, values) for part in value["Std:Join"]["Values"]]
        return str(value["Std:Join"]["On"]).join(str(part) for part in parts)
    return {name: resolved(part, values) for name, part in value.items()}


def needs(document: Document) -> set[str]:
    """Names of the steps that a step needs, those in its branches included."""
    branches = [step for branch in ("IfSteps", "ElseSteps") for step in document["Arguments"].get(branch, [])]
    named = {reference[0] for reference in _REFERENCE.findall(json.dumps(document["Arguments"]))}
    return (named | set(document.get("DependsOn", []))).union(*map(needs, branches))


def met(condition: Document) -> bool:
    left, right = condition["LeftValue"], condition["RightValue"]
    checks: dict[str, Callable[[Any, Any], bool]] = {
        "Equals": lambda left, right: bool(left == right),
        "GreaterThan": lambda left, right: bool(left > right),
        "GreaterThanOrEqualTo": lambda left, right: bool(left >= right),
        "LessThan": lambda left, right: bool(left < right),
        "LessThanOrEqualTo": lambda left, right: bool(left <= right),
    }
    if condition["Type"] not in checks:
        raise StepFailed(f"conditions of type {condition['Type']} are not checked here")
    return checks[condition["Type"]](left, right)


def picked(document: Document, given: Document) -> Document:
    """Of what a step gave, the outputs that its definition names.

    Raises
    ------
    StepFailed : one is missing
    """
    names = [output["OutputName"] for output in document.get("OutputParameters", [])]
    if missing := [name for name in names if name not in given]:
        raise StepFailed(f"output {missing[0]} is missing")
    return {name: given[name] for name in names}


def values_of(definition: Document, given: Document, arn: str) -> Document:
    """What references stand for before any step of the execution `arn` has run.

    Parameters
    ----------
    given : values of parameters by name

    Raises
    ------
    ValueError : a parameter has no value, or one that it may not have
    """
    values: Document = {
        "Execution.PipelineExecutionArn": arn,
        "Execution.PipelineExecutionId": arn.rpartition("/")[2],
        "Execution.PipelineName": arn.split("/")[1],
    }
    types: dict[str, Callable[[Any], Any]] = {
        "Integer": int,
        "Float": float,
        "Boolean": lambda text: str(text).lower() == "true",
    }
    for parameter in definition["Parameters"]:
        name = parameter["Name"]
        value = given.get(name, parameter.get("DefaultValue"))
        if value is None:
            raise ValueError(f"parameter {name} has no value")
        if value not in parameter.get("EnumValues", [value]):
            raise ValueError(f"parameter {name} may not be {value!r}")
        values[f"Parameters.{name}"] = types.get(parameter["Type"], str)(value)
    return values

"""The pipeline in SageMaker: made or changed, started, and followed until its execution ends."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import ParameterTypeDef, PipelineExecutionStepTypeDef

_LONGEST = 28 * 3600.0
_GOING_ON = {"Executing", "Stopping"}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an execution: how far it is, what it gave, and why it failed."""

    name: str
    status: str
    seconds: float | None = None
    """None while it goes on."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def find(sagemaker: "SageMakerClient", name: str) -> dict[str, Any] | None:
    """The definition that the pipeline of that name has; None where there is none."""
    try:
        with explained(f"looking for the pipeline {name}"):
            pipeline = sagemaker.describe_pipeline(PipelineName=name)
    except ServiceError as error:
        if error.code in {"ResourceNotFound", "ResourceNotFoundException", "ValidationException", "ValidationError"}:
            return None
        raise
    document: dict[str, Any] = json.loads(pipeline["PipelineDefinition"])
    return document


def put(
    sagemaker: "SageMakerClient", name: str, definition: Mapping[str, Any], role: str, *, new: bool, project: str
) -> None:
    """Creates the pipeline, or changes it to that definition."""
    text = json.dumps(definition)
    description = f"Trains versions of the Custom Labels project {project}; made by customlabels"
    about: Any = {"PipelineName": name, "PipelineDefinition": text, "RoleArn": role, "PipelineDescription": description}
    with explained(f"{'creating' if new else 'changing'} the pipeline {name}"):
        if new:
            sagemaker.create_pipeline(**about, PipelineDisplayName=name)
        else:
            sagemaker.update_pipeline(**about)


def delete(sagemaker: "SageMakerClient", name: str) -> bool:
    """Deletes the pipeline; whether there was one."""
    if find(sagemaker, name) is None:
        return False
    with explained(f"deleting the pipeline {name}"):
        sagemaker.delete_pipeline(PipelineName=name)  # type: ignore[call-arg] # botocore makes the token
    return True


def start(sagemaker: "SageMakerClient", name: str, parameters: Mapping[str, str]) -> str:
    """Starts an execution; its ARN."""
    given: list[ParameterTypeDef] = [{"Name": key, "Value": value} for key, value in parameters.items()]
    with explained(f"starting the pipeline {name}"):
        made = sagemaker.start_pipeline_execution(  # type: ignore[call-arg] # botocore makes the token
            PipelineName=name, PipelineParameters=given
        )
    return made["PipelineExecutionArn"]


def steps(sagemaker: "SageMakerClient", execution: str) -> list[Step]:
    """The execution's steps that have begun, the first first."""
    with explained("reading the steps of the execution"):
        pages = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=execution, SortOrder="Ascending"
        )
        return [_step(step) for page in pages for step in page["PipelineExecutionSteps"]]


def _step(step: "PipelineExecutionStepTypeDef") -> Step:
    about = step.get("Metadata", {})
    given = [
        *about.get("Lambda", {}).get("OutputParameters", []),
        *about.get("Callback", {}).get("OutputParameters", []),
    ]
    seconds = (
        (step["EndTime"] - step["StartTime"]).total_seconds() if step.get("EndTime") and step.get("StartTime") else None
    )
    return Step(
        step["StepName"],
        step["StepStatus"],
        seconds,
        {output["Name"]: output["Value"] for output in given},
        about.get("Fail", {}).get("ErrorMessage") or step.get("FailureReason", ""),
    )


def wait_ended(
    sagemaker: "SageMakerClient",
    execution: str,
    begun: Callable[[Step], None],
    tick: Callable[[float], None],
    notify: Callable[[str], None],
) -> str:
    """The execution's status once it has ended.

    Parameters
    ----------
    begun : told of each step as it begins
    notify : told what the wait is held up by
    """
    known: set[str] = set()

    def look() -> str | None:
        for step in steps(sagemaker, execution):
            if step.name not in known:
                known.add(step.name)
                begun(step)
        with explained("reading the execution"):
            status = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)["PipelineExecutionStatus"]
        return None if status in _GOING_ON else status

    return wait_for(look, what=f"execution {execution.rpartition('/')[2]}", most=_LONGEST, tick=tick, notify=notify)

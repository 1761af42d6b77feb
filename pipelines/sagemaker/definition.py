"""The definition of the pipeline: the steps of `train` in SageMaker's own JSON, made without a call to AWS.

Plain documents rather than the SageMaker SDK's objects: those weigh a gigabyte, and ask AWS for roles, regions and
buckets as they are made. A test that runs where the SDK is installed holds both against each other.

Source: SageMaker Pipelines, "Pipeline definition JSON schema" 2020-12-01; of the job's arguments, CreateProcessingJob.
"""

from dataclasses import dataclass, field
from typing import Any

from customlabels.core.settings import GateSettings
from customlabels.pipelines.evaluation.gate_document import gate_document
from customlabels.pipelines.sagemaker.registry import APPROVED, PENDING, REJECTED, Approval
from customlabels.pipelines.sagemaker.text_limits import EXECUTION_ID, check_arguments

Document = dict[str, Any]

VERSION = "2020-12-01"
TICKET = "ticket.json"
"""What the build leaves for the steps after it, in the execution's folder."""

REFUSE = "Refuse"
"""The step that an execution ends in whose version did not pass the gate."""

GATE_PARAMETERS = {
    "min_f1": "MinF1",
    "min_precision": "MinPrecision",
    "min_recall": "MinRecall",
    "min_label_f1": "MinLabelF1",
}
"""Figures of the gate that an execution may change, by the names of its parameters; 0 asks for nothing."""

_CODE = "/opt/ml/processing/input/code"
_RESOURCES = "/opt/ml/config/resourceconfig.json"
_MESSAGE = "/opt/ml/output/message"
_GIGABYTES = 30


@dataclass(frozen=True, slots=True)
class Places:
    """Where in AWS the steps run.

    Parameters
    ----------
    functions : ARNs of the Lambda functions start, evaluate and register, by these names
    queue_url : where the step that waits sends its token
    processing_role : ARN of the role of the processing jobs
    """

    functions: dict[str, str]
    queue_url: str
    processing_role: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a definition is made of.

    Parameters
    ----------
    runs : s3://bucket/folder that each execution has a folder of its own in
    code : s3:// address of the processing jobs' zip
    image : of the container that the jobs run in; Python 3.11 or newer
    group : name of the model package group
    source : s3://bucket/folder of the labelled images; None where each execution names it
    """

    project: str
    region: str
    places: Places
    runs: str
    code: str
    image: str
    group: str
    source: str | None = None
    seed: int = 0
    test_fraction: float = 0.2
    gate: GateSettings = field(default_factory=GateSettings)
    approval: Approval = PENDING
    instance: str = "ml.m5.large"
    instances: int = 1


def definition(pipeline: Pipeline) -> Document:
    """The document that CreatePipeline takes as PipelineDefinition."""
    look = _job(pipeline, "Look", "look", _parameter("LookInstances"), ["--source", _parameter("Source")])
    build = _job(
        pipeline,
        "Build",
        "build",
        1,
        [
            *("--source", _parameter("Source")),
            *("--version-name", _parameter("VersionName")),
            *("--seed", _text(_parameter("Seed"))),
            *("--test-fraction", _text(_parameter("TestFraction"))),
        ],
    )
    build["DependsOn"] = ["Look"]
    begun = {"project_arn": _output("Start", "ProjectArn"), "version": _output("Start", "Version")}
    start = _function(pipeline, "Start", {"ticket": _ticket(pipeline)}, {"ProjectArn": "String", "Version": "String"})
    start["DependsOn"] = ["Build"]
    wait = {
        "Name": "Wait",
        "Type": "Callback",
        "Arguments": begun,
        "SqsQueueUrl": pipeline.places.queue_url,
        "OutputParameters": _outputs({"VersionArn": "String", "BilledSeconds": "String"}),
    }
    judged = {"F1": "Float", "Precision": "Float", "Recall": "Float", "Result": "String", "Sentence": "String"}
    evaluate = _function(pipeline, "Evaluate", {**begun, "gate": _gate(pipeline.gate)}, judged)
    evaluate["DependsOn"] = ["Wait"]
    register = _function(
        pipeline,
        "Register",
        {
            **begun,
            "ticket": _ticket(pipeline),
            "group": pipeline.group,
            "approval": _parameter("ModelApprovalStatus"),
            "execution": {"Get": "Execution.PipelineExecutionArn"},
        },
        {"ModelPackageArn": "String", "Champion": "String"},
    )
    refuse = {"Name": REFUSE, "Type": "Fail", "Arguments": {"ErrorMessage": _output("Evaluate", "Sentence")}}
    gate = {
        "Name": "Gate",
        "Type": "Condition",
        "Arguments": {
            "Conditions": [
                {
                    "Type": "GreaterThanOrEqualTo",
                    "LeftValue": _output("Evaluate", "F1"),
                    "RightValue": _parameter("MinF1"),
                },
                {"Type": "Equals", "LeftValue": _output("Evaluate", "Result"), "RightValue": "passed"},
            ],
            "IfSteps": [register],
            "ElseSteps": [refuse],
        },
    }
    return {
        "Version": VERSION,
        "Metadata": {},
        "Parameters": _parameters(pipeline),
        "Steps": [look, build, start, wait, evaluate, gate],
    }


def check_limits(pipeline: Pipeline) -> None:
    """Sees that each job can be given its arguments.

    Raises
    ------
    SettingsError : with every one that is too long
    """
    check_arguments(
        [
            ("the folder of images", pipeline.source or ""),
            ("the folder of an execution", f"{pipeline.runs}/{'x' * EXECUTION_ID}"),
        ]
    )


def _parameters(pipeline: Pipeline) -> list[Document]:
    gate = pipeline.gate
    parameters: list[Document] = [
        {"Name": "Source", "Type": "String"},
        {"Name": "VersionName", "Type": "String", "DefaultValue": ""},
        {"Name": "Seed", "Type": "Integer", "DefaultValue": pipeline.seed},
        {"Name": "TestFraction", "Type": "Float", "DefaultValue": pipeline.test_fraction},
        *(
            {"Name": parameter, "Type": "Float", "DefaultValue": getattr(gate, name) or 0.0}
            for name, parameter in GATE_PARAMETERS.items()
        ),
        {
            "Name": "ModelApprovalStatus",
            "Type": "String",
            "DefaultValue": pipeline.approval,
            "EnumValues": [PENDING, APPROVED, REJECTED],
        },
        {"Name": "LookInstances", "Type": "Integer", "DefaultValue": pipeline.instances},
        {"Name": "InstanceType", "Type": "String", "DefaultValue": pipeline.instance},
    ]
    if pipeline.source is not None:
        parameters[0]["DefaultValue"] = pipeline.source
    return parameters


def _gate(gate: GateSettings) -> Document:
    """What the gate asks for: figures that an execution may change, and the rest as the settings have it."""
    return {**gate_document(gate), **{name: _parameter(parameter) for name, parameter in GATE_PARAMETERS.items()}}


def _job(pipeline: Pipeline, name: str, command: str, instances: Any, arguments: list[Any]) -> Document:
    shared = ["--to", _folder(pipeline), "--region", pipeline.region, "--resources", _RESOURCES, "--message", _MESSAGE]
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": _parameter("InstanceType"),
                    "InstanceCount": instances,
                    "VolumeSizeInGB": _GIGABYTES,
                }
            },
            "AppSpecification": {
                "ImageUri": pipeline.image,
                "ContainerEntrypoint": ["python3", f"{_CODE}/{pipeline.code.rpartition('/')[2]}", command],
                "ContainerArguments": [*arguments, *shared],
            },
            "RoleArn": pipeline.places.processing_role,
            "ProcessingInputs": [
                {
                    "InputName": "code",
                    "AppManaged": False,
                    "S3Input": {
                        "S3Uri": pipeline.code,
                        "LocalPath": _CODE,
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                        "S3DataDistributionType": "FullyReplicated",
                        "S3CompressionType": "None",
                    },
                }
            ],
        },
    }


def _function(pipeline: Pipeline, name: str, arguments: Document, outputs: dict[str, str]) -> Document:
    return {
        "Name": name,
        "Type": "Lambda",
        "Arguments": arguments,
        "FunctionArn": pipeline.places.functions[name.lower()],
        "OutputParameters": _outputs(outputs),
    }


def _outputs(types: dict[str, str]) -> list[Document]:
    return [{"OutputName": name, "OutputType": type_} for name, type_ in types.items()]


def _folder(pipeline: Pipeline) -> Document:
    return _joined(pipeline.runs, {"Get": "Execution.PipelineExecutionId"})


def _ticket(pipeline: Pipeline) -> Document:
    return _joined(pipeline.runs, {"Get": "Execution.PipelineExecutionId"}, TICKET)


def _joined(*values: Any) -> Document:
    return {"Std:Join": {"On": "/", "Values": list(values)}}


def _text(value: Document) -> Document:
    """A number as text, which alone an argument of a job may be."""
    return {"Std:Join": {"On": "", "Values": [value]}}


def _parameter(name: str) -> Document:
    return {"Get": f"Parameters.{name}"}


def _output(step: str, name: str) -> Document:
    return {"Get": f"Steps.{step}.OutputParameters['{name}']"}

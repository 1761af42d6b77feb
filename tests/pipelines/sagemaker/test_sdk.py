"""The definition held against what the SageMaker SDK builds of the same steps; skipped where that is not installed.

pip install '.[sagemaker]'
"""

import json
import socket
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest

from customlabels.core.settings import GateSettings
from customlabels.pipelines.sagemaker.definition import Pipeline, Places, definition
from customlabels.pipelines.sagemaker.sdk_steps import sdk_steps

# Importing it makes a client, which takes a region: it is looked for, not imported.
pytestmark = pytest.mark.skipif(find_spec("sagemaker") is None, reason="the SageMaker SDK is not installed")

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:surface-"
MADE = Pipeline(
    project="surface",
    region="eu-west-1",
    places=Places(
        {name: ARN + name for name in ("start", "evaluate", "register")},
        "https://sqs.eu-west-1.amazonaws.com/111122223333/surface-tokens",
        "arn:aws:iam::111122223333:role/surface-jobs",
    ),
    runs="s3://plant-7/customlabels/surface/pipeline/runs",
    code="s3://plant-7/customlabels/surface/pipeline/code/jobs-1.zip",
    image="111122223333.dkr.ecr.eu-west-1.amazonaws.com/python:3.12",
    group="customlabels-surface",
)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A session of the SDK with no way to AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    def refuse(*_: Any) -> None:
        raise OSError("no call is to be made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    import boto3
    from sagemaker.core.helper.session_helper import Session  # noqa: F401 - PipelineSession needs it imported first
    from sagemaker.core.workflow.pipeline_context import PipelineSession

    return PipelineSession(boto_session=boto3.Session(region_name="eu-west-1"), default_bucket="plant-7")


def document_of(session: Any, parameters: list[Any], steps: list[Any]) -> dict[str, Any]:
    """The definition that the SDK makes of a pipeline."""
    from sagemaker.mlops.workflow.pipeline import Pipeline as Built

    made = Built(
        name="surface",
        parameters=parameters,
        pipeline_experiment_config=None,
        steps=steps,
        sagemaker_session=session,
    )
    document: dict[str, Any] = json.loads(made.definition())
    return {name: value for name, value in document.items() if value is not None}


def built(session: Any) -> dict[str, Any]:
    """The same pipeline, written by hand with the SDK."""
    from sagemaker.core.lambda_helper import Lambda
    from sagemaker.core.processing import Processor
    from sagemaker.core.shapes import ProcessingInput, ProcessingS3Input
    from sagemaker.core.workflow.conditions import ConditionEquals, ConditionGreaterThanOrEqualTo
    from sagemaker.core.workflow.execution_variables import ExecutionVariables
    from sagemaker.core.workflow.functions import Join
    from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
    from sagemaker.mlops.workflow.callback_step import CallbackOutput, CallbackOutputTypeEnum, CallbackStep
    from sagemaker.mlops.workflow.condition_step import ConditionStep
    from sagemaker.mlops.workflow.fail_step import FailStep
    from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
    from sagemaker.mlops.workflow.steps import ProcessingStep

    kinds = {"String": ParameterString, "Integer": ParameterInteger, "Float": ParameterFloat}
    given = {
        one["Name"]: kinds[one["Type"]](
            name=one["Name"],
            **({"default_value": one["DefaultValue"]} if "DefaultValue" in one else {}),
            **({"enum_values": one["EnumValues"]} if "EnumValues" in one else {}),
        )
        for one in definition(MADE)["Parameters"]
    }
    folder = Join(on="/", values=[MADE.runs, ExecutionVariables.PIPELINE_EXECUTION_ID])
    ticket = Join(on="/", values=[MADE.runs, ExecutionVariables.PIPELINE_EXECUTION_ID, "ticket.json"])
    shared = ["--to", folder, "--region", "eu-west-1", "--resources", "/opt/ml/config/resourceconfig.json"]
    shared += ["--message", "/opt/ml/output/message"]
    code = "/opt/ml/processing/input/code"

    def job(name: str, instances: Any, arguments: list[Any], **more: Any) -> ProcessingStep:
        processor = Processor(
            role=MADE.places.processing_role,
            image_uri=MADE.image,
            instance_count=instances,
            instance_type=given["InstanceType"],
            entrypoint=["python3", f"{code}/jobs-1.zip", name.lower()],
            sagemaker_session=session,
        )
        place = ProcessingS3Input(
            s3_uri=MADE.code,
            local_path=code,
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
            s3_compression_type="None",
        )
        inputs = [ProcessingInput(input_name="code", app_managed=False, s3_input=place)]
        step = processor.run(inputs=inputs, arguments=[*arguments, *shared])
        return ProcessingStep(name=name, step_args=step, **more)

    def outputs(**types: str) -> list[Any]:
        return [LambdaOutput(name, LambdaOutputTypeEnum[kind]) for name, kind in types.items()]

    def function(name: str, inputs: dict[str, Any], gives: list[Any], **more: Any) -> LambdaStep:
        called = Lambda(function_arn=ARN + name.lower(), session=session)
        return LambdaStep(name=name, lambda_func=called, inputs=inputs, outputs=gives, **more)

    look = job("Look", given["LookInstances"], ["--source", given["Source"]])
    dividing = ["--seed", given["Seed"].to_string(), "--test-fraction", given["TestFraction"].to_string()]
    named = ["--source", given["Source"], "--version-name", given["VersionName"], *dividing]
    build = job("Build", 1, named, depends_on=["Look"])
    start = function("Start", {"ticket": ticket}, outputs(ProjectArn="String", Version="String"), depends_on=["Build"])
    begun = {
        name: start.properties.Outputs[output]
        for name, output in (("project_arn", "ProjectArn"), ("version", "Version"))
    }
    wait = CallbackStep(
        name="Wait",
        sqs_queue_url=MADE.places.queue_url,
        inputs=begun,
        outputs=[CallbackOutput(name, CallbackOutputTypeEnum.String) for name in ("VersionArn", "BilledSeconds")],
    )
    figures = {"min_f1": "MinF1", "min_precision": "MinPrecision", "min_recall": "MinRecall"}
    figures["min_label_f1"] = "MinLabelF1"
    gate: dict[str, Any] = {name: given[parameter] for name, parameter in figures.items()}
    judged = outputs(F1="Float", Precision="Float", Recall="Float", Result="String", Sentence="String")
    evaluate = function("Evaluate", {**begun, "gate": gate}, judged, depends_on=["Wait"])
    found = evaluate.properties.Outputs
    register = function(
        "Register",
        {
            **begun,
            "ticket": ticket,
            "group": MADE.group,
            "approval": given["ModelApprovalStatus"],
            "execution": ExecutionVariables.PIPELINE_EXECUTION_ARN,
        },
        outputs(ModelPackageArn="String", Champion="String"),
    )
    choice = ConditionStep(
        name="Gate",
        conditions=[
            ConditionGreaterThanOrEqualTo(left=found["F1"], right=given["MinF1"]),
            ConditionEquals(left=found["Result"], right="passed"),
        ],
        if_steps=[register],
        else_steps=[FailStep(name="Refuse", error_message=found["Sentence"])],
    )
    return document_of(session, list(given.values()), [look, build, start, wait, evaluate, choice])


def test_the_definition_is_what_the_sdk_builds_of_the_same_steps(session: Any) -> None:
    assert definition(MADE) == built(session)


GATES = (
    GateSettings(),
    GateSettings(min_f1=0.8, min_label={"crack": "0.9:recall"}, min_test_images=5, max_regression=0.02),
)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("source", [None, "s3://plant-7/photos"])
def test_steps_of_the_sdk_are_the_definition_that_they_are_made_of(
    session: Any, gate: GateSettings, source: str | None
) -> None:
    exported = definition(replace(MADE, gate=gate, source=source, instances=3))
    made = sdk_steps(exported, session)
    assert document_of(session, [*made.parameters.values()], [*made.steps.values()]) == exported


def test_a_team_puts_them_between_steps_of_its_own(session: Any) -> None:
    from sagemaker.mlops.workflow.fail_step import FailStep

    made = sdk_steps(definition(MADE), session)
    assert [*made.steps] == ["Look", "Build", "Start", "Wait", "Evaluate", "Gate"]
    own = FailStep(name="Own", error_message=made.steps["Evaluate"].properties.Outputs["Sentence"])
    made.steps["Look"].add_depends_on(["Own"])
    document = document_of(session, [*made.parameters.values()], [own, *made.steps.values()])
    steps = {step["Name"]: step for step in document["Steps"]}
    assert steps["Look"]["DependsOn"] == ["Own"]
    assert steps["Own"]["Arguments"]["ErrorMessage"] == {"Get": "Steps.Evaluate.OutputParameters['Sentence']"}

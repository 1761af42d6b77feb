"""The definition: whole in itself, the same each time, and its parameters those of the gate."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest
from support.templates import complaints

from customlabels.core.errors import CustomLabelsError
from customlabels.core.settings import GateSettings
from customlabels.pipelines.sagemaker.definition import Pipeline, Places, definition
from customlabels.pipelines.sagemaker.parts import Parts
from customlabels.pipelines.sagemaker.pipeline_template import FUNCTIONS, REFERENCES, template
from customlabels.pipelines.sagemaker.sdk_steps import sdk_steps

MADE = Pipeline(
    project="surface",
    region="eu-west-1",
    places=Places(**REFERENCES),
    runs="s3://plant-7/customlabels/surface/pipeline/runs",
    code="s3://plant-7/customlabels/surface/pipeline/code/jobs-1.zip",
    image="111122223333.dkr.ecr.eu-west-1.amazonaws.com/python:3.12",
    group="customlabels-surface",
)
STACK = Parts(
    name="customlabels-surface-pipeline",
    project="surface",
    pipeline="customlabels-Surface",
    group="customlabels-Surface",
    bucket="plant-7",
    folder="customlabels/surface",
    key="customlabels/surface/pipeline/code/functions-1.zip",
    images="s3://photos/line-1",
)


def steps(documents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in documents:
        yield one
        for branch in ("IfSteps", "ElseSteps"):
            yield from steps(one["Arguments"].get(branch, []))


def test_every_reference_is_to_a_parameter_or_to_an_output_of_an_earlier_step() -> None:
    made = definition(MADE)
    known = {f"Parameters.{one['Name']}" for one in made["Parameters"]}
    known |= {"Execution.PipelineExecutionId", "Execution.PipelineExecutionArn"}
    for step in steps(made["Steps"]):
        arguments = {name: value for name, value in step["Arguments"].items() if not name.endswith("Steps")}
        assert set(re.findall(r'"Get": "([^"]+)"', json.dumps(arguments))) <= known, step["Name"]
        known |= {
            f"Steps.{step['Name']}.OutputParameters['{one['OutputName']}']" for one in step.get("OutputParameters", [])
        }
    assert [(step["Name"], step["Type"]) for step in steps(made["Steps"])] == [
        ("Look", "Processing"),
        ("Build", "Processing"),
        ("Start", "Lambda"),
        ("Wait", "Callback"),
        ("Evaluate", "Lambda"),
        ("Gate", "Condition"),
        ("Register", "Lambda"),
        ("Refuse", "Fail"),
    ]


def test_the_gate_is_parameters_that_an_execution_may_change() -> None:
    gate = GateSettings(min_f1=0.8, min_label={"crack": "0.9:recall"}, max_regression=0.0)
    made = definition(replace(MADE, gate=gate, source="s3://photos/line-1"))
    defaults = {one["Name"]: one.get("DefaultValue") for one in made["Parameters"]}
    assert (defaults["MinF1"], defaults["MinRecall"], defaults["Source"]) == (0.8, 0.0, "s3://photos/line-1")
    (evaluate,) = (one for one in made["Steps"] if one["Name"] == "Evaluate")
    asked = evaluate["Arguments"]["gate"]
    assert (asked["min_f1"], asked["min_label"]) == ({"Get": "Parameters.MinF1"}, {"crack": "0.9:recall"})
    assert asked["max_regression"] == 0.0


@pytest.mark.parametrize(
    "text",
    [
        template(STACK),
        template(
            replace(STACK, images=None, kms_key="alias/models"), definition(replace(MADE, source="s3://p/${odd}"))
        ),
    ],
    ids=["what is deployed", "what is exported"],
)
def test_the_template_has_no_fault_and_draws_no_warning(text: str) -> None:
    assert complaints(text) == []


def test_a_role_may_do_what_its_function_is_for_and_no_more() -> None:
    resources = json.loads(template(STACK))["Resources"]
    may: dict[str, set[str]] = {}
    for name in (*(one.capitalize() for one in FUNCTIONS), "Pipeline", "Processing"):
        (policy,) = resources[f"{name}Role"]["Properties"]["Policies"]
        statements = policy["PolicyDocument"]["Statement"]
        may[name] = {action for one in statements for action in one["Action"]}
        for one in statements:
            if "*" in one["Resource"]:
                # What takes no resource, and what only tells of others.
                assert {action.partition(":")[2] for action in one["Action"]} <= {
                    *(
                        "CreateProject",
                        "DescribeProjects",
                        "ListModelPackages",
                        "PutMetricData",
                        "GetAuthorizationToken",
                    ),
                    *("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"),
                }
    assert [name for name, actions in may.items() if "rekognition:CreateProjectVersion" in actions] == ["Start"]
    assert [name for name, actions in may.items() if "ssm:PutParameter" in actions] == ["Register", "Approve"]
    assert [name for name, actions in may.items() if "iam:PassRole" in actions] == ["Pipeline"]
    assert not any(action.startswith("rekognition:Start") for actions in may.values() for action in actions)


def test_text_of_the_settings_is_no_reference_of_the_template() -> None:
    text = template(STACK, definition(replace(MADE, source="s3://photos/${AWS::AccountId}")))
    body = json.loads(text)["Resources"]["Pipeline"]["Properties"]["PipelineDefinition"]["PipelineDefinitionBody"]
    assert set(re.findall(r"\$\{[^!][^}]*\}", body["Fn::Sub"])) == {
        *REFERENCES["functions"].values(),
        REFERENCES["queue_url"],
        REFERENCES["processing_role"],
    }


@pytest.mark.skipif(find_spec("sagemaker") is not None, reason="the SageMaker SDK is installed")
def test_without_the_sdk_its_objects_are_refused_with_what_to_install() -> None:
    with pytest.raises(CustomLabelsError, match="is not installed") as refused:
        sdk_steps(definition(MADE), None)  # type: ignore[arg-type] # nothing gets that far
    assert "customlabels[sagemaker]" in str(refused.value.hint)

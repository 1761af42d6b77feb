"""Policies that are printed: held against the templates, and against what takes no resource."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.templates import complaints

from customlabels.aws.stacks.permissions import resource_types
from customlabels.aws.stacks.scope import Scope
from customlabels.core.settings import Settings
from customlabels.pipelines import policies
from customlabels.pipelines.sagemaker.pipeline_stack import assemble
from customlabels.session.printed_policies import POLICIES as USES

SCOPE = Scope(
    account="111122223333",
    region="eu-west-1",
    project="surface",
    bucket="plant-7",
    prefix="customlabels",
    kms_key="alias/models",
    topic="arn:aws:sns:eu-west-1:111122223333:models",
    event_bus="default",
    images="s3://photos/line-1",
    packages="customlabels-surface",
    watched="s3://line-1/images/",
)


def allowed(policy: dict[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for statement in policy["Statement"]:
        for action in statement["Action"]:
            found.setdefault(action, []).extend(statement["Resource"])
    return found


def test_no_policy_has_a_fault() -> None:
    """All of them in one template: looking at one takes cfn-lint hardly less."""
    policies_of = {use.title().replace("-", ""): policy(SCOPE) for use, policy in USES.items()}
    document = {
        "Resources": {
            name: {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}
            for name, policy in policies_of.items()
        }
    }
    assert complaints(json.dumps(document)) == []
    for policy in policies_of.values():
        sids = [statement["Sid"] for statement in policy["Statement"] if "Sid" in statement]
        assert len(sids) == len(set(sids))


@pytest.mark.parametrize("use", USES)
def test_no_action_is_a_pattern_and_everything_is_named_only_where_a_call_takes_no_resource(use: str) -> None:
    for action, resources in allowed(USES[use](SCOPE)).items():
        assert "*" not in action
        if "*" in resources:
            assert action in {
                *("rekognition:CreateProject", "rekognition:DescribeProjects", "sagemaker:ListModelPackages"),
                *("rekognition:DetectFaces", "rekognition:DetectLabels", "rekognition:DetectModerationLabels"),
                *("rekognition:DetectText", "rekognition:GetLabelDetection", "rekognition:StartLabelDetection"),
                *("cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms", "logs:DescribeLogGroups"),
                "cloudwatch:PutMetricData",
                *("scheduler:ListSchedules", "lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping"),
                *("lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"),
                *("cloudwatch:ListMetrics", "iam:SimulateCustomPolicy", "servicequotas:ListServiceQuotas"),
            }


@pytest.mark.parametrize("use", ["train", "copy", "doctor-probe"])
def test_making_a_project_stands_in_a_statement_of_its_own(use: str) -> None:
    (statement,) = (one for one in USES[use](SCOPE)["Statement"] if "rekognition:CreateProject" in one["Action"])
    assert (statement["Action"], statement["Resource"]) == (["rekognition:CreateProject"], ["*"])


def test_the_pipelines_stack_has_the_resources_that_its_policy_is_for() -> None:
    assembled = assemble(Settings(), project="surface", bucket="plant-7", region="eu-west-1")
    types = {resource["Type"] for resource in json.loads(assembled.stack.template)["Resources"].values()}
    assert resource_types(assembled.stack.template) == types


@given(st.sets(st.sampled_from(["kms_key", "topic", "event_bus", "images", "packages"])))
def test_what_is_not_used_is_not_asked_for(absent: set[str]) -> None:
    scope = replace(SCOPE, **dict.fromkeys(absent))
    services = {action.partition(":")[0] for use in USES for action in allowed(USES[use](scope))}
    assert ("kms" in services) == ("kms_key" not in absent)
    assert ("events:PutEvents" in allowed(policies.train(scope))) == ("event_bus" not in absent)

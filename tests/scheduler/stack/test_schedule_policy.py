"""The policy for a schedule, held against what the stack may hold."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
import yaml

from customlabels.aws.stacks.permissions import deploy_statements, resource_types
from customlabels.aws.stacks.scope import Scope
from customlabels.scheduler.stack.schedule_policy import schedule
from customlabels.scheduler.stack.schedule_template import Parts, template
from customlabels.scheduler.uptime import Schedule, Window

ARN = "arn:aws:rekognition:eu-west-1:111122223333:project/surface/1700000000000"
SCOPE = Scope("111122223333", "eu-west-1", "surface", "plant-7", "customlabels")
WEEK = Schedule("Europe/Berlin", (Window(time(6), time(22), frozenset(range(5))),))
BUSY = Schedule("Europe/Berlin", WEEK.windows, idle_stop=timedelta(minutes=45), monthly_budget=500.0)


@pytest.mark.parametrize("parts", [{"schedule": WEEK}, {"schedule": BUSY, "emails": ["me@example.com"]}])
def test_the_policy_deploys_every_resource_that_a_stack_may_have(parts: dict[str, object]) -> None:
    trained = {"v1": ARN.replace("/17", "/version/v1/17")}
    made = Parts("surface", ARN, champion="v1", trained=trained, bucket="plant-7", key="functions/ab.zip", **parts)
    text = template(made, datetime(2026, 11, 21, tzinfo=UTC))
    types = {resource["Type"] for resource in yaml.safe_load(text)["Resources"].values()}
    assert resource_types(text) == types
    allowed = {action for statement in schedule(SCOPE)["Statement"] for action in statement["Action"]}
    needed = {action for statement in deploy_statements(SCOPE.site, "s", types) for action in statement["Action"]}
    assert needed <= allowed


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("Type: AWS::SNS::Topic", {"AWS::SNS::Topic"}),
        ("Type: 'AWS::SNS::Topic'", {"AWS::SNS::Topic"}),
        (json.dumps({"A": {"Type": "AWS::IAM::Role"}, "B": {"Type": "String"}}), {"AWS::IAM::Role"}),
        ("Type: AWS::SSM::Parameter::Value<String>", set()),
        ("PolicyType: AWS::SNS::Topic", set()),
        ('{"Ref": "AWS::AccountId"}', set()),
    ],
)
def test_types_are_those_of_resources(text: str, types: set[str]) -> None:
    assert resource_types(text) == types

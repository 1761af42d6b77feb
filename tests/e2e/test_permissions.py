"""Every command does its work under exactly the policy that is printed for its use."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import click
import pytest
from support.local_services import client
from support.people import Person
from support.permission_uses import USES, complaint, forget_stacks, is_of_stack, statements

from customlabels.aws.stacks.names import stack_name
from customlabels.cli.group import root
from customlabels.session.printed_policies import POLICIES

ALONE = {
    *("completion", "iam policy", "init", "sample", "settings validate"),
    *("dataset convert", "dataset formats", "manifest convert", "manifest merge"),
    *("review collect", "schedule capacity", "schedule show", "schedule simulate", "inspection simulate"),
    *(f"local {name}" for name in ("advance", "env", "reset", "start", "status", "stop")),
}
"""Commands that ask AWS for nothing that takes a permission."""

AS_OTHERS = {
    "dataset frames": "analyzers: as detect --with",
    "inspection render": "inspection: as diff; without permissions it leaves out what the account knows, and says so",
    "review page": "review: as apply; it goes on until it is ended",
    "review send": "review: as apply; it takes a Label Studio",
    "schedule render": "schedule: as diff; without permissions it leaves out what the account knows, and says so",
}
"""Commands that are not tried here, and by which use and by what else their calls are."""


def test_every_command_is_tried_under_a_policy_or_needs_none() -> None:
    tried = {command for use in USES.values() for command in use.commands}
    untried = {
        name
        for name in map(" ".join, commands(root))
        if not any(command == name or command.startswith(f"{name} ") for command in tried)
    }
    assert untried == ALONE | AS_OTHERS.keys()
    assert {why.partition(":")[0] for why in AS_OTHERS.values()} <= POLICIES.keys()
    assert {use for named in USES.values() for use in named.policies} == POLICIES.keys()


def commands(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    """The words of every command that does something."""
    if not isinstance(command, click.Group):
        yield words
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from commands(below, *words, name)


@pytest.mark.around
@pytest.mark.parametrize("name", USES)
def test_each_command_does_its_work_under_the_policy_that_is_printed_for_it(person: Person, name: str) -> None:
    project = f"whole-{re.sub(r'[^a-z0-9]+', '-', name.lower())}"
    assert complaint(person, USES[name], project, statements(USES[name], project)) == ""


DEPLOYED = {
    "AWS::CloudWatch::Alarm": "cloudwatch:us-east-1:123456789012:alarm:NAME",
    "AWS::CloudWatch::Dashboard": "cloudwatch::123456789012:dashboard/NAME",
    "AWS::DynamoDB::Table": "dynamodb:us-east-1:123456789012:table/NAME",
    "AWS::Events::Rule": "events:us-east-1:123456789012:rule/NAME",
    "AWS::IAM::Role": "iam::123456789012:role/NAME",
    "AWS::Lambda::Function": "lambda:us-east-1:123456789012:function:NAME",
    "AWS::Logs::LogGroup": "logs:us-east-1:123456789012:log-group:NAME",
    "AWS::SNS::Topic": "sns:us-east-1:123456789012:NAME",
    "AWS::SQS::Queue": "sqs:us-east-1:123456789012:NAME",
    "AWS::StepFunctions::StateMachine": "states:us-east-1:123456789012:stateMachine:NAME",
    "AWS::SSM::Parameter": "ssm:us-east-1:123456789012:parameterNAME",
    "AWS::Scheduler::Schedule": "scheduler:us-east-1:123456789012:schedule/STACK/NAME",
    "AWS::Scheduler::ScheduleGroup": "scheduler:us-east-1:123456789012:schedule-group/NAME",
}
"""ARNs of a stack's resources by their types; others are parts of these, or have none."""


def covers(statement: dict[str, Any], arn: str) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in statement["Resource"] if pattern != "*")


@pytest.mark.around
@pytest.mark.parametrize("name", ["schedule", "inspection", "pipeline"])
def test_what_a_stack_is_made_of_is_named_by_its_statements_and_nothing_else(person: Person, name: str) -> None:
    forget_stacks(person.service)
    for command in USES[name].before:
        person.have_done(command)
    person.have_done(f"{name} deploy --yes")
    arns = []
    resources = client(person.service, "cloudformation").get_paginator("list_stack_resources")
    stack = stack_name("plain", "" if name == "schedule" else name)
    for page in resources.paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if template := DEPLOYED.get(resource["ResourceType"]):
                physical = resource["PhysicalResourceId"]
                if template.startswith(("sns", "sqs", "states")):
                    physical = re.split("[:/]", physical)[-1]
                arns.append(f"arn:aws:{template.replace('NAME', physical).replace('STACK', stack)}")
    assert arns
    # A table stays when its stack goes, and is taken up by the next.
    tables = client(person.service, "dynamodb").list_tables()["TableNames"]
    kept = [table for table in tables if name == "inspection" and table.startswith(stack)]
    arns += [f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}" for table in kept]
    of_stack = [statement for statement in statements(USES[name], "") if is_of_stack(statement)]
    assert [arn for arn in arns if not any(covers(statement, arn) for statement in of_stack)] == []
    idle = [statement for statement in of_stack if not any(covers(statement, arn) for arn in arns)]
    assert [statement["Resource"] for statement in idle if statement["Resource"] != ["*"]] == []

"""What deploying a stack takes, by the types of its resources: CloudFormation acts with the caller's permissions. Pure.

Source: `handlers` in the schemas of CloudFormation's resource types; Service Authorization Reference.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from customlabels.aws.stacks.statements import EVERYTHING, Site, Statement, allow

_SHORTENED = 24
"""Characters of a stack's name that are left in the names that CloudFormation makes, of roles and queues."""


class _Reach(NamedTuple):
    """Calls of a service on resources; `{stack}` and `{short}` in their names stand for the stack's name."""

    service: str
    calls: tuple[str, ...]
    resource: str
    regional: bool = True


_FUNCTION = "function:{stack}-*"
_TYPES = {
    "AWS::CloudWatch::Alarm": _Reach(
        "cloudwatch", ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm"), "alarm:{stack}-*"
    ),
    "AWS::CloudWatch::Dashboard": _Reach(
        "cloudwatch", ("DeleteDashboards", "GetDashboard", "PutDashboard"), "dashboard/{stack}", regional=False
    ),
    "AWS::DynamoDB::Table": _Reach(
        "dynamodb",
        (
            *("CreateTable", "DeleteTable", "DescribeContinuousBackups", "DescribeContributorInsights"),
            *("DescribeKinesisStreamingDestination", "DescribeTable", "DescribeTimeToLive", "GetResourcePolicy"),
            *("ListTagsOfResource", "TagResource", "UntagResource", "UpdateContinuousBackups", "UpdateTable"),
            "UpdateTimeToLive",
        ),
        "table/{stack}-*",
    ),
    "AWS::Events::Rule": _Reach(
        "events",
        ("DeleteRule", "DescribeRule", "ListTargetsByRule", "PutRule", "PutTargets", "RemoveTargets"),
        "rule/{short}*",
    ),
    "AWS::IAM::Role": _Reach(
        "iam",
        (
            *("CreateRole", "DeleteRole", "DeleteRolePolicy", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies"),
            *("ListRolePolicies", "PassRole", "PutRolePolicy", "UpdateAssumeRolePolicy", "UpdateRole"),
            "UpdateRoleDescription",
        ),
        "role/{short}*",
        regional=False,
    ),
    "AWS::Lambda::EventInvokeConfig": _Reach(
        "lambda",
        (
            *("DeleteFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig", "PutFunctionEventInvokeConfig"),
            "UpdateFunctionEventInvokeConfig",
        ),
        _FUNCTION,
    ),
    "AWS::Lambda::EventSourceMapping": _Reach(
        "lambda",
        (
            *("CreateEventSourceMapping", "DeleteEventSourceMapping", "GetEventSourceMapping"),
            "UpdateEventSourceMapping",
        ),
        EVERYTHING,
    ),
    "AWS::Lambda::Function": _Reach(
        "lambda",
        (
            *("CreateFunction", "DeleteFunction", "GetFunction", "GetFunctionCodeSigningConfig"),
            *("GetFunctionRecursionConfig", "UpdateFunctionCode", "UpdateFunctionConfiguration"),
        ),
        _FUNCTION,
    ),
    "AWS::Lambda::Permission": _Reach("lambda", ("AddPermission", "GetPolicy", "RemovePermission"), _FUNCTION),
    "AWS::Logs::LogGroup": _Reach(
        "logs",
        ("CreateLogGroup", "DeleteLogGroup", "ListTagsForResource", "PutRetentionPolicy"),
        "log-group:/aws/lambda/{stack}-*",
    ),
    "AWS::SNS::Subscription": _Reach("sns", ("GetSubscriptionAttributes", "Subscribe", "Unsubscribe"), "{short}*"),
    "AWS::SNS::Topic": _Reach(
        "sns",
        (
            *("CreateTopic", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes"),
            *("ListSubscriptionsByTopic", "ListTagsForResource", "SetTopicAttributes"),
        ),
        "{short}*",
    ),
    "AWS::SNS::TopicPolicy": _Reach("sns", ("GetTopicAttributes", "SetTopicAttributes"), "{short}*"),
    "AWS::SQS::Queue": _Reach(
        "sqs",
        ("CreateQueue", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl", "ListQueueTags", "SetQueueAttributes"),
        "{short}*",
    ),
    "AWS::SQS::QueuePolicy": _Reach("sqs", ("GetQueueAttributes", "SetQueueAttributes"), "{short}*"),
    "AWS::SSM::Parameter": _Reach(
        "ssm",
        ("AddTagsToResource", "DeleteParameter", "GetParameters", "ListTagsForResource", "PutParameter"),
        "parameter/customlabels/*",
    ),
    "AWS::StepFunctions::StateMachine": _Reach(
        "states",
        (
            *("CreateStateMachine", "DeleteStateMachine", "DescribeStateMachine", "ListTagsForResource"),
            *("TagResource", "UntagResource", "UpdateStateMachine"),
        ),
        "stateMachine:{stack}-*",
    ),
    "AWS::Scheduler::Schedule": _Reach(
        "scheduler", ("CreateSchedule", "DeleteSchedule", "GetSchedule", "UpdateSchedule"), "schedule/{stack}/*"
    ),
    "AWS::Scheduler::ScheduleGroup": _Reach(
        "scheduler",
        ("CreateScheduleGroup", "DeleteScheduleGroup", "GetScheduleGroup", "ListTagsForResource"),
        "schedule-group/{stack}",
    ),
}

_CHANGING = (
    *("CreateChangeSet", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet", "DescribeEvents"),
    *("DescribeStackEvents", "DescribeStacks", "ExecuteChangeSet", "GetTemplate"),
)


def resource_types(template: str) -> frozenset[str]:
    """The types of the resources in a template's text, in YAML or JSON, or in what a template is rendered from."""
    return frozenset(re.findall(r"""\bType["']?:\s*["']?(AWS::\w+::\w+)(?![\w:])""", template))


def deploy_statements(site: Site, stack: str, types: Iterable[str]) -> list[Statement]:
    """What deploying, changing and removing the stack take.

    Parameters
    ----------
    types : of its resources

    Raises
    ------
    KeyError : a type that is not known here
    """
    statements = [
        allow((f"cloudformation:{call}" for call in _CHANGING), [site.arn("cloudformation", f"stack/{stack}/*")])
    ]
    reaches: dict[tuple[str, str, bool], set[str]] = {}
    for kind in types:
        reach = _TYPES[kind]
        reaches.setdefault((reach.service, reach.resource, reach.regional), set()).update(reach.calls)
    for (service, resource, regional), calls in sorted(reaches.items()):
        name = resource.format(stack=stack, short=stack[:_SHORTENED])
        on = EVERYTHING if resource == EVERYTHING else site.arn(service, name, regional=regional)
        statements.append(allow((f"{service}:{call}" for call in calls), [on]))
        if service == "logs":
            statements.append(allow(["logs:DescribeLogGroups"], [EVERYTHING]))
    return statements

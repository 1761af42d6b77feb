"""What each role of the schedule's stack may do: its function's calls on the project's own versions, and no more.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
"""

from customlabels.aws import parameters
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.statements import (
    EVERYTHING,
    IN_TEMPLATE,
    Statement,
    allow,
    attribute,
    find_project,
    of_rekognition,
    parameter,
    project,
    sub,
    versions,
)
from customlabels.scheduler.documents import Inspection
from customlabels.scheduler.functions import again

INSPECTION = "inspection"
"""The kind of stack that inspects a project's images."""

_KEYS = "dynamodb:LeadingKeys"
_START, _STOP = "StartProjectVersion", "StopProjectVersion"
REACH = {"Start": (_START,), "Stop": (_STOP,), "Sweep": (_START, _STOP)}
"""What each function does to versions, by its logical name."""


def function_statements(
    name: str, function: str, *, reads_metrics: bool, stops_orphans: bool, inspection: Inspection | None = None
) -> list[Statement]:
    """What a function may do.

    Parameters
    ----------
    name : the project's
    function : Start, Stop or Sweep
    reads_metrics, stops_orphans : whether the schedule asks for that
    inspection : as it tells of itself; None where the project has none yet
    """
    looks = function == "Sweep" and inspection is not None
    written = [parameter(IN_TEMPLATE, path(name)) for path in (parameters.memory, parameters.serving)]
    statements = [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [sub(f"${{{function}Log.Arn}}")]),
        allow(["ssm:GetParameters"], [parameter(IN_TEMPLATE, f"{parameters.ROOT}/{name}/*")]),
        allow(["ssm:PutParameter"], written),
        allow(of_rekognition("DescribeProjectVersions"), [project(IN_TEMPLATE, name)]),
        allow(of_rekognition(*REACH[function]), [versions(IN_TEMPLATE, name)]),
        allow(["sns:Publish"], [{"Ref": "Topic"}]),
        allow(["sqs:SendMessage"], [attribute("DeadLetters")]),
    ]
    if reads_metrics or looks:
        statements.append(allow(["cloudwatch:GetMetricData"], [EVERYTHING]))
    if function == "Sweep":
        statements += [
            find_project(),
            allow(
                of_rekognition("DescribeProjectVersions", "ListTagsForResource"),
                [IN_TEMPLATE.arn("rekognition", "project/*")],
            ),
            allow(["ssm:GetParameters"], [parameter(IN_TEMPLATE, parameters.schedule("*"))]),
        ]
        statements += line_statements(name, inspection)
        if stops_orphans:
            statements.append(allow(of_rekognition(_STOP), [versions(IN_TEMPLATE, "*")]))
    return statements


def line_statements(name: str, inspection: Inspection | None) -> list[Statement]:
    """What the sweep looks after the project's queue with: its depth, the mapping that feeds its function, the workers'
    rate, how many children of a batch run at once, and a look between two sweeps.

    An inspection may be deployed after the schedule, so its resources are known by the name of its stack.

    Parameters
    ----------
    inspection : as it tells of itself, whatever its resources are called; None where there is none yet
    """
    stack = stack_name(name, INSPECTION)
    queues, tables = [IN_TEMPLATE.arn("sqs", f"{stack}-*")], [IN_TEMPLATE.arn("dynamodb", f"table/{stack}-*")]
    mapping = ["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"]
    its_function = {"ArnLike": {"lambda:FunctionArn": IN_TEMPLATE.arn("lambda", f"function:{stack}-*")}}
    statements = [allow(mapping, [IN_TEMPLATE.arn("lambda", "event-source-mapping:*")], condition=its_function)]
    if inspection is not None:
        queues.append(inspection.queue_arn)
        tables.append(IN_TEMPLATE.arn("dynamodb", f"table/{inspection.table}"))
        statements.append(allow(mapping, [IN_TEMPLATE.arn("lambda", f"event-source-mapping:{inspection.mapping}")]))
    return [
        *statements,
        allow(["states:ListExecutions"], [IN_TEMPLATE.arn("states", f"stateMachine:{stack}-*")]),
        allow(
            ["states:DescribeExecution", "states:ListMapRuns"], [IN_TEMPLATE.arn("states", f"execution:{stack}-*:*")]
        ),
        allow(["states:DescribeMapRun", "states:UpdateMapRun"], [IN_TEMPLATE.arn("states", f"mapRun:{stack}-*/*")]),
        allow(["sqs:GetQueueAttributes"], queues),
        allow(["dynamodb:UpdateItem"], tables, condition={"ForAllValues:StringLike": {_KEYS: ["pace#*"]}}),
        allow(
            ["scheduler:CreateSchedule", "scheduler:UpdateSchedule"],
            [IN_TEMPLATE.arn("scheduler", f"schedule/{stack_name(name)}/{again.NAME}")],
        ),
        allow(
            ["iam:PassRole"],
            [attribute("LookAgainRole")],
            condition={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
        ),
    ]


def look_again_statements(stack: str) -> list[Statement]:
    """What a look between two sweeps takes: the call of the sweep, which is named since it is given this role."""
    return [allow(["lambda:InvokeFunction"], [IN_TEMPLATE.arn("lambda", f"function:{stack}-sweep")])]


def event_statements(name: str) -> list[Statement]:
    """What EventBridge may do: call the functions, keep what cannot be delivered, stop versions without a function."""
    return [
        allow(["lambda:InvokeFunction"], [attribute(function) for function in REACH]),
        allow(["sqs:SendMessage"], [attribute("DeadLetters")]),
        allow(of_rekognition(_STOP), [versions(IN_TEMPLATE, name)]),
    ]

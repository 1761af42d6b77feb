"""What each role of the schedule's stack may do: its function's calls on the project's own versions, and no more.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
"""

from customlabels.aws import parameters
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

_START, _STOP = "StartProjectVersion", "StopProjectVersion"
REACH = {"Start": (_START,), "Stop": (_STOP,), "Sweep": (_START, _STOP)}
"""What each function does to versions, by its logical name."""


def function_statements(name: str, function: str, *, reads_metrics: bool, stops_orphans: bool) -> list[Statement]:
    """What a function may do.

    Parameters
    ----------
    name : the project's
    function : Start, Stop or Sweep
    reads_metrics, stops_orphans : whether the schedule asks for that
    """
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
    if reads_metrics:
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
        if stops_orphans:
            statements.append(allow(of_rekognition(_STOP), [versions(IN_TEMPLATE, "*")]))
    return statements


def event_statements(name: str) -> list[Statement]:
    """What EventBridge may do: call the functions, keep what cannot be delivered, stop versions without a function."""
    return [
        allow(["lambda:InvokeFunction"], [attribute(function) for function in REACH]),
        allow(["sqs:SendMessage"], [attribute("DeadLetters")]),
        allow(of_rekognition(_STOP), [versions(IN_TEMPLATE, name)]),
    ]

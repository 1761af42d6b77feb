"""The CloudFormation template of an inspection: queue, function, table, alarms, a dashboard.

Source: CloudFormation template reference; Lambda developer guide, "Using Lambda with Amazon SQS": a queue hides
messages for six times as long as the function may take.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from customlabels.aws import parameters
from customlabels.aws.function_log import NAMESPACE
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.templates import templates_of
from customlabels.core.addresses import S3Address
from customlabels.inspection.documents import inspection_text
from customlabels.inspection.inspection_settings import Asked
from customlabels.inspection.records import BY_DAY
from customlabels.inspection.stack.batch_machine import CHILD_TIMEOUT, definition
from customlabels.inspection.stack.batch_roles import conclude_statements, look_statements, machine_statements
from customlabels.inspection.stack.dashboard import dashboard
from customlabels.inspection.stack.roles import function_statements
from customlabels.inspection.stack.watch_role import watch_statements
from customlabels.inspection.watching import DRIFTED, WRONG

TIMEOUT, MEMORY = 60, 160
"""Seconds and megabytes of the function, which holds two images of four megabytes at most."""

HIDDEN_FOR = 6 * TIMEOUT
TRIES = 5
"""Before a message is a dead letter."""

_REFUSED_PERCENT = 20
_LONGEST_RETENTION = 14 * 86_400

TABLE_TYPE = "AWS::DynamoDB::Table"


@dataclass(frozen=True, slots=True)
class Names:
    """What is called how, all of it made of the stack's name."""

    stack: str
    queue: str
    dead: str
    function: str
    table: str
    batch: str
    machine: str
    conclude: str
    watch: str


def names_of(project: str) -> Names:
    stack = stack_name(project, "inspection")
    ends = ("arrivals", "dead", "look", "results", "batch", "batches", "conclude", "watch")
    return Names(stack, *(f"{stack}-{end}" for end in ends))


@dataclass(frozen=True, slots=True)
class Parts:
    """What a template is made of.

    Parameters
    ----------
    project_arn, topic : parameters of the template where they are None
    topic : told of alarms
    results : bucket and prefix where trainings leave their evaluations
    key, watch_key : in `bucket`, of the zip of the functions, and of that of the hourly one
    keys : KMS keys of the buckets that the function reads and writes
    has_table : whether the table is the stack's; else it is there, left by an inspection before
    batches : the folder where batches lie; by default below the results
    golden : key of the golden images in `bucket`; None: there are none
    """

    project: str
    project_arn: str | None
    topic: str | None
    asked: Asked
    results: tuple[str, str]
    bucket: str
    key: str
    watch_key: str
    keys: Sequence[str] = ()
    has_table: bool = True
    batches: S3Address | None = None
    golden: str | None = None


def template(parts: Parts) -> str:
    """The template, in YAML."""
    names, inspection = names_of(parts.project), parts.asked.inspection
    alarms = alarms_of(parts)
    return (
        templates_of("customlabels.inspection.stack")
        .get_template("inspection.yaml.j2")
        .render(
            names=names,
            project=parts.project,
            project_arn=parts.project_arn,
            topic=parts.topic,
            source_bucket=inspection.bucket,
            source=f"s3://{inspection.bucket}/{inspection.prefix}",
            rules_parameter=parameters.inspection_rules(parts.project),
            rules=inspection_text(inspection),
            own_parameter=parameters.inspection(parts.project),
            deadline=int(parts.asked.deadline.total_seconds()),
            # What "Fn::Sub" would fill in is a folder's own.
            batch_sources=json.dumps([str(source) for source in parts.asked.batch_sources]).replace("${", "${!"),
            workers=parts.asked.workers,
            bucket=parts.bucket,
            key=parts.key,
            watch_key=parts.watch_key,
            has_table=parts.has_table,
            by_day=BY_DAY,
            timeout=TIMEOUT,
            memory=MEMORY,
            hidden_for=HIDDEN_FOR,
            tries=TRIES,
            retention=_LONGEST_RETENTION,
            statements=function_statements(
                parts.project, inspection, table=names.table, results=parts.results, keys=parts.keys
            ),
            batch=_batch(parts),
            watch=watch_statements(
                parts.project,
                parts.topic or {"Ref": "Topic"},
                table=names.table,
                results=parts.results,
                golden=S3Address(parts.bucket, parts.golden) if parts.golden else None,
                keys=parts.keys,
            ),
            golden=parts.golden or "",
            alarms=alarms,
            dashboard=dashboard(names.queue, names.dead, parts.project, [alarm["logical"] for alarm in alarms]),
        )
    )


def _batch(parts: Parts) -> dict[str, Any]:
    """What the template takes for batches."""
    names, inspection, keys = names_of(parts.project), parts.asked.inspection, parts.keys
    sources = (S3Address(inspection.bucket, inspection.prefix), *parts.asked.batch_sources)
    topic = parts.topic or {"Ref": "Topic"}
    folder = parts.batches or S3Address(parts.bucket, f"{parts.results[1]}/batches")
    return {
        "timeout": CHILD_TIMEOUT,
        "definition": definition("${Look}"),
        "look": look_statements(
            parts.project,
            sources,
            table=names.table,
            results=parts.results,
            keys=keys,
            analyzers=inspection.analyzers,
        ),
        "machine": machine_statements(parts.project, names.machine, folder, keys),
        "conclude": conclude_statements(parts.project, names.machine, folder, topic, keys),
    }


def alarms_of(parts: Parts) -> list[dict[str, Any]]:
    """The alarms of a stack, as its template writes them."""
    project, names = parts.project, names_of(parts.project)
    late = round(1.25 * parts.asked.deadline.total_seconds())
    usual = {"statistic": "Maximum", "period": 300, "times": 1}
    alarms: list[dict[str, Any]] = [
        {
            "logical": "DeadLetters",
            "says": f"Images of {project} could not be inspected: customlabels inspection retry shows what ails them",
            "namespace": "AWS/SQS",
            # Letters that are put back are not counted as sent.
            "metric": "ApproximateNumberOfMessagesVisible",
            "dimension": ("QueueName", names.dead),
            "threshold": 1,
            **usual,
        },
        {
            "logical": "TooLate",
            "says": f"An image of {project} has waited for a quarter longer than its deadline",
            "namespace": "AWS/SQS",
            "metric": "ApproximateAgeOfOldestMessage",
            "dimension": ("QueueName", names.queue),
            "threshold": late,
            **usual,
        },
        {
            "logical": "ManyRefused",
            "says": f"A fifth or more of the images of {project} cannot be looked at: see customlabels inspection "
            "results --verdict refused",
            "namespace": NAMESPACE,
            "metric": "RefusedPercent",
            "dimension": ("Project", project),
            "threshold": _REFUSED_PERCENT,
            **usual,
            "statistic": "Average",
            "times": 3,
        },
        {
            "logical": "Unwatched",
            "says": f"The hourly look at production of {project} has failed three times: its log group, "
            f"/aws/lambda/{names.watch}, says why",
            "namespace": "AWS/Lambda",
            "metric": "Errors",
            "dimension": ("FunctionName", names.watch),
            "threshold": 1,
            **usual,
            "statistic": "Sum",
            "period": 3600,
            "times": 3,
        },
        *(
            {
                "logical": logical,
                "says": says,
                "namespace": NAMESPACE,
                "metric": metric,
                "dimension": ("Project", project),
                "threshold": 1,
                **usual,
                # Raised for as long as any look of the last day said so.
                "period": 86_400,
            }
            for logical, metric, says in (
                (
                    "Drift",
                    DRIFTED,
                    f"Images of {project} have changed: customlabels inspection watch shows how",
                ),
                ("Golden", WRONG, f"The model of {project} gets golden images wrong: customlabels inspection watch"),
            )
        ),
    ]
    return [{**alarm, "name": re.sub(r"(?<!^)([A-Z])", r"-\1", alarm["logical"]).lower()} for alarm in alarms]

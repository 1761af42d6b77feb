"""The CloudFormation template of a schedule: what EventBridge fires, the functions, their roles, alarms, a dashboard.

Source: CloudFormation template reference; for alarms Lambda's and SQS's own metrics, and those of `messages`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customlabels.aws import parameters
from customlabels.aws.function_log import NAMESPACE
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.templates import templates_of
from customlabels.core.errors import SettingsError
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.scheduler.documents import LONGEST, Inspection, schedule_text
from customlabels.scheduler.plan import OVERDUE_AFTER
from customlabels.scheduler.stack.dashboard import dashboard
from customlabels.scheduler.stack.edges import Edge, Event, edges
from customlabels.scheduler.stack.schedule_roles import (
    REACH,
    event_statements,
    function_statements,
    look_again_statements,
)
from customlabels.scheduler.uptime import Schedule, versions

_MOST_CLOSED = 5
"""Versions that are stopped without a function beside the champion and those that windows name: the newest."""

_MOST_RESOURCES = 500
"""Source: CloudFormation quotas."""

_OTHER_RESOURCES = 40
"""Resources beside those that fire, and some to spare."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a template is made of.

    Parameters
    ----------
    project_arn : a parameter of the template where it is None
    trained : ARNs of the project's trained versions by name, newest first
    key : of the functions' zip in `bucket`
    """

    project: str
    project_arn: str | None
    schedule: Schedule
    champion: str | None
    trained: Mapping[str, str]
    bucket: str
    key: str
    emails: Sequence[str] = ()
    stops_orphans: bool = False
    inspection: Inspection | None = None
    """Of the project's images, as it tells of itself; None where there is none, or it cannot be asked."""


def template(parts: Parts, now: datetime) -> str:
    """The template, in YAML.

    Raises
    ------
    SettingsError : the schedule is too long for a parameter
    """
    text = schedule_text(parts.schedule)
    if len(text) > LONGEST:
        raise SettingsError(
            f"the schedule is {len(text)} characters long; a parameter holds {LONGEST}",
            hint="write fewer dates: closed periods take less room than holidays one by one",
        )
    name, schedule = stack_name(parts.project), parts.schedule
    fired = _fired(parts, edges(schedule, now))
    if len(fired) + _OTHER_RESOURCES + len(parts.emails) > _MOST_RESOURCES:
        raise SettingsError(
            f"the schedule needs {len(fired)} schedules of EventBridge, and a stack holds {_MOST_RESOURCES} resources",
            hint="write windows by weekday, and fewer dates",
        )
    reads_metrics = schedule.idle_stop is not None or schedule.monthly_budget is not None
    functions = {
        function: function_statements(
            parts.project,
            function,
            reads_metrics=reads_metrics,
            stops_orphans=parts.stops_orphans,
            inspection=parts.inspection,
        )
        for function in REACH
    }
    alarms = alarms_of(parts)
    return (
        templates_of("customlabels.scheduler.stack")
        .get_template("stack.yaml.j2")
        .render(
            name=name,
            project=parts.project,
            project_arn=parts.project_arn,
            schedule=text,
            schedule_parameter=parameters.schedule(parts.project),
            bucket=parts.bucket,
            key=parts.key,
            emails=list(parts.emails),
            statements={
                **functions,
                "Events": event_statements(parts.project),
                "LookAgain": look_again_statements(name),
            },
            stops_orphans=parts.stops_orphans,
            edges=fired,
            alarms=alarms,
            dashboard=dashboard(parts.project, [alarm["logical"] for alarm in alarms]),
        )
    )


def _fired(parts: Parts, fires: Sequence[Edge]) -> list[dict[str, str]]:
    """The edges with what they call and their names in the stack."""
    fired: list[dict[str, str]] = []
    for edge in fires:
        about = {"expression": edge.expression, "zone": edge.zone, "version_arn": ""}
        if edge.event is Event.CLOSE:
            fired += [
                {**about, "version_arn": arn, "does": f"Stops {name} should no function have done so"}
                for name, arn in _closed(parts)
            ]
        else:
            does = "A window is about to open" if edge.event is Event.START else "A window has ended"
            fired.append({**about, "function": edge.event.value.capitalize(), "does": f"{does} for {edge.version}"})
    counts: dict[str, int] = {}
    for schedule in fired:
        kind = "Close" if schedule["version_arn"] else f"{schedule['function']}s"
        counts[kind] = counts.get(kind, 0) + 1
        schedule["logical"] = f"{kind}{counts[kind]}"
    return fired


def _closed(parts: Parts) -> list[tuple[str, str]]:
    """The versions that are stopped when all windows have closed, with their ARNs."""
    named = [parts.champion or CHAMPION, *versions(parts.schedule)]
    newest = [name for name in parts.trained if name not in named][:_MOST_CLOSED]
    wanted = dict.fromkeys(name for name in (*named, *newest) if name in parts.trained)
    return [(name, parts.trained[name]) for name in wanted]


def alarms_of(parts: Parts) -> list[dict[str, Any]]:
    """The alarms of a stack, as its template writes them."""
    project, budget, name = parts.project, parts.schedule.monthly_budget, stack_name(parts.project)

    def alarm(
        logical: str, says: str, namespace: str, metric: str, dimension: tuple[str, Any], threshold: float, **more: Any
    ) -> dict[str, Any]:
        usual = {"statistic": "Maximum", "period": 300, "missing": "notBreaching"}
        usual["comparison"] = "GreaterThanOrEqualToThreshold"
        spoken = re.sub(r"(?<!^)([A-Z])", r"-\1", logical).lower()
        given = {"says": says, "namespace": namespace, "metric": metric, "threshold": threshold}
        about = {"dimension": dimension[0], "value": dimension[1]}
        return {"logical": logical, "name": spoken, **usual, **given, **about, **more}

    ours = ("Project", project)
    alarms = [
        alarm(
            "UpBeyondPlan",
            f"A model of {project} is up against its schedule, though it was told to stop: see customlabels schedule "
            "status",
            NAMESPACE,
            "MinutesBeyondPlan",
            ours,
            OVERDUE_AFTER.total_seconds() / 60,
        ),
        alarm(
            "Undelivered",
            f"Calls of the schedule of {project} came to nothing: they lie in its dead-letter queue",
            "AWS/SQS",
            # What lies there stays for days, and would keep the alarm from telling of the next.
            "NumberOfMessagesSent",
            ("QueueName", {"Fn::GetAtt": ["DeadLetters", "QueueName"]}),
            1,
            statistic="Sum",
        ),
        alarm(
            "NotLooked",
            f"The schedule of {project} has not been looked after for a quarter of an hour",
            "AWS/Lambda",
            "Invocations",
            ("FunctionName", f"{name}-sweep"),
            1,
            statistic="Sum",
            period=900,
            comparison="LessThanThreshold",
            missing="breaching",
        ),
    ]
    alarms += [
        alarm(
            f"{function.capitalize()}Fails",
            f"The function {function} of the schedule of {project} failed",
            "AWS/Lambda",
            "Errors",
            ("FunctionName", f"{name}-{function}"),
            1,
            statistic="Sum",
        )
        for function in ("start", "stop", "sweep")
    ]
    if budget is not None:
        says = f"The models of {project} have cost their monthly budget of ${budget:.2f}: they stay down"
        alarms.append(alarm("BudgetSpent", says, NAMESPACE, "MonthDollars", ours, budget))
    return alarms

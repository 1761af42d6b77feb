"""The CloudFormation template of a schedule: what EventBridge fires, the functions, their roles, alarms, a dashboard.

Source: CloudFormation template reference; for alarms Lambda's and SQS's own metrics, and those of `telling`.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customlabels.aws import parameters
from customlabels.core.errors import SettingsError
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.scheduler.documents import LONGEST, schedule_text
from customlabels.scheduler.functions.telling import NAMESPACE
from customlabels.scheduler.plan import OVERDUE_AFTER
from customlabels.scheduler.stack.dashboard import dashboard
from customlabels.scheduler.stack.edges import Edge, Event, edges
from customlabels.scheduler.uptime import Schedule, versions

_PREFIX = "customlabels-"
_LONGEST_NAME = 52
"""Characters: names of functions have at most 64, and are this one with an ending."""

_MOST_CLOSED = 5
"""Versions that are stopped without a function beside the champion and those that windows name: the newest."""

_MOST_RESOURCES = 500
"""Source: CloudFormation quotas."""

_OTHER_RESOURCES = 40
"""Resources beside those that fire, and some to spare."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What a template is made of.

    Parameters
    ----------
    trained : ARNs of the project's trained versions by name, newest first
    key : of the functions' zip in `bucket`
    """

    project: str
    project_arn: str
    schedule: Schedule
    champion: str | None
    trained: Mapping[str, str]
    bucket: str
    key: str
    emails: Sequence[str] = ()
    stops_orphans: bool = False


def stack_name(project: str) -> str:
    """The name of the project's stack, and what the names of its resources begin with."""
    plain = re.sub(r"[^a-zA-Z0-9-]", "-", project)
    if plain == project and len(_PREFIX + plain) <= _LONGEST_NAME:
        return _PREFIX + plain
    # Two projects whose names differ in other characters alone are kept apart.
    mark = hashlib.sha256(project.encode()).hexdigest()[:6]
    return f"{_PREFIX}{plain[: _LONGEST_NAME - len(_PREFIX) - 7]}-{mark}"


def template(stack: Stack, now: datetime) -> str:
    """The template, in YAML.

    Raises
    ------
    SettingsError : the schedule is too long for a parameter
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    text = schedule_text(stack.schedule)
    if len(text) > LONGEST:
        raise SettingsError(
            f"the schedule is {len(text)} characters long; a parameter holds {LONGEST}",
            hint="write fewer dates: closed periods take less room than holidays one by one",
        )
    environment = Environment(
        loader=PackageLoader("customlabels.scheduler.stack"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML; each value goes through tojson
        keep_trailing_newline=True,
    )
    # tojson is made for HTML, and would write < and & as escapes.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    name, schedule = stack_name(stack.project), stack.schedule
    fired = _fired(stack, edges(schedule, now))
    if len(fired) + _OTHER_RESOURCES + len(stack.emails) > _MOST_RESOURCES:
        raise SettingsError(
            f"the schedule needs {len(fired)} schedules of EventBridge, and a stack holds {_MOST_RESOURCES} resources",
            hint="write windows by weekday, and fewer dates",
        )
    alarms = _alarms(stack.project, schedule.monthly_budget, name)
    return environment.get_template("stack.yaml.j2").render(
        name=name,
        project=stack.project,
        project_arn=stack.project_arn,
        schedule=text,
        schedule_parameter=parameters.schedule(stack.project),
        memory_parameter=parameters.memory(stack.project),
        serving_parameter=parameters.serving(stack.project),
        zone=schedule.zone,
        bucket=stack.bucket,
        key=stack.key,
        emails=list(stack.emails),
        reads_metrics=schedule.idle_stop is not None or schedule.monthly_budget is not None,
        stops_orphans=stack.stops_orphans,
        edges=fired,
        alarms=alarms,
        dashboard=dashboard(stack.project, [alarm["logical"] for alarm in alarms]),
    )


def _fired(stack: Stack, found: Sequence[Edge]) -> list[dict[str, str]]:
    """The edges with what they call and their names in the stack."""
    fired: list[dict[str, str]] = []
    for edge in found:
        about = {"expression": edge.expression, "since": edge.since, "until": edge.until, "version_arn": ""}
        if edge.event is Event.CLOSE:
            fired += [
                {**about, "version_arn": arn, "does": f"Stops {name} should no function have done so"}
                for name, arn in _closed(stack)
            ]
        else:
            does = "A window is about to open" if edge.event is Event.START else "A window has ended"
            fired.append({**about, "function": edge.event.value.capitalize(), "does": f"{does} for {edge.version}"})
    counts: dict[str, int] = {}
    for one in fired:
        kind = "Close" if one["version_arn"] else f"{one['function']}s"
        counts[kind] = counts.get(kind, 0) + 1
        one["logical"] = f"{kind}{counts[kind]}"
    return fired


def _closed(stack: Stack) -> list[tuple[str, str]]:
    """The versions that are stopped when all windows have closed, with their ARNs."""
    named = [stack.champion or CHAMPION, *versions(stack.schedule)]
    newest = [name for name in stack.trained if name not in named][:_MOST_CLOSED]
    wanted = dict.fromkeys(name for name in (*named, *newest) if name in stack.trained)
    return [(name, stack.trained[name]) for name in wanted]


def _alarms(project: str, budget: float | None, name: str) -> list[dict[str, Any]]:
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
    found = [
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
    found += [
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
        found.append(alarm("BudgetSpent", says, NAMESPACE, "MonthDollars", ours, budget))
    return found

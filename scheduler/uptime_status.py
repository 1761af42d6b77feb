"""How a deployed schedule is doing: what is up and why, what comes next, what it has cost, what was done lately."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from customlabels.aws.clients import Clients, explained
from customlabels.core.errors import ServiceError
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.lost import lost_sentence
from customlabels.pipelines.service.projects import find_project
from customlabels.pipelines.service.states import State, is_known, may_be_up
from customlabels.pipelines.service.versions import list_versions, version_name
from customlabels.scheduler.actions import Observed
from customlabels.scheduler.deployed import Deployed
from customlabels.scheduler.line_status import queue_document, queue_now
from customlabels.scheduler.memory import Usage
from customlabels.scheduler.uptime import LOOK_AHEAD, resolved
from customlabels.scheduler.usage import metered_hours
from customlabels.scheduler.wants import asked
from customlabels.scheduler.windows import window_rows

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

_NEXT = 4
"""Windows to come that are told."""


def uptime_status(clients: Clients, deployed: Deployed, now: datetime) -> dict[str, Any]:
    """The document of a status: models, dollars of the month, overrides, windows to come, alarms, what was done.

    What CloudWatch does not tell is counted by the functions' looks, as they do where there is a budget. Dollars of a
    model are None where neither tells: they are not known then.

    Raises
    ------
    ServiceError : the project is not there any more, or something cannot be asked
    """
    if find_project(clients.rekognition, deployed.project) is None:
        raise ServiceError(
            f"project {deployed.project} is not there any more, and its schedule is still deployed",
            hint=f"customlabels schedule remove --project {deployed.project} takes it away",
        )
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    described = {version_name(version): version for version in list_versions(clients.rekognition, deployed.project)}
    known = {name: version["ProjectVersionArn"] for name, version in described.items()}
    lost = lost_sentence(deployed.champion, deployed.champion_arn, known) if deployed.champion else None
    champion = None if lost else deployed.champion
    schedule = resolved(deployed.schedule, champion)
    queue = queue_now(clients, deployed.inspection, deployed.memory, schedule, now)
    with explained("reading CloudWatch's InServiceInferenceUnits"):
        used = metered_hours(clients.cloudwatch, deployed.project, list(described), start=month, end=now)
    used = counted(used, deployed.memory.usage, now)
    spent = hosting_cost(sum(filter(None, used.values())), 1)
    observed = [
        Observed(name, version["Status"], version.get("MinInferenceUnits", 0)) for name, version in described.items()
    ]
    wants = asked(now, schedule, champion, spent, queue, observed, deployed.serving)
    models: list[dict[str, Any]] = []
    for name, version in described.items():
        hours = used[name]
        want = wants.get(name)
        if want or hours or may_be_up(version["Status"]):
            unknown = hours is None and (version["Status"] == State.RUNNING or not is_known(version["Status"]))
            models.append(
                {
                    "version": name,
                    "status": version["Status"],
                    "wanted": want.units if want else 0,
                    "why": want.why if want else "no window names it",
                    "dollars": None if unknown else round(hosting_cost(hours or 0.0, 1), 2),
                }
            )
    return {
        "project": deployed.project,
        "champion": deployed.champion,
        "champion_lost": lost,
        "models": models,
        "queue": queue_document(queue, now),
        "dollars": round(spent, 2),
        "overrides": [
            {**asdict(override), "until": override.until.isoformat()}
            for override in deployed.schedule.overrides
            if override.until > now
        ],
        "next": window_rows(schedule, now, now + LOOK_AHEAD)[:_NEXT],
        "alarms": [
            alarm.get("AlarmDescription") or alarm["AlarmName"] for alarm in raised_alarms(clients, deployed.stack, now)
        ],
        "done": [
            {**asdict(action), "at": local_time(action.at, deployed)} for action in reversed(deployed.memory.done)
        ],
    }


def counted(metered: Mapping[str, float | None], usage: Usage | None, now: datetime) -> dict[str, float | None]:
    """Hours as CloudWatch has them, and of what it does not tell as the month's looks have; None: neither does."""
    looks = usage.hours if usage is not None and usage.month == f"{now:%Y-%m}" else {}
    return {name: looks.get(name) if hours is None else hours for name, hours in metered.items()}


def raised_alarms(clients: Clients, stack: str, now: datetime) -> "list[MetricAlarmTypeDef]":
    """The stack's alarms that are raised.

    One that is raised by what is missing knows nothing before it has stood for as long as it looks back.
    """
    with explained("reading the alarms"):
        pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack}-")
        raised = [alarm for page in pages for alarm in page["MetricAlarms"] if alarm["StateValue"] == "ALARM"]
    return [alarm for alarm in raised if not _is_too_young(alarm, now)]


def _is_too_young(alarm: "MetricAlarmTypeDef", now: datetime) -> bool:
    made = alarm.get("AlarmConfigurationUpdatedTimestamp")
    looks_back = timedelta(seconds=alarm.get("Period", 0) * alarm.get("EvaluationPeriods", 1))
    return alarm.get("TreatMissingData") == "breaching" and made is not None and now - made < looks_back


def local_time(at: datetime, deployed: Deployed) -> str:
    """A time as people read it, in the schedule's own zone."""
    return at.astimezone(ZoneInfo(deployed.schedule.zone)).isoformat(sep=" ", timespec="minutes")

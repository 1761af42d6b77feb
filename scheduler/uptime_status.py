"""How a deployed schedule is doing: what is up and why, what comes next, what it has cost, what was done lately."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from customlabels.aws.clients import Clients, explained
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.states import HELD
from customlabels.pipelines.service.versions import list_versions, version_name
from customlabels.scheduler.deployed import Deployed
from customlabels.scheduler.plan import asked
from customlabels.scheduler.uptime import resolved, versions
from customlabels.scheduler.usage import unit_hours
from customlabels.scheduler.windows import window_rows

_NEXT = 4
"""Windows to come that are told."""


def uptime_status(clients: Clients, there: Deployed, now: datetime) -> dict[str, Any]:
    """The document of a status: models, dollars of the month, overrides, windows to come, alarms, what was done."""
    schedule = resolved(there.schedule, there.champion)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    models: list[dict[str, Any]] = []
    versions_found = list_versions(clients.rekognition, there.project)
    with explained("reading CloudWatch's InServiceInferenceUnits"):
        names = [version_name(version) for version in versions_found]
        used = unit_hours(clients.cloudwatch, there.project, names, start=month, end=now)
    spent = hosting_cost(sum(used.values()), 1)
    for version in versions_found:
        name = version_name(version)
        hours = used[name]
        want = asked(now, schedule, name, spent) if name in versions(schedule) else None
        if want or hours or version["Status"] in HELD:
            row = {"version": name, "status": version["Status"], "wanted": want.units if want else 0}
            why = want.why if want else "no window names it"
            models.append({**row, "why": why, "dollars": round(hosting_cost(hours, 1), 2)})
    with explained("reading the alarms"):
        pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{there.stack}-")
        alarms = [
            alarm["AlarmDescription"]
            for page in pages
            for alarm in page["MetricAlarms"]
            if alarm["StateValue"] == "ALARM"
        ]
    return {
        "project": there.project,
        "champion": there.champion,
        "models": models,
        "dollars": round(spent, 2),
        "overrides": [
            {**asdict(override), "until": override.until.isoformat()}
            for override in there.schedule.overrides
            if override.until > now
        ],
        "next": window_rows(schedule, now, now + timedelta(days=14))[:_NEXT],
        "alarms": alarms,
        "done": [{**asdict(action), "at": local_time(action.at, there)} for action in reversed(there.memory.done)],
    }


def local_time(at: datetime, there: Deployed) -> str:
    """A time as people read it, in the schedule's own zone."""
    return at.astimezone(ZoneInfo(there.schedule.zone)).isoformat(sep=" ", timespec="minutes")

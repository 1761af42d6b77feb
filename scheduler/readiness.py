"""Whether a project's deployed schedule is healthy, for `customlabels doctor`."""

from collections.abc import Iterator
from datetime import datetime

from customlabels.aws.clients import Clients, explained
from customlabels.aws.stacks import change_sets
from customlabels.aws.stacks.names import stack_name
from customlabels.pipelines.readiness.findings import NOTHING, Finding, Standing
from customlabels.pipelines.service.states import GONE
from customlabels.pipelines.service.versions import list_versions, version_name
from customlabels.scheduler.deployed import deployed
from customlabels.scheduler.uptime_status import raised_alarms

SUBJECT = "schedule"
_HEALTHY = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def schedule(clients: Clients, project: str, now: datetime) -> Iterator[Finding]:
    """Stack, schedules, champion and alarms; that none is deployed is no fault."""
    name = stack_name(project)
    stack = change_sets.find(clients.cloudformation, name)
    if stack is None:
        seen, advice = f"{project} has none", "customlabels schedule deploy, where models are to be up by the clock"
        yield Finding(SUBJECT, "stack", Standing.SKIPPED, seen, advice)
        return
    status = stack["StackStatus"]
    if status in _HEALTHY:
        yield Finding(SUBJECT, "stack", Standing.OK, f"{name} is {status}", NOTHING)
    else:
        advice = change_sets.HINTS.get(status, "customlabels schedule deploy again")
        yield Finding(SUBJECT, "stack", Standing.FAILED, f"{name} is {status}", advice)
    known = deployed(clients, project, now)
    yield _off(clients, name)
    yield _champion(clients, project, known.champion)
    alarms = raised_alarms(clients, name, now)
    if not alarms:
        yield Finding(SUBJECT, "alarms", Standing.OK, "none is raised", NOTHING)
    for alarm in alarms:
        advice = f"{alarm.get('AlarmDescription', '')}; customlabels schedule status shows more".lstrip("; ")
        yield Finding(SUBJECT, alarm["AlarmName"], Standing.FAILED, f"in ALARM: {alarm['StateReason']}", advice)


def _off(clients: Clients, group: str) -> Finding:
    """Whether all schedules are on."""
    with explained(f"schedules of {group}"):
        pages = clients.scheduler.get_paginator("list_schedules").paginate(GroupName=group)
        listed = [schedule for page in pages for schedule in page["Schedules"]]
    off = [schedule["Name"] for schedule in listed if schedule.get("State") == "DISABLED"]
    if off:
        advice = "an override holds them, or somebody switched them off: customlabels schedule status"
        return Finding(SUBJECT, "schedules", Standing.WARNING, f"off: {', '.join(off)}", advice)
    return Finding(SUBJECT, "schedules", Standing.OK, f"all {len(listed)} are on", NOTHING)


def _champion(clients: Clients, project: str, champion: str | None) -> Finding:
    """Whether there is a champion, and it can be started."""
    advice = "customlabels versions promote VERSION makes one"
    if champion is None:
        return Finding(SUBJECT, "champion", Standing.WARNING, "there is none to start", advice)
    states = {version_name(version): version["Status"] for version in list_versions(clients.rekognition, project)}
    if champion not in states or states[champion] in GONE:
        seen = f"{champion} is {states.get(champion, 'deleted')}"
        return Finding(SUBJECT, "champion", Standing.FAILED, seen, advice)
    return Finding(SUBJECT, "champion", Standing.OK, f"{champion} is {states[champion]}", NOTHING)

"""What a turn goes by: the project's versions, queue and spendings as they are, and what `plan` makes of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.states import State
from customlabels.scheduler import memory as remembering
from customlabels.scheduler.actions import Action, Kind, Observed, Trouble
from customlabels.scheduler.functions import line_look, messages, observation
from customlabels.scheduler.functions.project import Clients, Project
from customlabels.scheduler.memory import Memory
from customlabels.scheduler.plan import plan, quiet_since
from customlabels.scheduler.uptime import Schedule, Wanted, resolved
from customlabels.scheduler.wants import asked

_NO_METRICS = "CloudWatch has no datapoint of it: what it costs is counted by the states that were seen"

_Requests = Callable[[Sequence[str], timedelta], tuple[datetime | None, set[str]]]
"""When any of those versions was last asked for, looked for as far back as that, and of which CloudWatch tells."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a turn goes by.

    Parameters
    ----------
    known, arns : what parameters hold; the versions' ARNs by name
    champion, serving : None where there is none, or another version has its name by now
    schedule : with the champion's name in it
    observed, line : the versions and the queue as they are
    wanted : what is asked for of each version
    spent : dollars of the month; None where nobody asks
    memory : after all that was seen
    planned : what is to be done and told
    """

    now: datetime
    known: observation.Known
    arns: Mapping[str, str]
    champion: str | None
    serving: str | None
    schedule: Schedule
    observed: Sequence[Observed]
    line: line_look.Look
    wanted: Mapping[str, Wanted]
    spent: float | None
    memory: Memory
    planned: tuple[Action, ...]


def look(project: Project, clients: Clients, *, looks: bool) -> Outlook:
    """What is, and what is to be done; nothing is changed.

    Parameters
    ----------
    looks : whether the queue may be looked at, too

    Raises
    ------
    botocore.exceptions.ClientError : versions or parameters cannot be looked at
    """
    versions = observation.describe(clients.rekognition, project.arn)
    now = versions.now
    known = observation.look_up(clients.ssm, project.name, now)
    arns: dict[str, str] = {name: version["ProjectVersionArn"] for name, version in versions.described.items()}
    replaced = observation.is_replaced(known, known.champion, arns.get(known.champion or ""))
    champion = None if replaced else known.champion
    gone = observation.is_replaced(known, known.serving, arns.get(known.serving or ""))
    serving = None if gone else known.serving
    memory, spent, uncounted = _money(clients, project.name, known, versions, list(arns))
    schedule = resolved(known.schedule, champion)
    memory, observed = remembering.seen(memory, now, versions.states)
    line = line_look.seen(
        known.inspection,
        clients.make,
        clients.cloudwatch,
        memory.line,
        now,
        schedule,
        observed,
        list(filter(None, (champion, serving))),
        looks=looks,
    )
    memory = replace(memory, line=line.line)
    wanted = asked(now, schedule, champion, spent or 0.0, line.queue, observed, serving)
    if any(want.open for want in wanted.values()):
        memory = remembering.learned(memory)

    def requests(names: Sequence[str], idle: timedelta) -> tuple[datetime | None, set[str]]:
        return observation.requests(clients.cloudwatch, project.name, names, now, idle)

    memory, with_requests = _with_requests(memory, observed, schedule, now, list(arns), requests)
    planned = plan(
        now,
        known.schedule,
        with_requests,
        known.champion,
        spent or 0.0,
        serving,
        replaced=replaced,
        queue=line.queue,
        feeds=line.feeds,
    )
    memory = remembering.wanted_again(memory, planned)
    unmetered = (Action(Kind.REPORT, name, _NO_METRICS, trouble=Trouble.METRICS) for name in uncounted)
    return Outlook(
        now=now,
        known=known,
        arns=arns,
        champion=champion,
        serving=serving,
        schedule=schedule,
        observed=observed,
        line=line,
        wanted=wanted,
        spent=spent,
        memory=memory,
        planned=(*planned, *line.faults, *unmetered),
    )


def _money(
    clients: Clients, project: str, known: observation.Known, versions: observation.Versions, names: Sequence[str]
) -> tuple[Memory, float | None, list[str]]:
    """The memory with what the month has cost, that in dollars, and versions of which CloudWatch does not tell.

    None where nobody asks for it. What CloudWatch does not tell is counted by looks.
    """
    if known.schedule.monthly_budget is None:
        return known.memory, None, []
    used = remembering.used(known.memory, versions.now, versions.states)
    usage, uncounted = observation.month_usage(clients.cloudwatch, project, used, names, versions.now)
    return replace(known.memory, usage=usage), hosting_cost(sum(usage.hours.values()), 1), uncounted


def _with_requests(
    memory: Memory,
    observed: list[Observed],
    schedule: Schedule,
    now: datetime,
    names: Collection[str],
    requests: _Requests,
) -> tuple[Memory, list[Observed]]:
    """The versions, and when those that run were last asked: looked up only where that may decide something."""
    idle = schedule.idle_stop
    if idle is None:
        return memory, observed

    def running(requested: datetime | None, metered: Collection[str]) -> list[Observed]:
        return [
            replace(model, last_request=requested, metered=model.version in metered)
            if model.status == State.RUNNING
            else model
            for model in observed
        ]

    known = running(memory.requested, names)
    quiet = [
        model.version
        for model in known
        if model.status == State.RUNNING
        and (since := quiet_since(now, schedule, model)) is not None
        and now - since >= idle
    ]
    if not quiet:
        return memory, known
    unmetered = (Action(Kind.REPORT, name, "", trouble=Trouble.METRICS) for name in quiet)
    if all(messages.was_told(memory.reported, action, now) for action in unmetered):
        return memory, running(memory.requested, ())
    requested, metered = requests(quiet, idle)
    requested = max(filter(None, (requested, memory.requested)), default=None)
    return replace(memory, requested=requested), running(requested, metered)

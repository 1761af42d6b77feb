"""The sweep's look at the queue of images: what plan is to know of it, and what workers are to know of the model.

What cannot be had of it is told, and keeps nothing else from being done.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from customlabels.aws.queues import depth
from customlabels.pipelines.service.states import State
from customlabels.scheduler.actions import Action, Kind, Observed, Trouble
from customlabels.scheduler.backlog import Queue, Unseen
from customlabels.scheduler.documents import Inspection
from customlabels.scheduler.functions import batches, queues
from customlabels.scheduler.line import Line, backlog, looked, not_looked, remembered
from customlabels.scheduler.uptime import Schedule
from customlabels.scheduler.wants import ON_ITS_WAY

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

Value = TypeVar("Value")

_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a queue, whether it feeds the function, what is remembered of it, and what could not be had."""

    queue: Queue = None
    feeds: bool | None = None
    line: Line | None = None
    faults: tuple[Action, ...] = ()


def seen(
    inspection: Inspection | ValueError | None,
    make: Callable[[str], Any],
    cloudwatch: "CloudWatchClient",
    line: Line | None,
    now: datetime,
    schedule: Schedule,
    observed: Sequence[Observed],
    answering: Collection[str],
    *,
    looks: bool,
) -> Look:
    """What a function knows of the queue: by a look, or, where it may not look, by what is remembered of the last.

    Parameters
    ----------
    inspection : the error where what it tells of itself cannot be read; None where there is none
    """
    if inspection is None:
        return Look()
    if isinstance(inspection, ValueError):
        after = not_looked(line, now)
        return Look(Unseen(after.unseen or now, str(inspection) if looks else ""), None, after)
    if not looks:
        return Look(remembered(line, now, inspection.deadline), None, line)
    return look(make, cloudwatch, inspection, line, now, schedule, observed, answering)


def switch(make: Callable[[str], Any], inspection: Inspection | ValueError | None, action: Action) -> str | None:
    """Opens or closes the queue, as the action says; a sentence where that cannot be done."""
    if not isinstance(inspection, Inspection):
        return None
    on = action.kind is Kind.OPEN
    try:
        queues.feed(make("lambda"), inspection.mapping, on=on)
    except (ClientError, BotoCoreError) as error:
        return f"the queue's mapping cannot be switched {'on' if on else 'off'}: {_reason(error)}"
    return None


def look(
    make: Callable[[str], Any],
    cloudwatch: "CloudWatchClient",
    inspection: Inspection,
    line: Line | None,
    now: datetime,
    schedule: Schedule,
    observed: Sequence[Observed],
    answering: Collection[str],
) -> Look:
    """A look at the queue; on the way workers are told the rate of the versions that run.

    Parameters
    ----------
    make : makes a client of a service
    line : what is remembered of the last look
    answering : the versions that may answer, the champion first
    """
    faults: list[str] = []

    def had(what: str, get: Callable[[], Value], instead: Value) -> Value:
        try:
            return get()
        except (ClientError, BotoCoreError, KeyError, ValueError) as error:
            faults.append(f"{what}: {_reason(error)}")
            return instead

    models = {model.version: model for model in observed}
    up = [models[name] for name in answering if name in models and models[name].status in ON_ITS_WAY]
    running = [model for model in up if model.status == State.RUNNING]
    nothing: list[Observed] = []
    for model in had("batches that run", partial(_follow_batches, make, inspection, observed), nothing):
        # Workers of a batch may ask a version that does not answer for the queue any more.
        if model not in running:
            had("telling workers their rate", partial(_paced, make, inspection, model, schedule), "")
    turns = [
        had("telling workers their rate", partial(_paced, make, inspection, model, schedule), "") for model in running
    ]
    feeds = had("the queue's mapping", lambda: queues.feeds(make("lambda"), inspection.mapping), None)
    held = had("how many images wait", lambda: depth(make("sqs"), inspection.queue_url), None)
    if held is None:
        after = not_looked(line, now)
        return Look(Unseen(after.unseen or now, "; ".join(faults)), feeds, after)
    units = (running[0].units or 1) if running and feeds is not False else 0
    after = looked(line, now, sum(held), schedule, units=units, turn=next(iter(turns), ""))
    oldest = None
    if sum(held) and not up and not after.sure:
        # While a model is up the age decides nothing.
        oldest = had("the oldest image's age", lambda: queues.oldest(cloudwatch, inspection.queue_arn, now), None)
    reports = (Action(Kind.REPORT, "", "; ".join(faults), trouble=Trouble.QUEUE),) if faults else ()
    return Look(backlog(after, held.waiting, held.in_flight, oldest, inspection.deadline), feeds, after, reports)


def _paced(make: Callable[[str], Any], inspection: Inspection, model: Observed, schedule: Schedule) -> str:
    rate = (model.units or 1) * schedule.rate
    return queues.pace(make("dynamodb"), inspection.table, model.version, rate)


def _follow_batches(make: Callable[[str], Any], inspection: Inspection, observed: Sequence[Observed]) -> list[Observed]:
    """Has batches follow the units that are up; the models that run for them."""
    if not inspection.machine:
        return []
    states = make("stepfunctions")
    running = batches.running(states, inspection.machine)
    up = {model.version: model for model in observed if model.status == State.RUNNING}
    batches.follow(states, running, {version: model.units or 1 for version, model in up.items()})
    return [up[version] for version in dict.fromkeys(batch.version for batch in running) if version in up]


def _reason(error: Exception) -> str:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in _DENIED:
        return f"{code}; customlabels schedule deploy lets the sweep look at it"
    return code or str(error)

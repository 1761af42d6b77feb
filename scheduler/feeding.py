"""What is done about the queue itself: it is open while a model runs that looks at what comes out of it, and told of
where nobody knows what is in it, or its images will be late. Pure.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from customlabels.pipelines.service.states import State
from customlabels.scheduler.actions import Action, Kind, Observed, Trouble
from customlabels.scheduler.backlog import (
    HELD_FOR,
    LOOK,
    Backlog,
    Queue,
    Unseen,
    in_words,
    is_done,
    time_to_drain,
    times,
)
from customlabels.scheduler.uptime import Schedule, Wanted

_MINUTE = timedelta(minutes=1)

LATE_AFTER = timedelta(minutes=10)
"""How long after their deadline images have to be done for that to be reported."""


def has_work(now: datetime, schedule: Schedule, queue: Queue) -> bool:
    """Whether images wait, or may: what is not known is not nothing."""
    if isinstance(queue, Unseen):
        return now - queue.since < HELD_FOR
    return queue is not None and not is_done(now, queue, schedule)


def hurries(now: datetime, schedule: Schedule, queue: Queue, units: int, wanted: int) -> bool:
    """Whether images are done by their deadline on the units that are up, and were not after a stop and a start."""
    if not isinstance(queue, Backlog):
        return False
    as_is, anew = times(queue, schedule, units), times(queue, schedule, wanted)
    return as_is is not None and anew is not None and anew.start < now <= as_is.up


def finishes(
    now: datetime, schedule: Schedule, champion: Observed | None, promise: Wanted | None, queue: Queue
) -> bool:
    """Whether the one that answers goes on with what waits, since a start of the new champion would be in vain."""
    if champion is None or champion.status == State.RUNNING or promise is None or promise.overridden:
        return False
    return isinstance(queue, Backlog) and not promise.units and not is_done(now, queue, schedule)


def troubles(
    now: datetime,
    schedule: Schedule,
    queue: Queue,
    champion: Observed | None,
    promise: Wanted | None,
    answering: Sequence[Observed],
) -> list[Action]:
    """What there is to be told of a queue."""
    if isinstance(queue, Unseen):
        return [Action(Kind.REPORT, "", queue.why, trouble=Trouble.QUEUE)] if queue.why else []
    if queue is None or champion is None or promise is None or not promise.waiting:
        return []
    if any(model.status == State.RUNNING for model in answering):
        return []
    latest = times(queue, schedule, promise.units)
    starting = champion.since if champion.status == State.STARTING else None
    late = (starting or now) + schedule.lead - latest.up if latest else timedelta()
    if late < LATE_AFTER:
        return []
    after, most = (span // timedelta(minutes=1) for span in (late, queue.deadline))
    why = f"{in_words(now, queue)}: they will be done {after} minutes after their deadline of {most} minutes"
    return [Action(Kind.REPORT, champion.version, why, trouble=Trouble.DEADLINE)]


def look_again(
    now: datetime,
    schedule: Schedule,
    queue: Queue,
    champion: Observed | None,
    promise: Wanted | None,
    *,
    feeds: bool | None,
    start_takes: timedelta | None,
) -> datetime | None:
    """When a look is due before the next, so that a model is not paid for nothing until then: as its start is done, and
    as all is done that it is up for.

    None where that is not so, or would win less than a minute; images that just came are not waited for.

    Parameters
    ----------
    feeds : whether the queue was open before this look
    start_takes : usually; None where that is not known
    """
    if not isinstance(queue, Backlog) or champion is None or promise is None or not promise.waiting:
        return None
    if champion.status == State.STARTING and champion.since is not None and start_takes is not None:
        left = champion.since + start_takes - now
        return now + left if _MINUTE <= left < LOOK - _MINUTE else None
    if champion.status != State.RUNNING or is_done(now, queue, schedule):
        return None
    left = time_to_drain(queue, schedule, champion.units)
    if feeds and left < _MINUTE:
        return None
    return now + max(left, _MINUTE) if left < LOOK - _MINUTE else None


def fed(actions: Sequence[Action], feeds: bool | None, answering: Sequence[Observed]) -> tuple[Action, ...]:
    """The actions, and what opens or closes the queue: it is open while a model that answers runs, and stays up.

    It is closed before a model is stopped, so that nothing is taken out of it that no model looks at.

    Parameters
    ----------
    feeds : whether it is open; None where that is changing, or not known
    answering : the versions that may answer
    """
    stopped = {action.version for action in actions if action.kind is Kind.STOP}
    runs = next((model for model in answering if model.status == State.RUNNING and model.version not in stopped), None)
    if feeds is None or feeds == (runs is not None):
        return tuple(actions)
    if runs is not None:
        return (*actions, Action(Kind.OPEN, "", f"{runs.version} runs"))
    return (Action(Kind.CLOSE, "", "no model is up to look at what waits"), *actions)

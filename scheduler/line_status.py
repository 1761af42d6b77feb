"""The queue of images as a person is shown it: looked at now, with what the functions remember of it."""

from datetime import datetime
from typing import Any

from customlabels.aws.clients import Clients, explained
from customlabels.aws.queues import depth
from customlabels.core.errors import ServiceError
from customlabels.scheduler.backlog import Queue, Unseen, in_words
from customlabels.scheduler.documents import Inspection
from customlabels.scheduler.functions import queues
from customlabels.scheduler.line import backlog, looked
from customlabels.scheduler.memory import Memory
from customlabels.scheduler.uptime import Schedule


def queue_now(
    clients: Clients, inspection: Inspection | ValueError | None, memory: Memory, schedule: Schedule, now: datetime
) -> Queue:
    """The queue as it is now; unseen, with the reason, where it cannot be looked at."""
    if inspection is None or isinstance(inspection, ValueError):
        return None if inspection is None else Unseen(now, str(inspection))
    line = memory.line
    try:
        with explained("looking at the queue of images"):
            held = depth(clients.sqs, inspection.queue_url)
            after = looked(line, now, sum(held), schedule, units=0, turn=line.turn if line else "")
            oldest = None
            if sum(held) and not after.sure:
                oldest = queues.oldest(clients.cloudwatch, inspection.queue_arn, now)
    except (ServiceError, KeyError, ValueError) as error:
        return Unseen(now, str(error))
    return backlog(after, held.waiting, held.in_flight, oldest, inspection.deadline)


def queue_document(queue: Queue, now: datetime) -> dict[str, Any] | None:
    """The queue as a status has it; None where a project has no inspection."""
    if queue is None:
        return None
    if isinstance(queue, Unseen):
        return {"visible": None, "in_flight": None, "oldest": None, "says": f"not known: {queue.why}"}
    return {
        "visible": queue.visible,
        "in_flight": queue.in_flight,
        "oldest": queue.oldest and queue.oldest.isoformat(timespec="seconds"),
        "says": in_words(now, queue) if queue.depth else "no image waits",
    }

"""Redrive: what waits among dead letters is moved to the queue that it came of, or to another.

A task moves so many messages a second of the service's clock: whenever a queue of its region is looked at, what is due
by then is moved, so that a task goes on after a restart as if there had been none. Source: SQS API reference,
StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask; SQS developer guide, "Dead-letter queue redrive".
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.core.utils import unix_time_millis
from moto.moto_api._internal import mock_random
from moto.sqs.exceptions import SQSException
from moto.sqs.models import sqs_backends

from customlabels.emulator.server.seams import replace

_RATE, _MOST_RATE = 500, 500
"""Messages a second where a task does not say, and the most that it may say."""
_MOST_LISTED = 10
_NO_SOURCE, _NO_QUEUE = "CouldNotDetermineMessageSource", "AWS.SimpleQueueService.NonExistentQueue"

_TASKS = "customlabels_tasks"

Add = Callable[[Any, Any], None]
Ready = Callable[[Any], dict[str, Any]]


@dataclass(slots=True)
class Task:
    """A task: of which queue, where to (None: where each came from), how many a second, from when on (milliseconds)."""

    handle: str
    source: str
    destination: str | None
    rate: int | None
    started: float
    count: int
    moved: int = 0
    status: str = "RUNNING"
    failure: str | None = None


def install(add: Add, ready: Ready) -> None:
    """Adds the operations to moto's SQS; `add` puts a message into a queue, `ready` gives what can be received."""
    _functions[:] = [add, ready]
    response = "moto.sqs.responses:SQSResponse"
    replace(f"{response}.start_message_move_task", _start)
    replace(f"{response}.list_message_move_tasks", _list)
    replace(f"{response}.cancel_message_move_task", _cancel)


_functions: list[Any] = []


def settle(account: str, region: str, now: float) -> None:
    """Moves what is due at `now`, in milliseconds since 1970."""
    backend = sqs_backends[account][region]
    for task in backend.__dict__.get(_TASKS, ()):
        if task.status == "RUNNING":
            _move(backend, task, now)


def under_way() -> list[tuple[str, str]]:
    """Region and source of every task that is not done."""
    return [
        (backend.region_name, task.source)
        for backend in list(sqs_backends[DEFAULT_ACCOUNT_ID].values())
        for task in list(backend.__dict__.get(_TASKS, ()))
        if task.status == "RUNNING"
    ]


def _move(backend: Any, task: Task, now: float) -> None:
    source = _queue(backend, task.source)
    if source is None:
        task.status, task.failure = "FAILED", _NO_QUEUE
        return
    due = min(task.count, 1 + int((now - task.started) / 1000 * (task.rate or _RATE)))
    held = source._messages
    for message in list(islice(held.ready(now).values(), due - task.moved)):
        arn = task.destination or message.__dict__.get("customlabels_source")
        target = _queue(backend, arn) if arn else None
        if target is None:
            task.status, task.failure = "FAILED", _NO_QUEUE if arn else _NO_SOURCE
            return
        held.remove(message)
        _functions[0](target, _anew(message, task, now))
        task.moved += 1
    if task.moved >= task.count or (due > task.moved and not held.ready(now)):
        task.status = "COMPLETED"


def _anew(message: Any, task: Task, now: float) -> Any:
    """A message as a new one: another number, another time, never received."""
    vars(message).pop("customlabels_queue", None)
    vars(message).pop("customlabels_source", None)
    message.id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{task.handle}/{message.id}"))
    message.receipt_handle, message._old_receipt_handles = None, []
    message.approximate_receive_count, message.approximate_first_receive_timestamp = 0, None
    message.sent_timestamp, message.visible_at, message.delayed_until = int(now), 0.0, 0.0
    return message


def _start(response: Any) -> ActionResult:
    backend, now = response.sqs_backend, unix_time_millis()
    arn, destination = response._get_param("SourceArn"), response._get_param("DestinationArn")
    rate = response._get_param("MaxNumberOfMessagesPerSecond")
    source = _needed(backend, arn)
    if destination is not None:
        _needed(backend, destination)
    if source.fifo_queue:
        raise SQSException("AWS.SimpleQueueService.UnsupportedOperation", "Redrive of FIFO queues is not offered.")
    if not any(queue.dead_letter_queue is source for queue in backend.queues.values()):
        raise _invalid("Source queue must be configured as a Dead Letter Queue.")
    if rate is not None and not 1 <= int(rate) <= _MOST_RATE:
        raise _invalid(f"Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid.")
    count = len(_functions[1](source))
    tasks = backend.__dict__.setdefault(_TASKS, [])
    if any(task.status == "RUNNING" and task.source == arn for task in tasks):
        text = "There is already a task running. Only one active task is allowed for a source queue arn at a given time"
        raise _invalid(text)
    task = Task(str(mock_random.uuid4()), arn, destination, None if rate is None else int(rate), now, count)
    own = [other for other in tasks if other.source == arn]
    for old in own[: max(0, len(own) + 1 - _MOST_LISTED)]:
        tasks.remove(old)
    tasks.append(task)
    _move(backend, task, now)
    return ActionResult({"TaskHandle": task.handle})


def _list(response: Any) -> ActionResult:
    backend, arn = response.sqs_backend, response._get_param("SourceArn")
    most = int(response._get_param("MaxResults") or 1)
    if not 1 <= most <= _MOST_LISTED:
        raise _invalid(f"Value {most} for parameter MaxResults is invalid. Reason: must be between 1 and 10.")
    _functions[1](_needed(backend, arn))
    tasks = [task for task in reversed(backend.__dict__.get(_TASKS, ())) if task.source == arn]
    return ActionResult({"Results": [_shown(task) for task in tasks[:most]]})


def _shown(task: Task) -> dict[str, Any]:
    about = {
        "TaskHandle": task.handle if task.status == "RUNNING" else None,
        "Status": task.status,
        "SourceArn": task.source,
        "DestinationArn": task.destination,
        "MaxNumberOfMessagesPerSecond": task.rate,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.count,
        "FailureReason": task.failure,
        "StartedTimestamp": int(task.started),
    }
    return {name: value for name, value in about.items() if value is not None}


def _cancel(response: Any) -> ActionResult:
    backend, handle = response.sqs_backend, response._get_param("TaskHandle")
    task = next((task for task in backend.__dict__.get(_TASKS, ()) if task.handle == handle), None)
    if task is None:
        raise SQSException("ResourceNotFoundException", "Task does not exist.")
    settle(backend.account_id, backend.region_name, unix_time_millis())
    if task.status != "RUNNING":
        raise _invalid("Only active tasks can be cancelled.")
    task.status = "CANCELLED"
    return ActionResult({"ApproximateNumberOfMessagesMoved": task.moved})


def _queue(backend: Any, arn: str) -> Any:
    queue = backend.queues.get(arn.rpartition(":")[2])
    return queue if queue is not None and queue.queue_arn == arn else None


def _needed(backend: Any, arn: str) -> Any:
    """The queue of an ARN.

    Raises
    ------
    SQSException : there is none
    """
    queue = _queue(backend, arn or "")
    if queue is None:
        raise SQSException(
            "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."
        )
    return queue


def _invalid(text: str) -> SQSException:
    return SQSException("InvalidParameterValue", text)

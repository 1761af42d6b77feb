"""Queues of moto's that receive, delete and count without looking at all that waits in them.

Order within message groups is left to moto. What is older than its queue's retention is gone, and what came of a queue
to its dead letters knows of which. Source of moto's names: moto.sqs.models and .responses; of the behaviour: SQS
developer guide, "Amazon SQS visibility timeout" and "Using dead-letter queues"; SQS API reference, SetQueueAttributes.
"""

import copy
import threading
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import unix_time_millis
from moto.sqs.exceptions import InvalidAttributeName, InvalidParameterValue, ReceiptHandleIsInvalid
from moto.sqs.models import Queue, SQSBackend, _filter_message_attributes, sqs_backends
from moto.sqs.responses import SQSResponse

from customlabels.emulator.server.seams import replace
from customlabels.emulator.sqs import moving
from customlabels.emulator.sqs.messages import Messages

_receive, _add, _attributes, _answer = (
    SQSBackend.receive_message,
    Queue.add_message,
    Queue._set_attributes,
    SQSResponse.receive_message,
)
_SHOWN = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
_SETTABLE = {*_SHOWN, *Queue.FIFO_ATTRIBUTES, *Queue.KMS_ATTRIBUTES} - {
    name for name in _SHOWN if name.startswith("Approximate") or name.endswith("Timestamp") or name == "QueueArn"
}
_LONGEST_HIDDEN = 43_200_000
"""Milliseconds from when a message was sent."""


class _Thread(threading.local):
    buried = False


_thread = _Thread()


def install() -> None:
    """Makes moto's queues keep their messages as here, and offer redrive."""
    queue, backend = "moto.sqs.models:Queue", "moto.sqs.models:SQSBackend"
    replace(f"{queue}._messages", property(messages_of, _set_messages))
    replace(f"{queue}.messages", property(_in_order))
    replace(f"{queue}.approximate_number_of_messages", property(lambda queue: counts(queue)[0]))
    replace(f"{queue}.approximate_number_of_messages_not_visible", property(lambda queue: counts(queue)[1]))
    replace(f"{queue}.approximate_number_of_messages_delayed", property(lambda queue: counts(queue)[2]))
    replace(f"{queue}.add_message", add)
    replace(f"{queue}.delete_message", _delete_message)
    replace(f"{queue}._set_attributes", _set_attributes)
    replace(f"{queue}.BASE_ATTRIBUTES", _SHOWN)
    replace(f"{queue}.redrive_allow_policy", None)
    replace(f"{backend}.receive_message", _receive_message)
    replace(f"{backend}.change_message_visibility", _change_message_visibility)
    replace("moto.sqs.responses:SQSResponse.receive_message", _received)
    moving.install(add, ready)


def messages_of(queue: Any) -> Messages:
    """The messages of a queue."""
    held = queue.__dict__.get("_messages", ())
    if not isinstance(held, Messages):
        held = queue.__dict__["_messages"] = Messages(held)
    return held


def _set_messages(queue: Any, messages: Any) -> None:
    queue.__dict__["_messages"] = Messages(messages)


def ready(queue: Any) -> dict[str, Any]:
    """What can be received, by number; what is being moved has come and gone by then."""
    now = unix_time_millis()
    moving.settle(queue.account_id, queue.region, now)
    return messages_of(queue).ready(now)


def counts(queue: Any) -> tuple[int, int, int]:
    """How many messages can be received, are with a receiver, and are delayed."""
    ready(queue)
    return messages_of(queue).counts(unix_time_millis())


def waiting(queue: Any) -> tuple[int, int, int]:
    """As counts, outside of a request: nothing is changed by looking."""
    return messages_of(queue).counts(unix_time_millis())


def oldest(queue: Any) -> float | None:
    """When the oldest message that is not deleted was sent, in seconds since 1970; None without one."""
    return messages_of(queue).oldest()


def address_of(client: Any, arn: str) -> str:
    """The address of a queue where a client reaches it, whether there is one or not."""
    account, name = arn.split(":")[4:6]
    return f"{client.meta.endpoint_url}/{account}/{name}"


def wait_of(region: str, asked: dict[str, Any]) -> float:
    """Seconds for which a queue has its receivers wait, where they do not say, given what is asked."""
    name = str(asked.get("QueueUrl", "")).rpartition("/")[2]
    queue = sqs_backends[DEFAULT_ACCOUNT_ID][region].queues.get(name)
    return 0.0 if queue is None else float(queue.receive_message_wait_time_seconds)


def add(queue: Any, message: Any) -> None:
    """Puts a message into a queue; one that comes of another knows of which."""
    messages_of(queue).ready(unix_time_millis())
    before = message.__dict__.get("customlabels_queue")
    if before not in (None, queue.queue_arn):
        message.customlabels_source = before
    message.customlabels_queue = queue.queue_arn
    _add(queue, message)


def buried() -> bool:
    """Whether a message became a dead letter, or was dropped, since this thread was last asked."""
    _thread.buried, since = False, _thread.buried
    return since


def _in_order(queue: Any) -> list[Any]:
    """What can be received; in a queue that keeps an order, as it was sent."""
    waiting = ready(queue).values()
    return sorted(waiting, key=lambda message: message.customlabels_place) if queue.fifo_queue else list(waiting)


def _delete_message(queue: Any, receipt_handle: str) -> None:
    if receipt_handle in queue.deleted_messages:
        return
    message = messages_of(queue).of_receipt(receipt_handle)
    if message is None:
        raise ReceiptHandleIsInvalid
    queue.pending_messages.discard(message)
    queue.deleted_messages.update(message.all_receipt_handles)
    messages_of(queue).remove(message)


def _receive_message(
    backend: Any, queue_name: str, count: int, wait: int, timeout: int, names: list[str] | None = None
) -> list[Any]:
    queue = backend.get_queue(queue_name)
    held, received = messages_of(queue), []
    if queue.fifo_queue:
        received = _receive(backend, queue_name, count, wait, timeout, names)
        for shown in received:
            held.changed(held.of_number(shown.id))
        return list(received)
    waiting, seen = ready(queue), set()
    _thread.buried = False
    since = unix_time_millis() - queue.message_retention_period * 1000
    while len(received) < count and waiting:
        message = next(iter(waiting.values()))
        if message.id in seen:
            break
        seen.add(message.id)
        if message.sent_timestamp <= since:
            held.remove(message)
            _thread.buried = True
        elif _is_dead(queue, message):
            held.remove(message)
            queue.dead_letter_queue.add_message(message)
            _thread.buried = True
        else:
            message.mark_received(visibility_timeout=timeout)
            held.changed(message)
            shown = copy.copy(message)
            _filter_message_attributes(shown, names or [])
            received.append(shown)
    return received


def _is_dead(queue: Any, message: Any) -> bool:
    """Whether a message was received as often as its queue lets it be."""
    if queue.dead_letter_queue is None or not queue.redrive_policy:
        return False
    return bool(message.approximate_receive_count >= queue.redrive_policy["maxReceiveCount"])


def _change_message_visibility(backend: Any, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
    queue = backend.get_queue(queue_name)
    message = messages_of(queue).of_receipt(receipt_handle)
    if message is None:
        raise ReceiptHandleIsInvalid
    if unix_time_millis() + int(visibility_timeout) * 1000 - message.sent_timestamp > _LONGEST_HIDDEN:
        raise InvalidParameterValue(
            f"Value {visibility_timeout} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout "
            "for the message is beyond the limit [43200 seconds]"
        )
    message.change_visibility(visibility_timeout)
    messages_of(queue).changed(message)
    if not visibility_timeout:
        queue.pending_messages.discard(message)


def _set_attributes(queue: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    """As moto has it; what is not named stays as it is, and what no queue has is refused."""
    unknown = next((name for name in attributes if name not in _SETTABLE), None)
    if unknown is not None:
        raise InvalidAttributeName(unknown)
    policy = {"Policy": queue.policy} if "Policy" not in attributes and hasattr(queue, "_policy_json") else {}
    _attributes(queue, {**policy, **attributes}, now)


def _received(response: Any) -> Any:
    """moto's answer, with the queue of which a dead letter came."""
    answer = _answer(response)
    names = {*response._get_param("AttributeNames", []), *response._get_param("MessageSystemAttributeNames", [])}
    if names & {"All", "DeadLetterQueueSourceArn"}:
        queue = response.sqs_backend.get_queue(response._get_queue_name())
        for shown in answer.result.get("Messages", []):
            source = messages_of(queue).of_number(shown["MessageId"]).__dict__.get("customlabels_source")
            if source:
                shown.setdefault("Attributes", {})["DeadLetterQueueSourceArn"] = source
    return answer

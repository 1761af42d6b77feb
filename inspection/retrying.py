"""Dead letters: what ails them, and back into the queue with them.

Source: SQS API reference, StartMessageMoveTask (without a destination, each goes to the queue that it
came from; one that came from none fails the task).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from customlabels.aws.clients import Clients, explained
from customlabels.aws.queues import depth
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.inspection import records
from customlabels.inspection.attributes import attributes, values
from customlabels.inspection.claims import Table
from customlabels.inspection.functions.arrivals import arrivals

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MOST_SHOWN = 100
_EMPTY_LOOKS = 3
"""A look asks some of the queue's servers only."""

_HIDDEN = 30
"""Seconds for which a letter that was seen is not seen again."""

_MOST_AT_ONCE = 10
"""Source: SQS API reference, ChangeMessageVisibilityBatch."""

_UNDER_WAY = ("RUNNING", "CANCELLING")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that could not be inspected: its object, how often that was tried, and what it failed on last."""

    address: str
    tries: int
    error: str


def letters(clients: Clients, queue_url: str, table: str, by: str) -> list[Letter]:
    """What lies in the queue of dead letters, the first hundred; they stay there.

    Parameters
    ----------
    by : what images are known by, etag or sha256

    Raises
    ------
    ServiceError : it may not be looked at
    """
    seen: dict[str, MessageTypeDef] = {}
    empty = 0
    while empty < _EMPTY_LOOKS and len(seen) < MOST_SHOWN:
        with explained("looking at the dead letters"):
            received = clients.sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=_HIDDEN,
                WaitTimeSeconds=0,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            ).get("Messages", [])
        fresh = {message["MessageId"]: message for message in received if message["MessageId"] not in seen}
        empty = 0 if fresh else empty + 1
        seen |= fresh
    _show_again(clients, queue_url, list(seen.values()))
    return [letter for message in seen.values() for letter in _letters(clients, message, table, by)]


def _show_again(clients: Clients, queue_url: str, messages: "list[MessageTypeDef]") -> None:
    """Ends the time for which letters are hidden since they were looked at: what is hidden is not moved."""
    for first in range(0, len(messages), _MOST_AT_ONCE):
        some = messages[first : first + _MOST_AT_ONCE]
        with explained("giving the dead letters back"):
            clients.sqs.change_message_visibility_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
                    for number, message in enumerate(some)
                ],
            )


def count(clients: Clients, queue_url: str) -> int:
    """How many messages a queue has, whoever is looking at them."""
    with explained("counting the dead letters"):
        held = depth(clients.sqs, queue_url)
    return held.visible + held.in_flight


def put_back(
    clients: Clients, dead_arn: str, queue_arn: str, tick: Callable[[float], None] = lambda seconds: None
) -> int:
    """Moves the dead letters into the queue, and waits until that is done; how many.

    Raises
    ------
    ServiceError : it cannot be begun, or fails
    """
    with explained("putting the dead letters back"):
        # Without a destination a letter that somebody sent by hand, which came from no queue, fails the task.
        clients.sqs.start_message_move_task(SourceArn=dead_arn, DestinationArn=queue_arn)

    def look() -> int | None:
        with explained("putting the dead letters back"):
            tasks = clients.sqs.list_message_move_tasks(SourceArn=dead_arn, MaxResults=1)["Results"]
            # One that was begun just now may show late.
            status = tasks[0]["Status"] if tasks else _UNDER_WAY[0]
        if status in _UNDER_WAY:
            return None
        task = tasks[0]
        if status != "COMPLETED":
            raise ServiceError(f"the dead letters were not all put back: {task.get('FailureReason', status)}")
        return int(task.get("ApproximateNumberOfMessagesMoved", 0))

    return wait_for(look, what="putting the dead letters back", most=3600, tick=tick)


def _letters(clients: Clients, message: "MessageTypeDef", table: str, by: str) -> list[Letter]:
    body, tries = message["Body"], int(message.get("Attributes", {}).get("ApproximateReceiveCount", 0))
    try:
        arrived = arrivals(body)
    except ValueError as error:
        return [Letter("–", tries, str(error))]
    return [
        Letter(str(arrival.address), tries, _error(Table(clients.dynamodb, table), arrival, by)) for arrival in arrived
    ]


def _error(table: Table, arrival: records.Arrival, by: str) -> str:
    """What the function wrote into the sighting when it failed."""
    unknown = "nothing was noted: the function was ended, or its log has it"
    if by != "etag":
        return unknown
    key = records.sighting_key(records.by_etag(arrival.etag, arrival.size), arrival)
    with explained(f"reading {table.name}"):
        answer = table.dynamodb.get_item(TableName=table.name, Key=attributes({"pk": key.pk, "sk": key.sk}))
    item = values(answer.get("Item", {}))
    if item.get("state") == "done":
        return "none any more: it has been inspected"
    return str(item.get("error") or unknown)

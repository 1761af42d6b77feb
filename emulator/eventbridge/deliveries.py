"""What one service hands to another: events, notifications and scheduled calls, delivered until they are taken.

What waits is on disk, so that none is lost with the process; after a restart one may come a second time, as it may
from AWS. Source: EventBridge user guide, "Retry policy and dead-letter queues".
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from customlabels.emulator.eventbridge.expressions import with_context
from customlabels.emulator.server.store import Store
from customlabels.emulator.sqs.queues import address_of

_UNIVERSAL = ":scheduler:::aws-sdk:"
_MOST_ATTEMPTS = 4
"""Attempts at a target, however many more its source allows: nothing here gets better by waiting for a day."""

_MOST_AT_ONCE = 16

log = logging.getLogger(__name__)

Invoke = Callable[[str, str, bytes], None]
"""Runs a Lambda function as Lambda does by and by, given region, ARN and event.

Raises
------
LookupError : there is no such function
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A target that is due: when, from where, with which input."""

    at: float
    region: str
    source: str
    target: dict[str, Any]
    """As EventBridge has it: Arn, and where given RetryPolicy, DeadLetterConfig, SqsParameters, EventBridgeParameters.
    A topic's has a Subject as well."""
    payload: str
    once: tuple[str, str] | None = None
    """Group and name of a schedule that is deleted when it is done."""


class Deliveries:
    """Delivers at once (`now`) or in the background (`put`); `client` makes a client of a service in a region."""

    def __init__(
        self,
        store: Store,
        invoke: Invoke,
        client: Callable[[str, str], Any],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._store = store
        self._invoke = invoke
        self._client = client
        self._workers = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="delivery")
        self._under_way = 0
        self._changed = threading.Condition()

    def start(self) -> None:
        """Takes up what waited when the process ended."""
        for number, document in self._store.deliveries():
            self._begin(number, Due(**document))

    def put(self, due: Due) -> None:
        """Delivers by and by, not before it is due; on disk with the change that it follows from, and begun then."""
        number = self._store.add_delivery(asdict(due))
        self._store.after(lambda: self._begin(number, due))

    def now(self, together: list[Due], note: Callable[[], None]) -> None:
        """Delivers before it returns, in order; should the process end meanwhile, after its next start.

        `note` puts on disk, with what is to be delivered, that it is seen to.
        """
        with self._store.transaction():
            note()
            noted = [(self._store.add_delivery(asdict(due)), due) for due in together]
        for number, due in noted:
            self._done(number, due)

    def settle(self) -> None:
        """Returns when all that was put has been delivered."""
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way)

    def _begin(self, number: int, due: Due) -> None:
        with self._changed:
            self._under_way += 1
        wait = due.at - self._clock()
        if wait <= 0:
            self._workers.submit(self._work, number, due)
            return
        timer = threading.Timer(wait, self._workers.submit, (self._work, number, due))
        # What is left at the end of the process is on disk.
        timer.daemon = True
        timer.start()

    def _work(self, number: int, due: Due) -> None:
        try:
            self._done(number, due)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _done(self, number: int, due: Due) -> None:
        """Delivers, and forgets it; what goes wrong on the way ends nothing else."""
        try:
            self._deliver(due)
        except Exception:
            log.exception("delivering from %s", due.source)
        if due.once is not None:
            group, name = due.once
            scheduler = self._client("scheduler", due.region)
            try:
                scheduler.delete_schedule(GroupName=group, Name=name)
            except scheduler.exceptions.ResourceNotFoundException:
                log.info("schedule %s is gone already", name)
        self._store.delete_delivery(number)

    def _deliver(self, due: Due) -> None:
        """Calls the target until it takes it, as often as its retry policy has it; else to the dead-letter queue."""
        policy = due.target.get("RetryPolicy") or {}
        attempts = min(_MOST_ATTEMPTS, 1 + int(policy.get("MaximumRetryAttempts", 185)))
        failure: str | None = "never tried"
        for number in range(1, attempts + 1):
            failure = self._attempt(replace(due, payload=with_context(due.payload, due.source, due.at, number)))
            if failure is None:
                return
        log.warning("%s: %s: %s", due.source, due.target["Arn"], failure)
        self._bury(due, str(failure))

    def _attempt(self, due: Due) -> str | None:
        arn = due.target["Arn"]
        try:
            if _UNIVERSAL in arn:
                service, _, operation = arn.partition(_UNIVERSAL)[2].partition(":")
                self._call(service, operation, due)
            elif ":lambda:" in arn:
                self._invoke(due.region, arn, due.payload.encode())
            elif ":sqs:" in arn:
                self._send(due, arn)
            elif ":sns:" in arn:
                subject = {"Subject": due.target["Subject"][:100]} if "Subject" in due.target else {}
                self._client("sns", due.region).publish(TopicArn=arn, Message=due.payload, **subject)
            elif ":stateMachine:" in arn:
                self._client("stepfunctions", due.region).start_execution(stateMachineArn=arn, input=due.payload)
            elif ":event-bus/" in arn:
                self._put_event(due, arn)
            else:
                return "targets of this kind are not reached here"
        except Exception as error:
            return str(error)
        return None

    def _call(self, service: str, operation: str, due: Due) -> None:
        """A universal target: any operation of any service, its parameters being the input."""
        from botocore import xform_name

        client = self._client(service, due.region)
        # The ARN has the operation's name in camel case, the input the members as the API writes them.
        getattr(client, xform_name(operation[:1].upper() + operation[1:]))(**json.loads(due.payload))

    def _put_event(self, due: Due, bus: str) -> None:
        """Puts the input as the detail of an event on a bus."""
        described = due.target.get("EventBridgeParameters") or {}
        moment = datetime.fromtimestamp(due.at, UTC)
        entry = {"Time": moment, "EventBusName": bus.rpartition("/")[2], "Detail": due.payload, **described}
        answer = self._client("events", due.region).put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):
            raise ValueError(str(answer["Entries"][0].get("ErrorMessage")))

    def _send(self, due: Due, queue: str, **more: Any) -> None:
        client = self._client("sqs", due.region)
        group = (due.target.get("SqsParameters") or {}).get("MessageGroupId")
        if group:
            more["MessageGroupId"] = group
        client.send_message(QueueUrl=address_of(client, queue), MessageBody=due.payload, **more)

    def _bury(self, due: Due, failure: str) -> None:
        queue = (due.target.get("DeadLetterConfig") or {}).get("Arn")
        if queue:
            about = {
                "ERROR_MESSAGE": failure,
                "SCHEDULED_TIME": datetime.fromtimestamp(due.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "SCHEDULE_ARN": due.source,
                "TARGET_ARN": due.target["Arn"],
            }
            attributes = {
                name: {"DataType": "String", "StringValue": value[:1000]} for name, value in about.items() if value
            }
            self._send(due, queue, MessageAttributes=attributes)

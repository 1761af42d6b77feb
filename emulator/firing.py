"""EventBridge: schedules and scheduled rules fire as the service's clock goes, and reach their targets."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends

from customlabels.emulator.clock import Clock
from customlabels.emulator.schedules import next_time

_TICK = 0.5
_UNIVERSAL = ":scheduler:::aws-sdk:"
_MOST_ATTEMPTS = 4
"""Attempts at a target, however many more the schedule allows: nothing here gets better by waiting for a day."""

log = logging.getLogger(__name__)

Invoke = Callable[[str, str, bytes], str | None]
"""Runs a Lambda function, given region, ARN and event; why it failed, None where it did not."""


@dataclass(frozen=True, slots=True)
class Due:
    """A target that is due: when, of what, with which input."""

    at: float
    region: str
    source: str
    target: dict[str, Any]
    payload: str
    once: tuple[str, str] | None = None
    """Group and name of a schedule that is deleted when it is done."""


class Firing:
    """Watches the clock; `client` makes a boto3 client of a service and region that calls the local service."""

    def __init__(self, clock: Clock, invoke: Invoke, client: Callable[[str, str], Any]) -> None:
        self._clock = clock
        self._invoke = invoke
        self._client = client
        self._done = clock()
        self._turn = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._watch, name="firing", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(_TICK)
            try:
                with self._turn:
                    self._fire_until(self._clock())
            except Exception:
                log.exception("firing schedules")

    def advance(self, seconds: float) -> float:
        """Moves the clock on, and fires in order what falls due on the way, each at its time; the new time.

        Raises
        ------
        ValueError : as Clock.advance
        """
        with self._turn:
            goal = self._clock.advance(0) + seconds
            if not seconds >= 0:
                return self._clock.advance(seconds)
            while (due := self._next()) is not None and due.at <= goal:
                self._clock.advance(max(0.0, due.at - self._clock()))
                self._fire_until(due.at)
            return self._clock.advance(max(0.0, goal - self._clock()))

    def _fire_until(self, now: float) -> None:
        while (due := self._next()) is not None and due.at <= now:
            # All that are due at the same moment; the moment counts as done before they run, so that none runs twice.
            together = [one for one in self._all() if one.at == due.at]
            self._done = due.at
            for one in together:
                self._deliver(one)
        self._done = max(self._done, now)

    def _next(self) -> Due | None:
        return min(self._all(), key=lambda due: due.at, default=None)

    def _all(self) -> Iterator[Due]:
        """What is due next of every schedule and rule."""
        for region, backend in list(scheduler_backends[DEFAULT_ACCOUNT_ID].items()):
            for group in list(backend.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    if schedule.state == "ENABLED":
                        yield from self._of_schedule(region, schedule)
        for region, events in list(events_backends[DEFAULT_ACCOUNT_ID].items()):
            for bus in list(events.event_buses.values()):
                for rule in list(bus.rules.values()):
                    if rule.state == "ENABLED" and rule.scheduled_expression:
                        yield from self._of_rule(region, rule)

    def _of_schedule(self, region: str, schedule: Any) -> Iterator[Due]:
        start, end = (_seconds(limit) for limit in (schedule.start_date, schedule.end_date))
        after = self._done if start is None else max(self._done, start - 1)
        anchor = start if start is not None else schedule.creation_date
        try:
            at = next_time(schedule.schedule_expression, schedule.schedule_expression_timezone, after, anchor)
        except ValueError as error:
            log.warning("schedule %s cannot fire: %s", schedule.arn, error)
            return
        if at is not None and (end is None or at <= end):
            last = schedule.schedule_expression.startswith("at(") and schedule.action_after_completion == "DELETE"
            once = (schedule.group_name, schedule.name) if last else None
            payload = schedule.target.get("Input") or "{}"
            yield Due(at, region, schedule.arn, schedule.target, payload, once)

    def _of_rule(self, region: str, rule: Any) -> Iterator[Due]:
        try:
            at = next_time(rule.scheduled_expression, "UTC", self._done, 0.0)
        except ValueError as error:
            log.warning("rule %s cannot fire: %s", rule.arn, error)
            return
        if at is None:
            return
        event = {
            "version": "0",
            "id": f"{int(at)}",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": DEFAULT_ACCOUNT_ID,
            "time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [rule.arn],
            "detail": {},
        }
        for target in rule.targets:
            yield Due(at, region, rule.arn, target, target.get("Input") or json.dumps(event))

    def _deliver(self, due: Due) -> None:
        """Calls the target until it takes it, as often as its retry policy has it; else to the dead-letter queue."""
        policy = due.target.get("RetryPolicy") or {}
        attempts = min(_MOST_ATTEMPTS, 1 + int(policy.get("MaximumRetryAttempts", 185)))
        failure: str | None = "never tried"
        for _ in range(attempts):
            failure = self._attempt(due)
            if failure is None:
                break
        if failure is not None:
            log.warning("%s: %s: %s", due.source, due.target["Arn"], failure)
            self._bury(due, failure)
        if due.once is not None:
            group, name = due.once
            self._client("scheduler", due.region).delete_schedule(GroupName=group, Name=name)

    def _attempt(self, due: Due) -> str | None:
        arn = due.target["Arn"]
        try:
            if _UNIVERSAL in arn:
                service, _, operation = arn.partition(_UNIVERSAL)[2].partition(":")
                self._call(service, operation, due)
            elif ":lambda:" in arn:
                return self._invoke(due.region, arn, due.payload.encode())
            elif ":sqs:" in arn:
                queue = _queue(self._client, due.region, arn)
                self._client("sqs", due.region).send_message(QueueUrl=queue, MessageBody=due.payload)
            elif ":sns:" in arn:
                self._client("sns", due.region).publish(TopicArn=arn, Message=due.payload)
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

    def _bury(self, due: Due, failure: str) -> None:
        queue = (due.target.get("DeadLetterConfig") or {}).get("Arn")
        if queue:
            attributes = {
                name: {"DataType": "String", "StringValue": value[:1000]}
                for name, value in {
                    "ERROR_MESSAGE": failure,
                    "SCHEDULED_TIME": datetime.fromtimestamp(due.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "SCHEDULE_ARN": due.source,
                    "TARGET_ARN": due.target["Arn"],
                }.items()
            }
            client = self._client("sqs", due.region)
            client.send_message(
                QueueUrl=_queue(self._client, due.region, queue), MessageBody=due.payload, MessageAttributes=attributes
            )


def _queue(client: Callable[[str, str], Any], region: str, arn: str) -> str:
    url: str = client("sqs", region).get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    return url


def _seconds(value: Any) -> float | None:
    """A date of moto's, which keeps what it was given."""
    if value is None:
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return float(value)

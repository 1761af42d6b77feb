"""Event source mappings from SQS: queues are polled, and functions run on what is in them.

Batches of a mapping run side by side, as many as its ScalingConfig lets; a batch that its function takes is deleted,
one that it fails on becomes visible again when its time is up; the queue's own redrive policy does the rest. What the
filters leave out is deleted. Source: Lambda developer guide, "Using Lambda with Amazon SQS", "Event filtering".
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.events.models import EventPattern
from moto.sqs.models import sqs_backends

from customlabels.emulator.iam import enforcement
from customlabels.emulator.iam.policies import ALLOWED, decision
from customlabels.emulator.lambda_ import functions
from customlabels.emulator.lambda_.invoking import Throttled
from customlabels.emulator.server.seams import replace
from customlabels.emulator.sqs.queues import address_of, waiting

_NEEDED = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""What a function's role has to let Lambda do with a queue."""

_MOST_RECEIVED = 10
"""Messages that SQS gives at once."""

_POLLERS = 5
"""Batches of a mapping at once, where it does not say; and the most of all mappings together."""
_MOST_AT_ONCE = 64

log = logging.getLogger(__name__)

Run = Callable[[str, str, bytes], tuple[bytes, bool]]
"""Runs a Lambda function, given region, ARN and event: its answer, and whether it failed."""

Document = dict[str, Any]

_create, _update = LambdaBackend.create_event_source_mapping, LambdaBackend.update_event_source_mapping


def install() -> None:
    """Has moto's queues call no function by themselves, and mappings checked as Lambda does."""
    nobody = property(lambda queue: {}, lambda queue, mappings: None)
    replace("moto.sqs.models:Queue.lambda_event_source_mappings", nobody)
    replace("moto.awslambda.models:LambdaBackend.create_event_source_mapping", _create_checked)
    replace("moto.awslambda.models:LambdaBackend.update_event_source_mapping", _update_checked)


class _Conflict(LambdaClientError):  # type: ignore[misc] # moto is not typed
    code = 409


def _create_checked(backend: Any, given: Document) -> Any:
    source, function = str(given.get("EventSourceArn")), functions.find(backend.region_name, _name(given), None)
    _check(backend, source, function, given)
    for mapping in backend._event_source_mappings.values():
        if function is not None and (mapping.event_source_arn, mapping.function_arn) == (source, function.function_arn):
            text = (
                f'An event source mapping with SQS arn (" {source} ") and function (" {function.function_name} ") '
                f"already exists. Please update or delete the existing mapping with UUID {mapping.uuid}"
            )
            raise _Conflict("ResourceConflictException", text)
    return _create(backend, given)


def _update_checked(backend: Any, uuid: str, given: Document) -> Any:
    mapping = backend._event_source_mappings.get(uuid)
    if mapping is not None:
        name = given.get("FunctionName") or mapping.function_arn
        function = functions.find(backend.region_name, name, None)
        _check(backend, mapping.event_source_arn, function, {**mapping.get_configuration(), **given})
    return _update(backend, uuid, given)


def _name(given: Document) -> str:
    return str(given.get("FunctionName"))


def _check(backend: Any, source: str, function: Any, given: Document) -> None:
    """Refuses a mapping from SQS that Lambda refuses.

    Raises
    ------
    InvalidParameterValueException

    Source: Lambda API reference, CreateEventSourceMapping; Lambda developer guide, "Creating and configuring an Amazon
    SQS event source mapping".
    """
    if ":sqs:" not in source:
        return
    window, size = given.get("MaximumBatchingWindowInSeconds") or 0, given.get("BatchSize") or _MOST_RECEIVED
    if int(size) > _MOST_RECEIVED and int(window) < 1:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    most = (given.get("ScalingConfig") or {}).get("MaximumConcurrency")
    if most is not None and not 2 <= int(most) <= 1000:
        raise InvalidParameterValueException("MaximumConcurrency must be between 2 and 1000")
    if most is not None and given.get("ProvisionedPollerConfig"):
        raise InvalidParameterValueException("ScalingConfig and ProvisionedPollerConfig cannot both be given")
    for chosen in (given.get("FilterCriteria") or {}).get("Filters") or []:
        try:
            json.loads(chosen["Pattern"]).items()
        except (AttributeError, KeyError, ValueError) as error:
            raise InvalidParameterValueException("Invalid filter pattern definition.") from error
    queue = sqs_backends[DEFAULT_ACCOUNT_ID][backend.region_name].queues.get(source.rpartition(":")[2])
    if queue is not None and function is not None and queue.visibility_timeout < int(function.timeout):
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than Function timeout: "
            f"{function.timeout} seconds"
        )
    for action in _NEEDED if function is not None and enforcement.is_on() else ():
        if decision(enforcement.statements_of_role(str(function.role)), f"sqs:{action}", source, {}) != ALLOWED:
            raise InvalidParameterValueException(
                f"The provided execution role does not have permissions to call {action} on SQS"
            )


class EventSources:
    """Polls every enabled mapping; `client` makes a client of a service in a region."""

    def __init__(self, run: Run, client: Callable[[str, str], Any], clock: Callable[[], float]) -> None:
        self._run = run
        self._client = client
        self._clock = clock
        self._workers = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="event-source")
        self._busy: dict[str, list[Future[None]]] = {}
        self._waiting: dict[str, float] = {}
        self._lock = threading.Lock()

    def look(self) -> None:
        """Has functions run on what waits in queues; returns at once."""
        for region, mapping in _mappings():
            self._begin(region, mapping)

    def settle(self) -> None:
        """Returns when no queue has a message left that a function is to have now."""
        while futures := [future for region, mapping in _mappings() for future in self._begin(region, mapping)]:
            for future in futures:
                future.result()

    def _begin(self, region: str, mapping: Any) -> list["Future[None]"]:
        """What is under way for a mapping, begun where messages wait."""
        with self._lock:
            busy = [future for future in self._busy.get(mapping.uuid, []) if not future.done()]
            if self._is_due(region, mapping):
                pollers = (mapping.scaling_config or {}).get("MaximumConcurrency", _POLLERS)
                batches = -(-_count(region, mapping) // int(mapping.batch_size))
                wanted = min(int(pollers), batches, _MOST_AT_ONCE) - len(busy)
                busy += [self._workers.submit(self._drain, region, mapping) for _ in range(wanted)]
            self._busy[mapping.uuid] = busy
            return busy

    def _is_due(self, region: str, mapping: Any) -> bool:
        """Whether there are messages, and enough of them or for long enough."""
        count = _count(region, mapping)
        if not count:
            self._waiting.pop(mapping.uuid, None)
            return False
        since = self._waiting.setdefault(mapping.uuid, self._clock())
        return count >= int(mapping.batch_size) or self._clock() >= since + float(mapping.max_batch_window or 0)

    def _drain(self, region: str, mapping: Any) -> None:
        try:
            while _is_on(region, mapping) and self._batch(region, mapping):
                pass
        except Exception:
            log.exception("polling for %s", mapping.function_arn)

    def _batch(self, region: str, mapping: Any) -> bool:
        """Whether there was a batch, and its function took some of it."""
        sqs = self._client("sqs", region)
        url = address_of(sqs, mapping.event_source_arn)
        messages: list[Document] = []
        while len(messages) < mapping.batch_size:
            most = min(_MOST_RECEIVED, mapping.batch_size - len(messages))
            received = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=most, AttributeNames=["All"], MessageAttributeNames=["All"]
            ).get("Messages", [])
            messages += received
            if len(received) < most:
                break
        if not messages:
            return False
        records = {message["MessageId"]: _record(message, mapping.event_source_arn, region) for message in messages}
        wanted = [record for record in records.values() if _passes(record, mapping.filter_criteria)]
        kept: set[str] = set()
        if wanted:
            sent = {record["messageId"] for record in wanted}
            try:
                answer, failed = self._run(region, mapping.function_arn, json.dumps({"Records": wanted}).encode())
            except Throttled:
                # They come back when their time is up; this receive counts.
                answer, failed = b"", True
            kept = sent if failed else set()
            if not failed and "ReportBatchItemFailures" in (mapping.function_response_types or []):
                kept = _failures(answer, sent)
        done = [message["ReceiptHandle"] for message in messages if message["MessageId"] not in kept]
        for start in range(0, len(done), _MOST_RECEIVED):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt}
                for number, receipt in enumerate(done[start : start + _MOST_RECEIVED])
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        return bool(done)


def _mappings() -> Iterator[tuple[str, Any]]:
    """Region and mapping of every one that is enabled."""
    for region, backend in list(lambda_backends[DEFAULT_ACCOUNT_ID].items()):
        for mapping in list(backend._event_source_mappings.values()):
            if mapping.enabled and ":sqs:" in mapping.event_source_arn:
                yield region, mapping


def _is_on(region: str, mapping: Any) -> bool:
    """Whether a mapping is there, and switched on."""
    held = lambda_backends[DEFAULT_ACCOUNT_ID][region]._event_source_mappings
    return bool(held.get(mapping.uuid) is mapping and mapping.enabled)


def _count(region: str, mapping: Any) -> int:
    """Messages of its queue that can be seen; asked of moto itself, since it is asked again and again."""
    queue = sqs_backends[DEFAULT_ACCOUNT_ID][region].queues.get(mapping.event_source_arn.rpartition(":")[2])
    return waiting(queue)[0] if queue is not None else 0


def _passes(record: Document, criteria: Document | None) -> bool:
    """Whether one of a mapping's filters takes a record; a body that is JSON is looked into."""
    patterns = [json.loads(chosen["Pattern"]) for chosen in (criteria or {}).get("Filters", [])]
    if not patterns:
        return True
    try:
        body = json.loads(record["body"])
    except ValueError:
        body = record["body"]
    return any(EventPattern(None, pattern).matches_event({**record, "body": body}) for pattern in patterns)


def _record(message: Document, queue: str, region: str) -> Document:
    attributes = {
        name: {key[:1].lower() + key[1:]: part for key, part in value.items() if key in ("DataType", "StringValue")}
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": region,
    }


def _failures(answer: bytes, sent: set[str]) -> set[str]:
    """The messages that a function says it failed on; all where what it says names none of them."""
    try:
        failures = (json.loads(answer) or {}).get("batchItemFailures") or []
        named = {str(failure["itemIdentifier"]) for failure in failures}
    except (AttributeError, KeyError, TypeError, ValueError):
        return sent
    return named if named <= sent else sent

"""Event source mappings from SQS: queues are polled, and functions run on what is in them.

A batch that its function takes is deleted, one that it fails on becomes visible again when its time is up; the
queue's own redrive policy does the rest. Source: Lambda developer guide, "Using Lambda with Amazon SQS".
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

_TICK = 0.5
_MOST_RECEIVED = 10
"""Messages that SQS gives at once."""

log = logging.getLogger(__name__)

Run = Callable[[str, str, bytes], tuple[bytes, bool]]
"""Runs a Lambda function, given region, ARN and event: its answer, and whether it failed."""


class Sources:
    """Polls every enabled mapping; `client` makes a client of a service in a region."""

    def __init__(self, run: Run, client: Callable[[str, str], Any]) -> None:
        self._run = run
        self._client = client
        self._turn = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._watch, name="sources", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(_TICK)
            try:
                self.poll()
            except Exception:
                log.exception("polling event sources")

    def poll(self) -> None:
        """Runs functions until no queue has a message left that can be seen."""
        with self._turn:
            for region, backend in list(lambda_backends[DEFAULT_ACCOUNT_ID].items()):
                for mapping in list(backend._event_source_mappings.values()):
                    while mapping.enabled and _has_messages(region, mapping) and self._batch(region, mapping):
                        pass

    def _batch(self, region: str, mapping: Any) -> bool:
        """Whether there was a batch, and its function took some of it."""
        sqs = self._client("sqs", region)
        url = sqs.get_queue_url(QueueName=mapping.event_source_arn.rpartition(":")[2])["QueueUrl"]
        messages: list[dict[str, Any]] = []
        while len(messages) < mapping.batch_size:
            most = min(_MOST_RECEIVED, mapping.batch_size - len(messages))
            found = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=most, AttributeNames=["All"], MessageAttributeNames=["All"]
            ).get("Messages", [])
            messages += found
            if len(found) < most:
                break
        if not messages:
            return False
        event = {"Records": [_record(message, mapping.event_source_arn, region) for message in messages]}
        answer, failed = self._run(region, mapping.function_arn, json.dumps(event).encode())
        kept = set() if not failed else {message["MessageId"] for message in messages}
        if not failed and "ReportBatchItemFailures" in (mapping.function_response_types or []):
            kept = _failures(answer, messages)
        for message in messages:
            if message["MessageId"] not in kept:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(kept) < len(messages)


def _has_messages(region: str, mapping: Any) -> bool:
    """Whether its queue has a message that can be seen; asked of moto itself, since it is asked again and again."""
    if ":sqs:" not in mapping.event_source_arn:
        return False
    queue = sqs_backends[DEFAULT_ACCOUNT_ID][region].queues.get(mapping.event_source_arn.rpartition(":")[2])
    return queue is not None and bool(queue.messages)


def _record(message: dict[str, Any], queue: str, region: str) -> dict[str, Any]:
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


def _failures(answer: bytes, messages: list[dict[str, Any]]) -> set[str]:
    """The messages that a function says it failed on; all where what it says names none of them."""
    everything = {message["MessageId"] for message in messages}
    try:
        said = {str(one["itemIdentifier"]) for one in (json.loads(answer) or {}).get("batchItemFailures") or []}
    except (AttributeError, KeyError, TypeError, ValueError):
        return everything
    return said if said <= everything else everything

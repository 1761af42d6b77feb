"""The handlers of the Lambda functions; the stack gives it its place in environment variables.

Imports the standard library, boto3 and this package's light modules alone: the functions' zip holds nothing else.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from customlabels.aws.function_log import log
from customlabels.inspection.claims import Table
from customlabels.inspection.functions import listed
from customlabels.inspection.functions import look as looking
from customlabels.inspection.functions.knowledge import Known, Version, assumed_thresholds, look_up
from customlabels.inspection.functions.measuring import measure

Document = dict[str, Any]

_KNOWN_FOR = 30.0
"""Seconds after which parameters are read again."""

_LONGEST_DELAY = 900
"""Seconds. Source: SQS API reference, SendMessage, DelaySeconds."""


@dataclass(slots=True)
class _Memory:
    """What a warm function knows from calls before."""

    known: Known | None = None
    read: float = 0.0
    assumed: dict[str, Mapping[str, float]] = field(default_factory=dict)
    down: dict[str, float] = field(default_factory=dict)
    """When versions that were not running were last asked, by ARN."""


_memory = _Memory()


def look(event: Document, context: Any) -> Document:
    """Looks at the images that a batch of messages tells of; the messages that failed come back, and count as a try.

    What only has to wait is sent anew: a message that comes back by itself would have used up a try, whether by its
    visibility or by the batch's answer, and after five of them it is a dead letter.
    """
    messages = [looking.Message(record["messageId"], record["body"]) for record in event["Records"]]
    outcome = _outcome(messages, context.get_remaining_time_in_millis() / 1000)
    for id_, seconds in outcome.later.items():
        if id_ not in outcome.failed and not _sent_anew(next(m for m in messages if m.id == id_), seconds):
            outcome.failed.add(id_)
    measure(os.environ["PROJECT"], datetime.now(UTC), outcome.figures)
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in sorted(outcome.failed)]}


def look_listed(event: Document, context: Any) -> list[Document]:
    """Looks at the images of a child of a batch; a row for each of them.

    What has to wait has the whole child tried again, in which what was done is known.

    Raises
    ------
    NotYet : images have to wait
    ImagesFailed : more images failed than the batch lets
    """
    given, items = event["BatchInput"], event["Items"]
    known = _known(os.environ["PROJECT"])
    # Whoever runs a batch is told of its end; objects that it looks at are left as they are. Until the schedule's sweep
    # has told workers the rate of the units that are up, it is that of those that were asked for.
    inspection = replace(
        known.inspection, bucket="", prefix="", on_defect="none", goes_to=None, bus="", rate=float(given["rate"])
    )
    version = Version(given["version"], given["arn"])
    messages = [looking.Message(str(number), listed.message(item)) for number, item in enumerate(items)]
    outcome = _looked(messages, Known(inspection, (version,)), version, context.get_remaining_time_in_millis() / 1000)
    measure(os.environ["PROJECT"], datetime.now(UTC), outcome.figures)
    return listed.rows(items, outcome)


def conclude(event: Document, _: Any) -> Document:
    """Sees to what is left when a batch has ended, however that was: its uptime, its results, its notice."""
    from customlabels.inspection.functions import concluding

    return concluding.conclude(event["detail"], os.environ["PROJECT"], os.environ["TOPIC"], _client)


def _outcome(messages: list[looking.Message], seconds: float) -> looking.Outcome:
    project = os.environ["PROJECT"]
    known = _known(project)
    version = _answering(known)
    if version is None:
        log("ERROR", f"{project} has no champion that could look")
        return looking.Outcome(later={message.id: _LONGEST_DELAY for message in messages})
    return _looked(messages, known, version, seconds)


def _looked(messages: list[looking.Message], known: Known, version: Version, seconds: float) -> looking.Outcome:
    table = Table(_client("dynamodb"), os.environ["TABLE"])
    clients = looking.Clients(_client("rekognition"), _client("s3"), _client("events"), table)
    outcome = looking.look(messages, os.environ["PROJECT"], clients, known, version, _assumed(version), seconds)
    if outcome.down:
        _memory.down[version.arn] = time.monotonic()
    return outcome


def _known(project: str) -> Known:
    if _memory.known is None or time.monotonic() - _memory.read > _KNOWN_FOR:
        _memory.known, _memory.read = look_up(_client("ssm"), project, datetime.now(UTC)), time.monotonic()
    return _memory.known


def _answering(known: Known) -> Version | None:
    """The champion; while it is not up yet, the version that serves until it is."""
    now = time.monotonic()
    up = [version for version in known.versions if now - _memory.down.get(version.arn, -_KNOWN_FOR) >= _KNOWN_FOR]
    return next(iter(up or known.versions), None)


def _assumed(version: Version) -> Mapping[str, float]:
    """The version's own thresholds; none while they cannot be read, which leaves images without a verdict open."""
    if version.arn not in _memory.assumed:
        try:
            _memory.assumed[version.arn] = assumed_thresholds(
                _client("rekognition"), _client("s3"), os.environ["PROJECT_ARN"], version
            )
        except Exception as error:
            log("ERROR", f"the thresholds of {version.name} cannot be read: {error}")
            return {}
    return _memory.assumed[version.arn]


def _sent_anew(message: looking.Message, seconds: float) -> bool:
    """Whether the message could be sent again, to be seen after so many seconds."""
    delay = min(_LONGEST_DELAY, round(seconds))
    try:
        _client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=message.body, DelaySeconds=delay)
    except Exception as error:
        log("ERROR", f"a message was not sent anew: {error}")
        return False
    return True


@cache
def _client(service: str) -> Any:
    """Made once an environment: a call of a warm function finds it there."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1 if service == "rekognition" else 4},
        connect_timeout=5,
        read_timeout=20,
        max_pool_connections=20,
    )
    make: Any = boto3.client
    return make(service, config=config)

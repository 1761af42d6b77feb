"""The handlers of the Lambda functions that images and batches call; the stack gives them their place in environment
variables.

Imports the standard library, boto3 and this package's light modules alone: the functions' zip holds nothing else.
"""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from customlabels.aws.function_log import log
from customlabels.inspection.claims import Table
from customlabels.inspection.functions import listed, warm
from customlabels.inspection.functions import look as looking
from customlabels.inspection.functions.knowledge import Known, Version
from customlabels.inspection.functions.measuring import measure

Document = dict[str, Any]

_LONGEST_DELAY = 900
"""Seconds. Source: SQS API reference, SendMessage, DelaySeconds."""


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
    version = Version(given["version"], given["arn"])
    known = warm.known(os.environ["PROJECT"])
    if given["judged"] != listed.judged_by(known.inspection, version.arn):
        # A warm function may remember rules that were others when the batch was begun.
        warm.memory.known = None
        known = warm.known(os.environ["PROJECT"])
    # Whoever runs a batch is told of its end; objects that it looks at are left as they are. Until the schedule's sweep
    # has told workers the rate of the units that are up, it is that of those that were asked for.
    inspection = replace(
        known.inspection, bucket="", prefix="", on_defect="none", goes_to=None, bus="", rate=float(given["rate"])
    )
    messages = [looking.Message(str(number), listed.message(item)) for number, item in enumerate(items)]
    seconds = context.get_remaining_time_in_millis() / 1000
    judged = listed.judged_by(inspection, version.arn)
    outcome = _looked(messages, Known(inspection, (version,)), version, seconds, judged)
    measure(os.environ["PROJECT"], datetime.now(UTC), outcome.figures)
    return listed.rows(items, outcome)


def conclude(event: Document, _: Any) -> Document:
    """Sees to what is left when a batch has ended, however that was: its uptime, its results, its notice."""
    from customlabels.inspection.functions import concluding

    return concluding.conclude(event["detail"], os.environ["PROJECT"], os.environ["TOPIC"], warm.client)


def _outcome(messages: list[looking.Message], seconds: float) -> looking.Outcome:
    project = os.environ["PROJECT"]
    known = warm.known(project)
    version = _answering(known)
    if version is None:
        log("ERROR", f"{project} has no champion that could look")
        return looking.Outcome(later={message.id: _LONGEST_DELAY for message in messages})
    return _looked(messages, known, version, seconds)


def _looked(
    messages: list[looking.Message], known: Known, version: Version, seconds: float, judged: str | None = None
) -> looking.Outcome:
    table = Table(warm.client("dynamodb"), os.environ["TABLE"])
    clients = looking.Clients(warm.client("rekognition"), warm.client("s3"), warm.client("events"), table)
    project, assumed = os.environ["PROJECT"], warm.assumed(version)
    outcome = looking.look(messages, project, clients, known, version, assumed, seconds, judged)
    if outcome.down:
        warm.memory.down[version.arn] = time.monotonic()
    return outcome


def _answering(known: Known) -> Version | None:
    """The champion; while it is not up yet, the version that serves until it is."""
    long_ago = time.monotonic() - warm.KNOWN_FOR
    up = [version for version in known.versions if warm.memory.down.get(version.arn, long_ago) <= long_ago]
    return next(iter(up or known.versions), None)


def _sent_anew(message: looking.Message, seconds: float) -> bool:
    """Whether the message could be sent again, to be seen after so many seconds."""
    delay = min(_LONGEST_DELAY, round(seconds))
    try:
        warm.client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=message.body, DelaySeconds=delay)
    except Exception as error:
        log("ERROR", f"a message was not sent anew: {error}")
        return False
    return True

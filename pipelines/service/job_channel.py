"""Where Rekognition tells that a job on a video is done: a topic that a queue hears, so that nobody has to ask.

Source: Amazon Rekognition developer guide, "Configuring Amazon Rekognition Video"; SNS developer guide, "Fanout to
Amazon SQS queues".
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import SettingsError
from customlabels.core.settings import VideoSettings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_WAITS = 20
"""Seconds of long polling; SQS takes no more."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The topic that Rekognition tells, the role that it tells it as, and the URL of the queue that hears it."""

    topic: str
    role: str
    queue: str

    @property
    def notification(self) -> Any:
        """As Start operations take it."""
        return {"SNSTopicArn": self.topic, "RoleArn": self.role}


def channel_of(given: VideoSettings) -> Channel | None:
    """The channel of the settings; None where they name none.

    Raises
    ------
    SettingsError : it is named in part
    """
    parts = {"topic": given.topic, "role": given.role, "queue": given.queue}
    lacking = [name for name, value in parts.items() if value is None]
    if not lacking:
        return Channel(given.topic or "", given.role or "", given.queue or "")
    if len(lacking) < len(parts):
        raise SettingsError(
            f"video.{lacking[0]}: is not set, and topic, role and queue go together",
            hint="Rekognition tells the topic as the role; the queue is subscribed to the topic",
        )
    return None


def hear(sqs: "SQSClient", channel: Channel, job: str) -> bool:
    """Waits some seconds for word of a job; whether it came. Word of others comes to whoever asks later.

    Raises
    ------
    ServiceError : the queue may not be read
    """
    with explained(f"listening to {channel.queue}"):
        answer = sqs.receive_message(QueueUrl=channel.queue, WaitTimeSeconds=_WAITS, MaxNumberOfMessages=10)
        heard = False
        for message in answer.get("Messages", ()):
            if _job(message.get("Body", "")) == job:
                sqs.delete_message(QueueUrl=channel.queue, ReceiptHandle=message["ReceiptHandle"])
                heard = True
    return heard


def _job(body: str) -> str | None:
    """The job that a message is about, be it raw or in SNS's envelope; None where it is about none."""
    try:
        document = json.loads(body)
        if "JobId" not in document:
            document = json.loads(document["Message"])
        return str(document["JobId"])
    except (ValueError, KeyError, TypeError):
        return None

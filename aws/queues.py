"""How many messages a queue of SQS has. Imports the standard library alone: functions count as well.

Source: SQS API reference, GetQueueAttributes.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Depth(NamedTuple):
    """Messages that can be received, that are delayed, and that somebody works on."""

    visible: int
    delayed: int
    in_flight: int

    @property
    def waiting(self) -> int:
        """Messages that nobody works on."""
        return self.visible + self.delayed


def depth(sqs: "SQSClient", url: str) -> Depth:
    """What a queue holds, by the service's own count, which is an approximation."""
    attributes = sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )["Attributes"]
    return Depth(
        int(attributes["ApproximateNumberOfMessages"]),
        int(attributes.get("ApproximateNumberOfMessagesDelayed", 0)),
        int(attributes["ApproximateNumberOfMessagesNotVisible"]),
    )

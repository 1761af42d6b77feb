"""Messages to SNS topics. Light, since the Lambda functions carry it: the standard library alone.

What SNS refuses is botocore's error; commands put these calls into `explained`. Source: SNS API reference, "Publish".
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_LONGEST_SUBJECT = 99
"""Characters: fewer than a hundred."""


def publish(sns: "SNSClient", topic: str, about: str, text: str) -> None:
    """Sends `text` to the topic, under a subject that says what it is about."""
    sns.publish(TopicArn=topic, Subject=subject(about), Message=text)


def subject(text: str) -> str:
    """The text as SNS takes a subject: ASCII, on one line, fewer than a hundred characters, no blank at its ends."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line.encode("ascii", "replace").decode()[:_LONGEST_SUBJECT].rstrip() or "customlabels"

"""Rekognition's own labels in stored videos: StartLabelDetection, and what it answers with, moment by moment.

Source: Amazon Rekognition API reference, StartLabelDetection and GetLabelDetection.
"""

import hashlib
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from customlabels.aws.clients import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.waiting import wait_for
from customlabels.pipelines.service.detection import DetectedLabel, box_of
from customlabels.pipelines.service.spans import Moment, Span, spans

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

LEAST = 50.0
"""Confidence of a label that counts."""

_GAP = 1.5
"""Seconds that a span bridges: Rekognition looks about twice a second."""

NEAR = 0.5
"""Seconds between a frame and the moment at which Rekognition looked at what it shows."""

_LONGEST = 24 * 3600.0

_HEARS = 15
"""Times that nothing is heard, after which the service itself is asked: five minutes."""


class Seen(NamedTuple):
    """What is seen at a moment, `seconds` from the video's start: a label an instance with its box, or as a whole."""

    seconds: float
    labels: tuple[DetectedLabel, ...]


def see_that_rekognition_can(source: str, flag: str) -> None:
    """Sees that Rekognition can look through the videos of a source.

    Raises
    ------
    SettingsError
    """
    if not source.startswith("s3://"):
        raise SettingsError(f"{flag} goes with videos in S3, where Rekognition looks at them")


def start(rekognition: "RekognitionClient", address: S3Address, mark: str, notification: Any | None = None) -> str:
    """The job that looks through a video; run again within a few days, the one that was begun.

    Parameters
    ----------
    mark : stands for the video's bytes: of others under the same name, there is another job
    notification : where its end is told

    Raises
    ------
    ServiceError : the video is not there, or none that Rekognition takes
    """
    channel = {} if notification is None else {"NotificationChannel": notification}
    # The same token with another channel is refused.
    told = "" if notification is None else f" {notification['SNSTopicArn']} {notification['RoleArn']}"
    token = hashlib.sha256(f"{address} {mark} {LEAST}{told}".encode()).hexdigest()[:64]
    video: Any = {"S3Object": {"Bucket": address.bucket, "Name": address.key}}
    with explained(f"having Rekognition look at {address}"):
        return rekognition.start_label_detection(Video=video, MinConfidence=LEAST, ClientRequestToken=token, **channel)[
            "JobId"
        ]


def finish(
    rekognition: "RekognitionClient",
    address: S3Address,
    job: str,
    *,
    tick: Callable[[float], None],
    hear: Callable[[], bool] | None = None,
) -> None:
    """Waits until a job is done.

    Parameters
    ----------
    hear : waits some seconds for word of its end, whether it came; None: there is nobody who would tell

    Raises
    ------
    ServiceError : the job failed
    """

    def look() -> bool | None:
        with explained(f"asking for the labels of {address}"):
            answer = rekognition.get_label_detection(JobId=job, MaxResults=1)
        if answer["JobStatus"] == "FAILED":
            raise ServiceError(f"{address}: Rekognition could not look at it: {answer.get('StatusMessage', '')}")
        return True if answer["JobStatus"] == "SUCCEEDED" else None

    def until_told(pause: float) -> None:
        if hear is None:
            time.sleep(pause)
            return
        for _ in range(_HEARS):
            if hear():
                return

    # Word may have come and gone before, and may be lost: the service itself is asked first, and now and then.
    wait_for(look, what=f"the labels of {address}", most=_LONGEST, tick=tick, sleep=until_told)


def seen_in(rekognition: "RekognitionClient", address: S3Address, job: str) -> Iterator[Seen]:
    """What a job that is done has seen, moment by moment; memory does not grow with the video.

    Raises
    ------
    ServiceError : the answer cannot be had, as after a week
    """
    for seconds, together in groupby(_labels(rekognition, address, job), key=lambda seen: seen["Timestamp"] / 1000):
        labels = [
            DetectedLabel(
                seen["Label"]["Name"],
                instance.get("Confidence", seen["Label"]["Confidence"]),
                box_of(instance.get("BoundingBox")),
            )
            for seen in together
            for instance in seen["Label"].get("Instances") or [{}]
        ]
        yield Seen(seconds, tuple(sorted(labels, key=lambda label: (-label.confidence, label.label))))


def _labels(rekognition: "RekognitionClient", address: S3Address, job: str) -> Iterator[Any]:
    more: dict[str, Any] = {}
    while True:
        with explained(f"asking for the labels of {address}"):
            answer = rekognition.get_label_detection(JobId=job, SortBy="TIMESTAMP", **more)
        yield from answer.get("Labels", ())
        if not answer.get("NextToken"):
            return
        more = {"NextToken": answer["NextToken"]}


def spans_with(moments: Iterator[Seen], label: str) -> list[Span]:
    """From when to when a label is seen, whatever its letters' size."""
    own = (
        Moment(moment.seconds, {label: max(confidences)})
        for moment in moments
        if (confidences := [seen.confidence for seen in moment.labels if seen.label.lower() == label.lower()])
    )
    return spans(own, begins=lambda name: LEAST, holds=lambda name: LEAST, gap=_GAP)


def seen_near(moments: Iterator[Seen], times: Sequence[float]) -> list[tuple[DetectedLabel, ...]]:
    """What is seen at each of some times, in order: at the moment that lies nearest, no further than NEAR."""
    near: list[tuple[float, tuple[DetectedLabel, ...]]] = [(NEAR, ())] * len(times)
    for moment in moments:
        for number in range(bisect_left(times, moment.seconds - NEAR), len(times)):
            apart = abs(times[number] - moment.seconds)
            if times[number] > moment.seconds + NEAR:
                break
            if apart < near[number][0] or (apart == NEAR and not near[number][1]):
                near[number] = apart, moment.labels
    return [labels for _, labels in near]

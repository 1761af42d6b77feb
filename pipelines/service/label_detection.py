"""Rekognition's own labels in stored videos: StartLabelDetection, and its answer made into spans.

Source: Amazon Rekognition API reference, StartLabelDetection and GetLabelDetection. A topic may be told when a job is
done; whoever waits for it asks, as here.
"""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.pipelines.service.spans import Moment, Span, spans

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

LEAST = 50.0
"""Confidence of a label that counts."""

_GAP = 1.5
"""Seconds that a span bridges: Rekognition looks about twice a second."""

_LONGEST = 24 * 3600.0


def seen_in(
    rekognition: "RekognitionClient",
    address: S3Address,
    mark: str,
    label: str,
    *,
    tick: Callable[[float], None],
) -> list[Span]:
    """When a label is seen in a video, whatever its letters' size; waits for Rekognition to look.

    Run again within a few days, it takes up the job that was begun.

    Parameters
    ----------
    mark : stands for the video's bytes: of others under the same name, there is another job

    Raises
    ------
    ServiceError : the video is not there, or none that Rekognition takes; the job failed
    """
    token = hashlib.sha256(f"{address} {mark} {LEAST}".encode()).hexdigest()[:64]
    video: Any = {"S3Object": {"Bucket": address.bucket, "Name": address.key}}
    with explained(f"having Rekognition look at {address}"):
        job = rekognition.start_label_detection(Video=video, MinConfidence=LEAST, ClientRequestToken=token)["JobId"]

    def look() -> bool | None:
        with explained(f"asking for the labels of {address}"):
            answer = rekognition.get_label_detection(JobId=job, MaxResults=1)
        if answer["JobStatus"] == "FAILED":
            raise ServiceError(f"{address}: Rekognition could not look at it: {answer.get('StatusMessage', '')}")
        return True if answer["JobStatus"] == "SUCCEEDED" else None

    wait_for(look, what=f"the labels of {address}", most=_LONGEST, tick=tick)
    moments: list[Moment] = []
    more: dict[str, Any] = {}
    while True:
        with explained(f"asking for the labels of {address}"):
            answer = rekognition.get_label_detection(JobId=job, **more)
        moments += [
            Moment(seen["Timestamp"] / 1000, {label: seen["Label"]["Confidence"]})
            for seen in answer.get("Labels", ())
            if seen["Label"]["Name"].lower() == label.lower()
        ]
        if not answer.get("NextToken"):
            return spans(moments, begins=lambda name: LEAST, holds=lambda name: LEAST, gap=_GAP)
        more = {"NextToken": answer["NextToken"]}

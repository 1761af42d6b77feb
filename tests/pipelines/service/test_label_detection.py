"""What Rekognition sees in a stored video, laid beside frames; and word of its end."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import SettingsError
from customlabels.core.settings import VideoSettings
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.pipelines.service.job_channel import Channel, channel_of, hear
from customlabels.pipelines.service.label_detection import NEAR, Seen, seen_near, spans_with

MOMENTS = st.lists(st.integers(0, 40), unique=True).map(lambda halves: [number / 2 for number in sorted(halves)])
TIMES = st.lists(st.integers(0, 2000), unique=True).map(
    lambda hundredths: [number / 100 for number in sorted(hundredths)]
)


def seen(*seconds: float) -> list[Seen]:
    return [Seen(at, (DetectedLabel("Person", 90.0, (at / 100, 0.0, 0.1, 0.1)),)) for at in seconds]


@given(MOMENTS, TIMES)
def test_a_frame_has_what_was_seen_at_the_moment_that_lies_nearest(moments: list[float], times: list[float]) -> None:
    found = seen_near(iter(seen(*moments)), times)
    assert len(found) == len(times)
    for time, labels in zip(times, found, strict=True):
        apart = min((abs(time - moment) for moment in moments), default=NEAR + 1)
        if apart > NEAR:
            assert labels == ()
        else:
            (label,) = labels
            assert label.box is not None
            assert abs(100 * label.box[0] - time) == pytest.approx(apart)


def test_a_label_is_looked_for_whatever_its_letters_and_in_the_surest_of_its_instances() -> None:
    person = (DetectedLabel("Person", 95.0), DetectedLabel("Person", 60.0), DetectedLabel("Cat", 99.0))
    (span,) = spans_with(iter([Seen(1.0, person), Seen(1.5, person)]), "person")
    assert (span.begin, span.end, span.peak) == (1.0, 1.5, 95.0)


def test_a_channel_is_named_whole_or_not_at_all() -> None:
    arn, role = "arn:aws:sns:us-east-1:123456789012:AmazonRekognition", "arn:aws:iam::123456789012:role/tell"
    assert channel_of(VideoSettings()) is None
    assert channel_of(VideoSettings(arn, role, "https://q")) == Channel(arn, role, "https://q")
    with pytest.raises(SettingsError, match=r"video\.role: is not set, and topic, role and queue go together"):
        channel_of(VideoSettings(topic=arn, queue="https://q"))


class Queue:
    """A queue as SQS has it, as far as it is heard."""

    def __init__(self, *bodies: str) -> None:
        self.bodies = [*bodies]

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {"Messages": [{"Body": body, "ReceiptHandle": body} for body in self.bodies]}

    def delete_message(self, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803 - as boto3 names it
        self.bodies.remove(ReceiptHandle)


@pytest.mark.parametrize("enveloped", [False, True])
def test_word_of_ones_own_job_is_taken_and_that_of_others_is_left(enveloped: bool) -> None:
    def told(job: str) -> str:
        body = json.dumps({"JobId": job, "Status": "SUCCEEDED"})
        return json.dumps({"Type": "Notification", "Message": body}) if enveloped else body

    queue: Any = Queue(told("other"), "hello", "{}", told("own"))
    channel = Channel("topic", "role", "https://q")
    assert hear(queue, channel, "own")
    assert queue.bodies == [told("other"), "hello", "{}"]
    assert not hear(queue, channel, "own")

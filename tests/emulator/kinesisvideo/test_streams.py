"""Streams of Kinesis Video that play a video: their images, and those that are generated into S3."""

import io
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image
from support.local_services import BUCKET, Service, client
from support.videos import film, plain

from customlabels.aws import kinesis_video
from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address

REGION = "us-east-1"


def level(body: bytes) -> int:
    """The grey of an image's middle."""
    with Image.open(io.BytesIO(body)) as image:
        return int(image.convert("L").getpixel((80, 60)))  # type: ignore[arg-type] # of grey, one number


@pytest.fixture(scope="module")
def stream(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A stream that has played ten seconds, each brighter by twenty; and its client."""
    path = tmp_path_factory.mktemp("film") / "line.mkv"
    film(path, (plain(20 * (number // 10) + 20) for number in range(100)))
    service.s3.upload_file(str(path), BUCKET, "films/line.mkv")
    made = client(service, "kinesisvideo")
    made.create_stream(
        StreamName="line-1", DataRetentionInHours=2, Tags={"customlabels-feed": f"s3://{BUCKET}/films/line.mkv"}
    )
    yield made
    made.delete_stream(StreamARN=kinesis_video.stream_arn(made, "line-1"))


def media(service: Service) -> Any:
    return lambda endpoint: client(service, "kinesis-video-archived-media")


def test_images_of_a_stream_are_those_of_its_video_and_come_in_pages(service: Service, stream: Any) -> None:
    begin = stream.describe_stream(StreamName="line-1")["StreamInfo"]["CreationTime"].astimezone(UTC)
    address.advance(service.state, 700)
    shots = [*kinesis_video.shots(stream, media(service), "line-1", begin, begin + timedelta(seconds=650), 0.5)]
    assert len(shots) == 1300
    first = shots[0].at
    assert begin <= first < begin + timedelta(seconds=0.5)
    assert [shot.at for shot in shots] == [first + timedelta(seconds=0.5 * number) for number in range(1300)]
    assert first.microsecond in (0, 500_000)
    bodies = [shot.body for shot in shots]
    assert all(bodies[:19])
    assert not any(bodies[22:])
    assert [level(body) for body in bodies[0:18:2] if body] == pytest.approx([20 * n + 20 for n in range(9)], abs=4)


@pytest.mark.parametrize("every", [0.2, 0.35, 0.5, 0.7, 1.0, 10.0, 400.0])
@pytest.mark.parametrize("fraction", [0.0, 0.125, 0.999])
def test_turns_of_a_stream_are_as_many_as_fit_and_as_far_apart(
    service: Service, stream: Any, every: float, fraction: float
) -> None:
    begin = datetime(2026, 11, 1, 6, tzinfo=UTC) + timedelta(seconds=fraction)
    turns = math.ceil(700 / every)
    end = begin + turns * timedelta(seconds=every)
    at = [shot.at for shot in kinesis_video.shots(stream, media(service), "line-1", begin, end, every)]
    assert len(at) == turns
    assert begin <= at[0] < begin + timedelta(seconds=max(1.0, every))
    assert {round((after - before).total_seconds(), 3) for before, after in pairwise(at)} <= {every}


def test_a_stream_writes_images_into_s3_as_time_goes_on_until_it_is_told_to_stop(service: Service, stream: Any) -> None:
    tags = {"customlabels-feed": f"s3://{BUCKET}/films/line.mkv"}
    stream.create_stream(StreamName="line-2", DataRetentionInHours=1, Tags=tags)
    wanted = kinesis_video.generation(f"s3://{BUCKET}/frames/", REGION, 3.0)
    assert kinesis_video.generating(stream, "line-2") is None
    assert kinesis_video.generate(stream, "line-2", wanted)
    assert not kinesis_video.generate(stream, "line-2", wanted)
    address.advance(service.state, 30)

    def come() -> Any:
        listed = service.s3.list_objects_v2(Bucket=BUCKET, Prefix="frames/").get("Contents", [])
        return sorted(entry["Key"] for entry in listed) if len(listed) >= 4 else None

    keys = wait_for(come, what="the images", most=20)
    assert len(keys) == 4
    assert all(key.startswith("frames/123456789012_line-2_") and key.endswith(".jpg") for key in keys)
    levels = [level(service.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys]
    assert levels == sorted(levels)
    assert not kinesis_video.stop_generating(stream, "line-2", "s3://elsewhere/frames/")
    assert kinesis_video.stop_generating(stream, "line-2", f"s3://{BUCKET}/frames")
    assert kinesis_video.generating(stream, "line-2") is None


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"SamplingInterval": 200}, "InvalidArgumentException", "from 3000 to 20000"),
        (
            {"DestinationConfig": {"Uri": f"s3://{BUCKET}/x", "DestinationRegion": "eu-west-1"}},
            "InvalidArgument",
            "us-",
        ),
        (
            {"DestinationConfig": {"Uri": "s3://nobody-s/x", "DestinationRegion": REGION}},
            "InvalidArgument",
            "no bucket",
        ),
    ],
)
def test_images_that_cannot_be_generated_are_refused(
    stream: Any, change: dict[str, Any], code: str, words: str
) -> None:
    wanted = kinesis_video.generation(f"s3://{BUCKET}/frames/", REGION, 3.0) | change
    with pytest.raises(ServiceError) as error:
        kinesis_video.generate(stream, "line-1", wanted)
    assert (error.value.code or "").startswith(code)
    assert words in error.value.message


def test_a_stream_that_plays_nothing_keeps_no_other_from_writing(service: Service, stream: Any) -> None:
    tags = {"customlabels-feed": f"s3://{BUCKET}/films/line.mkv"}
    for name, feed in (("broken", {"customlabels-feed": f"s3://{BUCKET}/gone.mkv"}), ("whole", tags)):
        stream.create_stream(StreamName=name, DataRetentionInHours=1, Tags=feed)
        wanted = kinesis_video.generation(f"s3://{BUCKET}/beside/", REGION, 3.0)
        kinesis_video.generate(stream, name, wanted)
    address.advance(service.state, 30)

    def come() -> Any:
        return service.s3.list_objects_v2(Bucket=BUCKET, Prefix="beside/").get("Contents")

    assert all("_whole_" in entry["Key"] for entry in wait_for(come, what="images", most=20))
    for name in ("broken", "whole"):
        kinesis_video.stop_generating(stream, name, f"s3://{BUCKET}/beside/")


def test_a_stream_that_keeps_nothing_is_not_there_or_plays_nothing_is_refused(service: Service, stream: Any) -> None:
    stream.create_stream(StreamName="forgetful")
    stream.create_stream(StreamName="mute", DataRetentionInHours=1)
    now = datetime.now(UTC)
    for name, code in {
        "forgetful": "NoDataRetentionException",
        "gone": "ResourceNotFoundException",
        "mute": "UnknownOperationException",
    }.items():
        with pytest.raises(ServiceError) as error:
            [*kinesis_video.shots(stream, media(service), name, now - timedelta(seconds=9), now, 1.0)]
        assert error.value.code == code
    with pytest.raises(ClientError, match="ResourceInUseException"):
        stream.create_stream(StreamName="mute")
    for api, words in {"get_data_endpoint": "PUT_MEDIA: not offered"}.items():
        with pytest.raises(ClientError, match=words):
            getattr(stream, api)(StreamName="mute", APIName="PUT_MEDIA")
    with pytest.raises(ClientError, match="not offered locally"):
        stream.create_signaling_channel(ChannelName="x")

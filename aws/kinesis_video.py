"""Streams of Kinesis Video: images that it keeps, and those that it writes into S3 by itself.

Source: Kinesis Video Streams API reference, GetImages and UpdateImageGenerationConfiguration; developer guide,
"Automated real-time image generation".
"""

import base64
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError, SettingsError

PREFIX = "kvs:"
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,256}")

_SPAN = timedelta(seconds=300)
"""That one call looks at, at most."""

_MOST = 100
"""Images of an answer."""

PER_IMAGE = 0.00001
"""Dollars for an image of up to 1080 lines, by the price page's order of magnitude; not checked."""


class Shot(NamedTuple):
    """An image of a stream: when, and its JPEG; None where the stream has no picture then."""

    at: datetime
    body: bytes | None


def is_kinesis(source: str) -> bool:
    """Whether a source is a stream of Kinesis Video: kvs:NAME."""
    return source.startswith(PREFIX)


def stream_name(source: str) -> str:
    """The name in kvs:NAME.

    Raises
    ------
    SettingsError : it is none
    """
    name = source.removeprefix(PREFIX)
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{source!r} is not of the form {PREFIX}STREAM")
    return name


def stream_arn(streams: Any, name: str) -> str:
    """The ARN of a stream.

    Raises
    ------
    ServiceError : it is not there, or may not be asked
    """
    with explained(f"stream {name}"):
        arn: str = streams.describe_stream(StreamName=name)["StreamInfo"]["StreamARN"]
    return arn


def shots(
    streams: Any, media: Callable[[str], Any], name: str, begin: datetime, end: datetime, every: float
) -> Iterator[Shot]:
    """An image for each turn of `every` seconds of a stream from `begin` to before `end`, as it was kept, in order.

    Turns count from a whole second: clients of before boto3 1.44 leave out what is beyond it.

    Parameters
    ----------
    media : makes the client of what is kept, by its address

    Raises
    ------
    ServiceError : the stream is not there, keeps nothing, or may not be read
    """
    with explained(f"stream {name}"):
        endpoint = streams.get_data_endpoint(StreamName=name, APIName="GET_IMAGES")["DataEndpoint"]
    client, between = media(endpoint), round(1000 * every)
    whole = 1000 // math.gcd(between, 1000)
    turns = max(1, int(_SPAN / timedelta(milliseconds=between)))
    # A call begins at a turn, so that turns are as far apart over its end; at a whole second where there is one.
    span = timedelta(milliseconds=between * (turns - turns % whole or turns))
    first, last = _whole_second_after(begin), _whole_second_after(end)
    if between < 1000 and first > begin:
        # There are turns within that second.
        first -= timedelta(seconds=1)
    while first < last:
        until = min(last, first + span)
        asked: dict[str, Any] = {
            "StreamName": name,
            "ImageSelectorType": "SERVER_TIMESTAMP",
            "StartTimestamp": first,
            "EndTimestamp": min(until, first + _SPAN),
            "SamplingInterval": between,
            "Format": "JPEG",
            "MaxResults": _MOST,
        }
        while True:
            with explained(f"images of stream {name}"):
                answer = client.get_images(**asked)
            for image in answer["Images"]:
                # Images come in base64, whatever the client makes of it.
                body, at = image.get("ImageContent"), image["TimeStamp"].astimezone(UTC)
                if begin <= at < end:
                    yield Shot(at, base64.b64decode(body) if body else None)
            if not answer.get("NextToken"):
                break
            asked["NextToken"] = answer["NextToken"]
        first = until


def _whole_second_after(moment: datetime) -> datetime:
    """It itself where it is one."""
    return (moment + timedelta(microseconds=999_999)).replace(microsecond=0)


def generating(streams: Any, name: str) -> Mapping[str, Any] | None:
    """How a stream writes images into S3; None where it does not, or is not there.

    Raises
    ------
    ServiceError : it may not be asked
    """
    try:
        with explained(f"images of stream {name}"):
            answer = streams.describe_image_generation_configuration(StreamName=name)
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return None
    held: Mapping[str, Any] | None = answer.get("ImageGenerationConfiguration")
    return held if held and held.get("Status") == "ENABLED" else None


def generation(uri: str, region: str, every: float) -> dict[str, Any]:
    """The configuration of a stream that writes a JPEG each `every` seconds to an address in S3."""
    return {
        "Status": "ENABLED",
        "ImageSelectorType": "SERVER_TIMESTAMP",
        "DestinationConfig": {"Uri": uri, "DestinationRegion": region},
        "SamplingInterval": round(1000 * every),
        "Format": "JPEG",
    }


def is_as(held: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    """Whether a stream writes as is wanted; what is not asked for may be as it is."""
    return held is not None and all(held.get(name) == value for name, value in wanted.items())


def generate(streams: Any, name: str, wanted: Mapping[str, Any]) -> bool:
    """Has a stream write images as is wanted; whether it did not before.

    Raises
    ------
    ServiceError : the service refuses it: the stream is not there, keeps nothing, or the interval is none of its
    """
    if is_as(generating(streams, name), wanted):
        return False
    with explained(f"having stream {name} write images"):
        streams.update_image_generation_configuration(StreamName=name, ImageGenerationConfiguration=dict(wanted))
    return True


def stop_generating(streams: Any, name: str, uri: str) -> bool:
    """Has a stream write no more images to an address; whether it did. What writes elsewhere is not ours, and stays.

    Raises
    ------
    ServiceError : it may not be asked, or set
    """
    held = generating(streams, name)
    if held is None or held["DestinationConfig"]["Uri"].rstrip("/") != uri.rstrip("/"):
        return False
    with explained(f"having stream {name} write no more images"):
        streams.update_image_generation_configuration(
            StreamName=name, ImageGenerationConfiguration={**held, "Status": "DISABLED"}
        )
    return True

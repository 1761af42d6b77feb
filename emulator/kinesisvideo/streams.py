"""Operations of Kinesis Video Streams that the toolkit uses, and image generation as time goes on.

Media is not sent here: a stream plays the video that a tag of it names. Sources: Kinesis Video Streams API reference,
the operations; developer guide, "Automated real-time image generation", for when images come and how they are called.
"""

import base64
import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.core.addresses import bucket_and_key, parse_address
from customlabels.emulator.kinesisvideo.playing import shown_at, video_of
from customlabels.emulator.s3 import objects
from customlabels.emulator.server.http import Environ, StartResponse, answer, refusal_answer
from customlabels.emulator.server.refusals import Refusal, in_use, not_found
from customlabels.emulator.server.requests import Asked
from customlabels.emulator.server.store import Store

KIND, _ALL = "kinesis-video-stream", "-"
_SHORTEST, _LONGEST = 3_000, 20_000
"""Milliseconds between generated images. Source: API reference, ImageGenerationConfiguration."""

_SPAN, _USUAL, _MOST = 300, 50, 100
"""Seconds that GetImages looks at, and images of an answer. Source: API reference, GetImages."""

_LEAST_BETWEEN = 200
"""Milliseconds between images of GetImages."""


_TICK = 0.002
"""Seconds."""

log = logging.getLogger(__name__)


class Streams:
    """The streams of a store; `client` makes a client of another service in a region."""

    def __init__(self, store: Store, clock: Callable[[], float], client: Callable[[str, str], Any]) -> None:
        self._store, self._clock, self._client = store, clock, client
        self._looking = threading.Lock()

    def answer(self, asked: Asked, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request."""
        operations: dict[str, Callable[[str, dict[str, Any], Environ], dict[str, Any]]] = {
            "CreateStream": self._create,
            "DescribeStream": self._describe,
            "ListStreams": self._list,
            "DeleteStream": self._delete,
            "GetDataEndpoint": self._endpoint,
            "UpdateImageGenerationConfiguration": self._update_images,
            "DescribeImageGenerationConfiguration": self._describe_images,
            "GetImages": self._images,
        }
        operation = operations.get(asked.operation)
        try:
            if operation is None:
                name = asked.operation or environ["PATH_INFO"]
                raise Refusal("UnknownOperationException", f"{name} of kinesisvideo is not offered locally.")
            with self._store.transaction():
                given = operation(asked.region, asked.parameters or {}, environ)
        except Refusal as refusal:
            return refusal_answer(start_response, environ, refusal.status, refusal.code, refusal.message)
        return answer(start_response, 200, "application/json", json.dumps(given).encode())

    def look(self) -> None:
        """Puts the images into S3 that streams were to generate until now."""
        # The clock's own thread looks, and whoever moves the clock on.
        with self._looking:
            for stream in self._store.resources(KIND, _ALL):
                if (stream["images"] or {}).get("Status") == "ENABLED":
                    try:
                        self._generate(stream)
                    except (Refusal, ClientError) as error:
                        # It plays nothing, or its bucket is gone: it writes nothing, as on AWS, and others do.
                        log.warning("stream %s: %s", stream["name"], error)

    def _generate(self, stream: dict[str, Any]) -> None:
        wanted, number = stream["images"], stream["generated"]
        between = wanted["SamplingInterval"] / 1000
        moments: list[float] = []
        while stream["since"] + number * between <= self._clock() and len(moments) < _MOST:
            moments.append(stream["since"] + number * between)
            number += 1
        if not moments:
            return
        target, png = parse_address(f"{wanted['DestinationConfig']['Uri'].rstrip('/')}/-"), wanted["Format"] == "PNG"
        size = (wanted.get("WidthPixels", 3840), wanted.get("HeightPixels", 2160))
        seconds = [moment - stream["at"] for moment in moments]
        bodies = shown_at(video_of(stream["tags"]), seconds, png=png, size=size)
        s3 = self._client("s3", stream["region"])
        for moment, body in zip(moments, bodies, strict=True):
            if body:
                # The same name again where the service was killed before it noted the image.
                mark = hashlib.sha256(f"{stream['arn']} {moment}".encode()).hexdigest()[:8]
                name = f"{DEFAULT_ACCOUNT_ID}_{stream['name']}_{int(1000 * moment)}_{mark}"
                key = f"{target.key.removesuffix('-')}{name}.{'png' if png else 'jpg'}"
                s3.put_object(Bucket=target.bucket, Key=key, Body=body)
        with self._store.transaction():
            held = self._store.get_resource(stream["arn"])
            # What was changed meanwhile begins anew.
            if held is not None and held["since"] == stream["since"]:
                self._keep({**held, "generated": number})

    def _create(self, region: str, given: dict[str, Any], _: Environ) -> dict[str, Any]:
        _refuse(given, "DeviceName", "KmsKeyId", "StreamStorageConfiguration")
        if any(stream["name"] == given["StreamName"] for stream in self._of(region)):
            raise in_use(f"The stream {given['StreamName']} already exists.")
        at = self._clock()
        arn = f"arn:aws:kinesisvideo:{region}:{DEFAULT_ACCOUNT_ID}:stream/{given['StreamName']}/{int(1000 * at)}"
        self._keep(
            {
                "arn": arn,
                "name": given["StreamName"],
                "region": region,
                "at": at,
                "tags": given.get("Tags", {}),
                "retention": given.get("DataRetentionInHours", 0),
                "media": given.get("MediaType"),
                "images": None,
                "since": 0.0,
                "generated": 0,
            }
        )
        return {"StreamARN": arn}

    def _describe(self, region: str, given: dict[str, Any], _: Environ) -> dict[str, Any]:
        return {"StreamInfo": _about(self._find(region, given))}

    def _list(self, region: str, given: dict[str, Any], _: Environ) -> dict[str, Any]:
        _refuse(given, "NextToken", "StreamNameCondition")
        return {"StreamInfoList": [_about(stream) for stream in self._of(region)]}

    def _delete(self, region: str, given: dict[str, Any], _: Environ) -> dict[str, Any]:
        self._store.delete_resource(self._find(region, given)["arn"])
        return {}

    def _endpoint(self, region: str, given: dict[str, Any], environ: Environ) -> dict[str, Any]:
        self._find(region, given)
        if given.get("APIName") != "GET_IMAGES":
            raise Refusal("UnknownOperationException", f"{given.get('APIName')}: not offered by the local service.")
        return {"DataEndpoint": f"http://{environ['HTTP_HOST']}"}

    def _update_images(self, region: str, given: dict[str, Any], _: Environ) -> dict[str, Any]:
        stream, wanted = self._find(region, given), given.get("ImageGenerationConfiguration")
        if wanted is not None and wanted["Status"] == "ENABLED":
            if not stream["retention"]:
                raise Refusal("NoDataRetentionException", f"The stream {stream['name']} keeps no data.")
            _check(wanted, region)
        self._keep({**stream, "images": wanted, "since": self._clock(), "generated": 0})
        return {}

    def _describe_images(self, region: str, given: dict[str, Any], _: Environ) -> dict[str, Any]:
        images = self._find(region, given)["images"]
        return {} if images is None else {"ImageGenerationConfiguration": images}

    def _images(self, region: str, given: dict[str, Any], _: Environ) -> dict[str, Any]:
        stream = self._find(region, given)
        if not stream["retention"]:
            raise Refusal("NoDataRetentionException", f"The stream {stream['name']} keeps no data.")
        begin, end = float(given["StartTimestamp"]), float(given["EndTimestamp"])
        between = given.get("SamplingInterval", 3_000)
        if not begin < end <= begin + _SPAN or between < _LEAST_BETWEEN:
            raise _wrong(f"From StartTimestamp to EndTimestamp are at most {_SPAN} s, between images at least 200 ms.")
        first = int(base64.b64decode(given["NextToken"])) if "NextToken" in given else 0
        most = min(_MOST, given.get("MaxResults", _USUAL))
        moments: list[float] = []
        while len(moments) < most and begin + (first + len(moments)) * between / 1000 < end:
            moments.append(begin + (first + len(moments)) * between / 1000)
        size = (given.get("WidthPixels", 3840), given.get("HeightPixels", 2160))
        now = self._clock()
        # Times come in whole milliseconds.
        seconds = [moment - stream["at"] + _TICK if moment <= now else -1.0 for moment in moments]
        come = [moment for moment in seconds if moment >= 0]
        bodies = iter(shown_at(video_of(stream["tags"]), come, png=given["Format"] == "PNG", size=size))
        shown = [next(bodies) if moment >= 0 else b"" for moment in seconds]
        images = [
            {"TimeStamp": moment, "ImageContent": base64.b64encode(body).decode()}
            if body
            else {"TimeStamp": moment, "Error": "NO_MEDIA"}
            for moment, body in zip(moments, shown, strict=True)
        ]
        more = begin + (first + len(moments)) * between / 1000 < end
        token = {"NextToken": base64.b64encode(str(first + len(moments)).encode()).decode()} if more else {}
        return {"Images": images, **token}

    def _of(self, region: str) -> Iterator[dict[str, Any]]:
        return (stream for stream in self._store.resources(KIND, _ALL) if stream["region"] == region)

    def _find(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        for stream in self._of(region):
            if stream["name"] == given.get("StreamName") or stream["arn"] == given.get("StreamARN"):
                return stream
        raise not_found(f"The requested stream {given.get('StreamName') or given.get('StreamARN')} is not found.")

    def _keep(self, stream: dict[str, Any]) -> None:
        self._store.put_resource(stream["arn"], KIND, _ALL, stream)


def _about(stream: dict[str, Any]) -> dict[str, Any]:
    return {
        "StreamName": stream["name"],
        "StreamARN": stream["arn"],
        "MediaType": stream["media"],
        "Version": "1",
        "Status": "ACTIVE",
        "CreationTime": stream["at"],
        "DataRetentionInHours": stream["retention"],
    }


def _check(wanted: dict[str, Any], region: str) -> None:
    """Refuses what images cannot be generated by."""
    if not _SHORTEST <= wanted["SamplingInterval"] <= _LONGEST:
        raise _wrong(f"SamplingInterval is from {_SHORTEST} to {_LONGEST} ms.")
    where = wanted["DestinationConfig"]
    if where["DestinationRegion"] != region:
        raise _wrong(f"DestinationRegion has to be the stream's, {region}.")
    bucket, _ = bucket_and_key(where["Uri"])
    if objects.bucket_region(bucket) != region:
        raise _wrong(f"There is no bucket {bucket} in {region}.")


def _refuse(given: dict[str, Any], *names: str) -> None:
    for name in names:
        if given.get(name) is not None:
            raise Refusal("UnknownOperationException", f"{name}: not offered by the local service.")


def _wrong(text: str) -> Refusal:
    return Refusal("InvalidArgumentException", text)

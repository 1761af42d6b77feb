"""StartLabelDetection and GetLabelDetection: what a stored video shows, as a tag of it scripts, told by SNS when done.

A job takes half a second, however long the video. Source: Amazon Rekognition API reference, the operations; developer
guide, "Calling Amazon Rekognition Video operations", for the message.
"""

import hashlib
import json
from typing import Any

from customlabels.core.addresses import S3Address
from customlabels.emulator.analyzers.operations import LABEL_MODEL
from customlabels.emulator.analyzers.scripts import PREFIX
from customlabels.emulator.customlabels.context import Context, page
from customlabels.emulator.eventbridge.deliveries import Due
from customlabels.emulator.s3 import objects
from customlabels.emulator.server.refusals import Refusal, invalid_parameter, invalid_s3_object, not_found

TAG = f"{PREFIX}video"
_KIND = "video-job"
_STEP = 500
"""Milliseconds from one look at a video to the next."""

_TAKES = 0.5
"""Seconds, so that whoever asks at once is told that a job is in progress, as on AWS."""

_LEAST = 50.0
_MOST = 1000


def start_label_detection(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    if set(parameters.get("Features", ["GENERAL_LABELS"])) != {"GENERAL_LABELS"} or "Settings" in parameters:
        raise invalid_parameter("Features and Settings: not offered by the local service.")
    named = parameters["Video"].get("S3Object", {})
    if "Bucket" not in named or "Name" not in named:
        raise invalid_parameter("Video needs an S3Object with Bucket and Name.")
    asked = json.dumps(parameters, sort_keys=True)
    token = parameters.get("ClientRequestToken")
    number = hashlib.sha256(f"{token or asked}{'' if token else context.clock()}".encode()).hexdigest()
    known = context.store.get_resource(_arn(context, number))
    if known is not None:
        if known["asked"] != asked:
            raise Refusal("IdempotentParameterMismatchException", "The token was used with other parameters.")
        return {"JobId": number}
    address = S3Address(named["Bucket"], named["Name"])
    if objects.bucket_region(address.bucket) != context.region or objects.held(address) is None:
        raise invalid_s3_object(f"Unable to get object metadata from S3. Check object key and region: {address}.")
    least = parameters.get("MinConfidence", _LEAST)
    job = {
        "asked": asked,
        "video": parameters["Video"],
        "tag": parameters.get("JobTag"),
        "done": context.clock() + _TAKES,
        "labels": _seen(objects.tags_of(address, named.get("Version")), least),
    }
    message = {
        "JobId": number,
        "Status": "SUCCEEDED",
        "API": "StartLabelDetection",
        "JobTag": job["tag"],
        "Timestamp": int(1000 * job["done"]),
        "Video": {"S3ObjectName": address.key, "S3Bucket": address.bucket},
    }
    channel = parameters.get("NotificationChannel")
    with context.store.transaction():
        context.store.put_resource(_arn(context, number), _KIND, context.region, job)
        if channel is not None:
            text = json.dumps({name: value for name, value in message.items() if value is not None})
            target = {"Arn": channel["SNSTopicArn"]}
            context.tell(Due(job["done"], context.region, "aws.rekognition", target, text))
    return {"JobId": number}


def get_label_detection(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    if parameters.get("AggregateBy", "TIMESTAMPS") != "TIMESTAMPS":
        raise invalid_parameter("AggregateBy SEGMENTS: not offered by the local service.")
    job = context.store.get_resource(_arn(context, parameters["JobId"]))
    if job is None:
        raise not_found(f"There is no job {parameters['JobId']}.")
    if context.clock() < job["done"]:
        return {"JobId": parameters["JobId"], "JobStatus": "IN_PROGRESS", "Video": job["video"], "JobTag": job["tag"]}
    key = (lambda seen: (seen[1], seen[0])) if parameters.get("SortBy") == "NAME" else None
    some, token = page(sorted(map(tuple, job["labels"]), key=key), parameters, _MOST)
    return {
        "JobId": parameters["JobId"],
        "JobStatus": "SUCCEEDED",
        "Video": job["video"],
        "JobTag": job["tag"],
        "LabelModelVersion": LABEL_MODEL,
        "NextToken": token,
        "Labels": [
            {
                "Timestamp": at,
                "Label": {
                    "Name": name,
                    "Confidence": confidence,
                    "Instances": [{"BoundingBox": _box(*sides), "Confidence": confidence}] if sides else [],
                    "Parents": [],
                    "Aliases": [],
                },
            }
            for at, name, confidence, *sides in some
        ],
    }


def _box(left: float, top: float, width: float, height: float) -> dict[str, float]:
    return {"Left": left, "Top": top, "Width": width, "Height": height}


def _seen(tags: dict[str, str], least: float) -> list[tuple[Any, ...]]:
    """Milliseconds, name and confidence of what the tag says, and left, top, width and height where it has a box.

    Raises
    ------
    Refusal : there is no such tag, or it cannot be read
    """
    if TAG not in tags:
        raise Refusal(
            "UnknownOperationException",
            f"The local service sees nothing in videos by itself; it answers what the tag {TAG} of the object says, as "
            "in Person:95:2:5.5/Forklift:90:0:1:0.1:0.2:0.3:0.4 (name, confidence, from and to in seconds, and left, "
            "top, width and height in fractions where it has a box).",
        )
    seen = []
    for part in filter(None, (part.strip() for part in tags[TAG].split("/"))):
        try:
            name, *numbers = part.split(":")
            confidence, begin, end, *sides = map(float, numbers)
            inside = all(0 <= side <= 1 for side in sides) and len(sides) in (0, 4)
            if not name or not inside or not 0 <= confidence <= 100 or not 0 <= begin <= end <= 6 * 3600:
                raise ValueError
        except ValueError as error:
            raise invalid_parameter(f"The tag {TAG} says {part!r}, which is not of the form Name:95:2:5.5.") from error
        steps = range(-(-int(1000 * begin) // _STEP), int(1000 * end) // _STEP + 1)
        seen += [(_STEP * step, name, confidence, *sides) for step in steps if confidence >= least]
    return seen


def _arn(context: Context, number: str) -> str:
    return f"arn:aws:rekognition:{context.region}:job/{number}"

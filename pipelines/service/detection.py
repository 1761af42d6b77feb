"""Images shown to a running version."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import CustomLabelsError, ServiceError
from customlabels.core.pacing import Pacer
from customlabels.core.threads import in_threads
from customlabels.datasets.headers import parse
from customlabels.pipelines.service.limits import MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import BoundingBoxTypeDef, CustomLabelTypeDef, ImageTypeDef

_SECONDS_A_CALL = 2.0
"""What a call may take; that many times the rate are under way at once."""

_LEAST_THREADS, _MOST_THREADS = 2, 64

Image = Path | S3Address
"""A file, which is sent, or an object in S3, which the service reads itself."""

Shown = Image | bytes
"""An image, or the bytes of one that is no file, as a frame of a video."""


@dataclass(frozen=True, slots=True)
class DetectedLabel:
    """A label in an image, its confidence in 0..100, and where the model locates it.

    Parameters
    ----------
    box : left, top, width and height in fractions of the image's sides; None where the model is image-level
    """

    label: str
    confidence: float
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """What the version sees in an image, the surest first; or why it could not look.

    Parameters
    ----------
    beside : what other analyzers see in it, as JSON has it; by their names
    """

    name: str
    labels: tuple[DetectedLabel, ...]
    error: str | None = None
    beside: Mapping[str, Any] | None = field(default=None, metadata={"column": False})


def as_document(detection: Detection) -> dict[str, Any]:
    """A detection as JSON has it; without `beside` where nobody looked beside the version."""
    document = asdict(detection)
    if detection.beside is None:
        del document["beside"]
    return document


def detect(
    rekognition: "RekognitionClient",
    version_arn: str,
    images: Iterable[tuple[str, Shown]],
    *,
    rate: float = 5.0,
    min_confidence: float | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Iterator[Detection]:
    """A detection for each (name, image), in order; an image that cannot be shown does not end the others.

    Parameters
    ----------
    rate : images a second, at most; what the model's units take
    min_confidence : 0..100; each label's assumed threshold where it is None

    Raises
    ------
    ServiceError : the version cannot be asked at all: it is not running, or may not be called
    """

    def ask(name: str, body: "ImageTypeDef") -> tuple[DetectedLabel, ...]:
        return _ask(rekognition, version_arn, name, body, min_confidence)

    return looked_at(images, ask, rate=rate, advance=advance)


def looked_at(
    images: Iterable[tuple[str, Shown]],
    ask: "Callable[[str, ImageTypeDef], tuple[DetectedLabel, ...]]",
    *,
    rate: float,
    advance: Callable[[int], None] = lambda count: None,
) -> Iterator[Detection]:
    """A detection for each (name, image), in order, by whatever `ask` asks of it; no more than `rate` a second.

    Parameters
    ----------
    ask : called with an image's name and what is sent of it; raises ImageRefused where that image alone is refused
    """
    pacer = Pacer(rate)

    def look(named: tuple[str, Shown]) -> Detection:
        name, image = named
        try:
            body = shown(image)
            pacer.wait()
            labels = ask(name, body)
        except ImageRefused as error:
            return Detection(name, (), error.message)
        finally:
            advance(1)
        return Detection(name, labels)

    threads = min(_MOST_THREADS, max(_LEAST_THREADS, math.ceil(rate * _SECONDS_A_CALL)))
    return in_threads(look, images, threads)


REFUSED = {"InvalidImageFormatException", "ImageTooLargeException", "InvalidS3ObjectException"}
"""Codes that are about one image, not about the way to all of them."""


class ImageRefused(CustomLabelsError):
    """An image that the service would not, or did not, look at."""


def shown(image: Shown) -> "ImageTypeDef":
    """The image as the operation takes it.

    Raises
    ------
    ImageRefused : it cannot be read, or is none that the service takes
    """
    if isinstance(image, S3Address):
        return {"S3Object": {"Bucket": image.bucket, "Name": image.key}}
    try:
        body = image if isinstance(image, bytes) else image.read_bytes() if image.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise ImageRefused(f"cannot be read ({error.strerror})") from error
    if not body or len(body) > MAX_BYTES:
        raise ImageRefused(f"empty, or over {MAX_BYTES / 1e6:.0f} MB; put it in S3, or make it smaller")
    try:
        parse(body, len(body))
    except ValueError as error:
        raise ImageRefused(str(error)) from error
    return {"Bytes": body}


def _ask(
    rekognition: "RekognitionClient",
    version_arn: str,
    name: str,
    image: "ImageTypeDef",
    min_confidence: float | None,
) -> tuple[DetectedLabel, ...]:
    try:
        with explained(f"showing {name} to the model"):
            if min_confidence is None:
                answer = rekognition.detect_custom_labels(ProjectVersionArn=version_arn, Image=image)
            else:
                answer = rekognition.detect_custom_labels(
                    ProjectVersionArn=version_arn, Image=image, MinConfidence=min_confidence
                )
    except ServiceError as error:
        if error.code in REFUSED:
            raise ImageRefused(error.message) from error
        if error.code == "ResourceNotReadyException":
            raise ServiceError(
                "the version is not running", hint="customlabels model start (an inference unit costs $4 an hour)"
            ) from error
        raise
    try:
        return tuple(_detected(label) for label in answer["CustomLabels"])
    except (KeyError, ValueError) as error:
        raise ImageRefused(f"showing {name} to the model: the answer is not whole, {error} is not in it") from error


def _detected(label: "CustomLabelTypeDef") -> DetectedLabel:
    """
    Raises
    ------
    KeyError, ValueError : of what is not said, or is no number
    """
    box = box_of(label.get("Geometry", {}).get("BoundingBox"))
    if not all(map(math.isfinite, (label["Confidence"], *(box or ())))):
        raise ValueError("a number")
    return DetectedLabel(label["Name"], label["Confidence"], box)


def box_of(box: "BoundingBoxTypeDef | None") -> tuple[float, float, float, float] | None:
    """Left, top, width and height; None where there is none."""
    return (box["Left"], box["Top"], box["Width"], box["Height"]) if box else None

"""Images shown to a running version."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.aws import explained
from customlabels.core.errors import CustomLabelsError, ServiceError
from customlabels.datasets.headers import parse

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import BoundingBoxTypeDef

MAX_BYTES = 4_000_000
"""For images sent as bytes. Source: Custom Labels developer guide, limits.md (4 MB, taken as the smaller)."""

_THREADS = 4


@dataclass(frozen=True, slots=True)
class Seen:
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
    """What the version sees in an image, the surest first; or why it could not look."""

    name: str
    labels: tuple[Seen, ...]
    error: str | None = None


def detect(
    rekognition: "RekognitionClient",
    version_arn: str,
    images: Iterable[tuple[str, Path]],
    *,
    min_confidence: float | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Iterator[Detection]:
    """A detection for each (name, path), in order; an image that cannot be shown does not end the others.

    Parameters
    ----------
    min_confidence : 0..100; each label's assumed threshold where it is None

    Raises
    ------
    ServiceError : the version cannot be asked at all: it is not running, or may not be called
    """

    def look(image: tuple[str, Path]) -> Detection:
        name, path = image
        try:
            found = _ask(rekognition, version_arn, name, path, min_confidence)
        except ImageRefused as error:
            return Detection(name, (), error.message)
        finally:
            advance(1)
        return Detection(name, found)

    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            yield from pool.map(look, images)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class ImageRefused(CustomLabelsError):
    """An image that the service would not, or did not, look at."""


def _ask(
    rekognition: "RekognitionClient", version_arn: str, name: str, path: Path, min_confidence: float | None
) -> tuple[Seen, ...]:
    try:
        body = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise ImageRefused(f"cannot be read ({error.strerror})") from error
    if not body:
        raise ImageRefused(f"empty, or over {MAX_BYTES / 1e6:.0f} MB; put it in S3, or make it smaller")
    try:
        parse(body, len(body))
    except ValueError as error:
        raise ImageRefused(str(error)) from error
    try:
        with explained(f"showing {name} to the model"):
            if min_confidence is None:
                answer = rekognition.detect_custom_labels(ProjectVersionArn=version_arn, Image={"Bytes": body})
            else:
                answer = rekognition.detect_custom_labels(
                    ProjectVersionArn=version_arn, Image={"Bytes": body}, MinConfidence=min_confidence
                )
    except ServiceError as error:
        if error.code in {"InvalidImageFormatException", "ImageTooLargeException"}:
            raise ImageRefused(error.message) from error
        if error.code == "ResourceNotReadyException":
            raise ServiceError(
                "the version is not running", hint="customlabels model start (an inference unit costs $4 an hour)"
            ) from error
        raise
    return tuple(
        Seen(one["Name"], one["Confidence"], _box(one.get("Geometry", {}).get("BoundingBox")))
        for one in answer["CustomLabels"]
    )


def _box(box: "BoundingBoxTypeDef | None") -> tuple[float, float, float, float] | None:
    return (box["Left"], box["Top"], box["Width"], box["Height"]) if box else None

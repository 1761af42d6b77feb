"""Images shown to DetectLabels: what Rekognition knows without any training, billed an image."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.pipelines.service.detection import (
    REFUSED,
    DetectedLabel,
    Detection,
    Image,
    ImageRefused,
    box_of,
    looked_at,
)

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import ImageTypeDef

REKOGNITION = "rekognition"
"""What stands for a version's name where DetectLabels looks."""


def detect_general(
    rekognition: "RekognitionClient",
    images: Iterable[tuple[str, Image]],
    *,
    rate: float = 5.0,
    min_confidence: float | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Iterator[Detection]:
    """A detection for each (name, image), in order: a label an instance with its box, or of the image as a whole.

    Parameters
    ----------
    min_confidence : 0..100; the service's own, 55, where it is None

    Raises
    ------
    ServiceError : the service cannot be asked at all

    Source: Rekognition API reference, DetectLabels.
    """
    asked: dict[str, Any] = {} if min_confidence is None else {"MinConfidence": min_confidence}

    def ask(name: str, image: "ImageTypeDef") -> tuple[DetectedLabel, ...]:
        try:
            with explained(f"showing {name} to Rekognition"):
                answer = rekognition.detect_labels(Image=image, **asked)
        except ServiceError as error:
            if error.code in REFUSED:
                raise ImageRefused(error.message) from error
            raise
        labels = [
            DetectedLabel(
                label["Name"], instance.get("Confidence", label["Confidence"]), box_of(instance.get("BoundingBox"))
            )
            for label in answer["Labels"]
            for instance in label.get("Instances") or [{}]
        ]
        return tuple(sorted(labels, key=lambda label: -label.confidence))

    return looked_at(images, ask, rate=rate, advance=advance)

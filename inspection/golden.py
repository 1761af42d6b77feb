"""Golden images: a few whose labels are known, shown to the running version over and over. Canaries of the service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import LayoutError
from customlabels.inspection.rules import FLOOR
from customlabels.manifests.formats import load_dataset
from customlabels.pipelines.service.detection import detect

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

_THRESHOLD = 50.0
"""Of a label of which none is known."""


@dataclass(frozen=True, slots=True)
class Golden:
    """How golden images came out.

    Parameters
    ----------
    wrong : a sentence for each image that the version gets wrong
    confidence : mean, 0..100, of the labels that are on the images; None where none has a label
    """

    images: int
    wrong: tuple[str, ...]
    confidence: float | None


def show_golden(
    rekognition: "RekognitionClient",
    version_arn: str,
    source: Path,
    thresholds: Mapping[str, float],
    *,
    rate: float,
    advance: Callable[[int], None] = lambda count: None,
) -> Golden:
    """What the running version makes of the labelled images at `source`.

    Parameters
    ----------
    thresholds : from which confidence on a label counts, 0..100
    rate : images a second

    Raises
    ------
    LayoutError : there is no labelled image
    ServiceError : the version cannot be asked
    """
    records = load_dataset(source).records
    if not records:
        raise LayoutError(f"{source}: holds no labelled image", hint="a folder a label, as for training")
    truth = {record.name: set(record.all_labels) for record in records}
    lowest = min([FLOOR, *thresholds.values()])
    images = [(record.name, record.path) for record in records]
    wrong: list[str] = []
    confidences: list[float] = []
    for detection in detect(rekognition, version_arn, images, rate=rate, min_confidence=lowest, advance=advance):
        if detection.error is not None:
            wrong.append(f"{detection.name}: {detection.error}")
            continue
        best: dict[str, float] = {}
        for seen in detection.labels:
            best[seen.label] = max(seen.confidence, best.get(seen.label, 0.0))
        counting = {label for label, confidence in best.items() if confidence >= thresholds.get(label, _THRESHOLD)}
        confidences += [best.get(label, 0.0) for label in truth[detection.name]]
        if counting != truth[detection.name]:
            wanted, said = (", ".join(sorted(names)) or "nothing" for names in (truth[detection.name], counting))
            wrong.append(f"{detection.name} is {wanted}, the version says {said}")
    return Golden(len(images), tuple(wrong), sum(confidences) / len(confidences) if confidences else None)

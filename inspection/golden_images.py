"""Golden images of the settings: read from their folder, shown to a version, packed for the deployed function."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws.stacks.archives import zipped
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.datasets.model import ImageRecord
from customlabels.inspection.golden import INDEX, Golden, Shown, golden_of
from customlabels.inspection.rules import FLOOR
from customlabels.manifests.formats import load_dataset
from customlabels.pipelines.service.detection import detect
from customlabels.pipelines.service.limits import MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

MOST_IMAGES, MOST_BYTES = 200, 50_000_000
"""Of golden images that are deployed: each hour all of them are shown, and the function holds them in its memory."""


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
    records = _labelled(source)
    truth = {record.name: frozenset(record.all_labels) for record in records}
    lowest = min([FLOOR, *thresholds.values()])
    images = [(record.name, record.path) for record in records]
    shown = []
    for detection in detect(rekognition, version_arn, images, rate=rate, min_confidence=lowest, advance=advance):
        best: dict[str, float] = {}
        for seen in detection.labels:
            best[seen.label] = max(seen.confidence, best.get(seen.label, 0.0))
        shown.append(Shown(detection.name, truth[detection.name], best, detection.error))
    return golden_of(shown, thresholds)


def golden_of_settings(source: Path) -> bytes:
    """As `packed`, of what `[inspection] golden` names.

    Raises
    ------
    SettingsError : they cannot be
    """
    try:
        return packed(source)
    except LayoutError as error:
        raise SettingsError(f"inspection.golden: {error.message}", details=error.details, hint=error.hint) from error


def packed(source: Path) -> bytes:
    """The labelled images at `source` in one file, the same bytes for the same images.

    Raises
    ------
    LayoutError : there is none, or they are more than a function shows each hour; each that is too large is named
    """
    records = _labelled(source)
    if len(records) > MOST_IMAGES:
        raise LayoutError(
            f"{source}: holds {len(records)} labelled images, and {MOST_IMAGES} at most are shown each hour",
            hint="keep the few of each label that the model has to get right",
        )
    sizes = {record.name: record.path.stat().st_size for record in records}
    if large := [f"{name}: {size:,} bytes" for name, size in sizes.items() if size > MAX_BYTES]:
        raise LayoutError(
            f"{source}: {counted(len(large), 'image')} over {MAX_BYTES:,} bytes, which a call does not take",
            details=large,
            hint="make them smaller, or leave them out",
        )
    if sum(sizes.values()) > MOST_BYTES:
        raise LayoutError(
            f"{source}: its images have {sum(sizes.values()):,} bytes, and {MOST_BYTES:,} at most are deployed",
            hint="keep the few of each label that the model has to get right",
        )
    files = {f"{number:03}{record.path.suffix.lower()}": record for number, record in enumerate(records)}
    index = [
        {"file": file, "name": record.name, "labels": sorted(set(record.all_labels))} for file, record in files.items()
    ]
    bodies = {file: record.path.read_bytes() for file, record in files.items()}
    return zipped({INDEX: json.dumps({"images": index}).encode(), **bodies})


def _labelled(source: Path) -> tuple[ImageRecord, ...]:
    dataset = load_dataset(source)
    if dataset.faults:
        details = [f"{finding.name}: {finding.message}" for finding in dataset.faults]
        count = counted(len(details), "image")
        raise LayoutError(f"{source}: {count} cannot be used", details=details, hint="customlabels dataset inspect")
    if not dataset.records:
        raise LayoutError(f"{source}: holds no labelled image", hint="a folder a label, as for training")
    return dataset.records

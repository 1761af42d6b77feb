"""Detections of a run as they come: faults told, images drawn, all of it in a file that a later run goes on with."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.pipelines.service.detection import Detection, Shown
from customlabels.pipelines.service.detection_drawing import draw_in
from customlabels.pipelines.service.detection_files import DetectionFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def faults(detection: Detection) -> list[str]:
    """Why the version, or an analyzer, could not look."""
    beside = (detection.beside or {}).items()
    own = [detection.error] if detection.error else []
    return own + [f"{name}: {found['refusal']}" for name, found in beside if found["refusal"] is not None]


def written(
    detections: Iterable[Detection],
    *,
    file: DetectionFile | None,
    draw: Path | None,
    image_of: Callable[[str], Shown],
    s3: "S3Client",
    warn: Callable[[str], None] | None,
) -> Iterator[Detection]:
    """Each detection once it is drawn and on disk.

    Parameters
    ----------
    draw : a folder for the images with what was seen
    image_of : called once with the name of each that is drawn
    warn : told what could not be looked at; None where whoever takes the detections shows that
    """
    for detection in detections:
        if warn is not None:
            for fault in faults(detection):
                warn(f"{detection.name}: {fault}")
        if draw is not None and detection.error is None:
            draw_in(draw, detection, image_of(detection.name), s3)
        if file is not None:
            file.write(detection)
        yield detection

"""Detections of a run as they come: faults told, images drawn, all of it in a file that a later run goes on with."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customlabels.pipelines.service.detection import Detection, Shown
    from customlabels.pipelines.service.detection_files import DetectionFile
    from customlabels.session.session import Session


def faults(detection: "Detection") -> list[str]:
    """Why the version, or an analyzer, could not look."""
    beside = (detection.beside or {}).items()
    own = [detection.error] if detection.error else []
    return own + [f"{name}: {found['refusal']}" for name, found in beside if found["refusal"] is not None]


def written(
    session: "Session",
    detections: "Iterable[Detection]",
    *,
    file: "DetectionFile | None",
    draw: Path | None,
    image_of: "Callable[[str], Shown]",
    warns: bool,
) -> "Iterator[Detection]":
    """Each detection once it is drawn and on disk.

    Parameters
    ----------
    draw : a folder for the images with what was seen
    image_of : called once with the name of each that is drawn
    warns : whether what could not be looked at is told; else whoever takes the detections shows that
    """
    from customlabels.pipelines.service.detection_drawing import draw_in

    for detection in detections:
        if warns:
            for fault in faults(detection):
                session.console.warn(f"{detection.name}: {fault}")
        if draw is not None and detection.error is None:
            draw_in(draw, detection, image_of(detection.name), session.clients.s3)
        if file is not None:
            file.write(detection)
        yield detection

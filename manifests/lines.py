"""Manifest lines written: image-level labels, boxes, or both on one line."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from customlabels.core.files import written_aside
from customlabels.datasets.model import Box
from customlabels.datasets.videos.frame_names import Frame, frame_of

IMAGE_LEVEL = "groundtruth/image-classification"
BOXES = "groundtruth/object-detection"
MULTI_LABEL = "groundtruth/image-classification-multilabel"
"""What Ground Truth writes for a job with several labels an image; Custom Labels does not take it as it is."""

CREATION_DATE = "2000-01-01T00:00:00.000000"
"""What lines carry unless told otherwise: constant, so that the same input gives the same bytes."""

BOX_ATTRIBUTE = "boxes"
_JOB = "customlabels"


def entry_line(
    source_ref: str,
    labels: tuple[str, ...],
    boxes: Sequence[Box] | None = None,
    size: tuple[int, int, int] | None = None,
    *,
    class_ids: Mapping[str, int] | None = None,
    job: str = _JOB,
) -> bytes:
    """The line of one image, ending in a newline; neither labels nor boxes give an unlabelled line.

    Each label gets an attribute of its own, label_0, label_1 ...: a label's text is never a key, so that none
    can clash with another key of the line. The metadata of a frame's attributes says of which video it is, and when.

    Parameters
    ----------
    source_ref : s3://bucket/key, the key as it is
    boxes : None where nobody looked; without any, the line says that nothing is on the image
    size : width, height and channels of the image in pixels; needed for boxes
    class_ids : the number of each box's label; where it is None, they count by their order on this image

    Source: Custom Labels developer guide, md-create-manifest-file-classification.md and -object-detection.md.
    """
    line = b'{"source-ref":' + orjson.dumps(source_ref)
    frame = frame_of(source_ref)
    image_level = _image_level(labels, job, frame)
    if boxes is None:
        return line + image_level
    if size is None:
        raise ValueError(f"{source_ref}: boxes need the image's size")
    return line + image_level[:-2] + b"," + orjson.dumps(_located(boxes, size, class_ids, job, frame))[1:] + b"\n"


@lru_cache(maxsize=4096)
def _image_level(labels: tuple[str, ...], job: str, frame: Frame | None = None) -> bytes:
    """The rest of the line of an image with these labels: many images have the same."""
    attributes: dict[str, object] = {}
    for number, label in enumerate(labels):
        attributes[f"label_{number}"] = number
        about = {"class-name": label, "confidence": 1, **_metadata(IMAGE_LEVEL, job, frame)}
        attributes[f"label_{number}-metadata"] = about
    return (b"," + orjson.dumps(attributes)[1:] if attributes else b"}") + b"\n"


def _located(
    boxes: Sequence[Box], size: tuple[int, int, int], class_ids: Mapping[str, int] | None, job: str, frame: Frame | None
) -> dict[str, object]:
    width, height, depth = size
    if class_ids is None:
        class_ids = {label: class_id for class_id, label in enumerate(dict.fromkeys(box.label for box in boxes))}
    annotations, classes = [], {}
    for box in boxes:
        number = class_ids[box.label]
        classes[number] = box.label
        # Edges are rounded, not sizes: two boxes that meet still do.
        left, top = round(box.left), round(box.top)
        right, bottom = round(box.left + box.width), round(box.top + box.height)
        across, down = right - left, bottom - top
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
            across, down = min(max(across, 1), width - left), min(max(down, 1), height - top)
        annotations.append({"class_id": number, "left": left, "top": top, "width": across, "height": down})
    return {
        BOX_ATTRIBUTE: {
            "image_size": [{"width": width, "height": height, "depth": depth}],
            "annotations": annotations,
        },
        f"{BOX_ATTRIBUTE}-metadata": {
            "objects": [{"confidence": 1}] * len(boxes),
            "class-map": {str(number): classes[number] for number in sorted(classes)},
            **_metadata(BOXES, job, frame),
        },
    }


def metadata(kind: str, job: str = _JOB) -> dict[str, Any]:
    """What every attribute's metadata has."""
    return {
        "type": kind,
        "human-annotated": "yes",
        "creation-date": CREATION_DATE,
        "job-name": f"labeling-job/{job}",
    }


def _metadata(kind: str, job: str, frame: Frame | None) -> dict[str, Any]:
    """As `metadata`, with the video and the time of a frame."""
    if frame is None:
        return metadata(kind, job)
    video = {"video": frame.title, "video-fingerprint": frame.video, "video-seconds": frame.seconds}
    return metadata(kind, job) | video


def write_manifest(path: Path, lines: Iterable[bytes]) -> int:
    """Writes lines as they come; the number of them.

    Nothing is left at `path` when `lines` raises on the way.
    """
    count = 0
    with written_aside(path) as file:
        write = file.write
        for line in lines:
            write(line)
            count += 1
    return count

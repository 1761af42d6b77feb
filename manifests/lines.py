"""Manifest lines written: image-level labels."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson

from customlabels.core.files import written_aside
from customlabels.core.s3 import S3Address

IMAGE_LEVEL = "groundtruth/image-classification"
BOXES = "groundtruth/object-detection"

CREATION_DATE = "2000-01-01T00:00:00.000000"
"""What lines carry unless told otherwise: constant, so that the same input gives the same bytes."""


def image_level_line(
    image: S3Address, labels: Sequence[str], *, creation_date: str = CREATION_DATE, job: str = "customlabels"
) -> bytes:
    """The line of one image, ending in a newline; no label gives an unlabelled line.

    Each label gets an attribute of its own, label_0, label_1 ...: a label's text is never a key, so that none
    can clash with another key of the line.

    Source: Custom Labels developer guide, md-create-manifest-file-classification.md.
    """
    line: dict[str, object] = {"source-ref": str(image)}
    for place, label in enumerate(labels):
        line[f"label_{place}"] = place
        line[f"label_{place}-metadata"] = {
            "class-name": label,
            "confidence": 1,
            "type": IMAGE_LEVEL,
            "human-annotated": "yes",
            "creation-date": creation_date,
            "job-name": f"labeling-job/{job}",
        }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def write_manifest(path: Path, images: Iterable[tuple[S3Address, Sequence[str]]]) -> int:
    """Writes a line for each (image, labels) as they come; the number of lines.

    Nothing is left at `path` when `images` raises on the way.
    """
    count = 0
    with written_aside(path) as file:
        for image, labels in images:
            file.write(image_level_line(image, labels))
            count += 1
    return count

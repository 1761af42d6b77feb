"""Ground Truth's manifests: what a labelling job made of its workers' answers, as the answer of that job."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from customlabels.datasets.layout import Annotated, Options
from customlabels.manifests import layout
from customlabels.manifests.files import manifest_lines
from customlabels.review.answers import Answer, Region, read_region
from customlabels.review.reading.given import NOT_PICKED, Given, Matching

TOOL = "ground-truth"


def recognises(file: Path) -> bool:
    return layout.recognises(file, Options())


def read(file: Path, matching: Matching, nothing: frozenset[str], given: Given) -> None:
    """Adds an answer a line.

    Raises
    ------
    LayoutError, ManifestError : it cannot be read
    """
    about = {number: _about(line) for number, line in enumerate(manifest_lines(file), 1)}
    read_ = layout.read(file, Options())
    for annotated in read_.images:
        if annotated.faults:
            for fault in annotated.faults:
                given.leave_out(fault.name, fault.message)
            continue
        image = matching.image([annotated.name])
        if image is None:
            given.leave_out(annotated.where, NOT_PICKED, fatal=False)
            continue
        if not annotated.labels and annotated.boxes is None:
            given.leave_out(annotated.where, "has no label", fatal=False)
            continue
        at, job = about[int(annotated.where.rpartition(" ")[2])]
        labels = tuple(label for label in annotated.labels if label not in nothing)
        try:
            boxes = None if annotated.boxes is None else _regions(annotated)
            given.add(Answer(image, job, at, labels, boxes, tool=TOOL))
        except ValueError as error:
            given.leave_out(annotated.where, str(error))
    given.findings += read_.findings


def _regions(annotated: Annotated) -> tuple[Region, ...]:
    width, height = annotated.size or (0, 0)
    if not width or not height:
        raise ValueError("its boxes are of an image of an unknown size")
    return tuple(
        read_region(
            {"label": box.label, "left": box.left / width, "top": box.top / height,
             "width": box.width / width, "height": box.height / height}
        )
        for box in annotated.boxes or ()
    )  # fmt: skip


def _about(line: bytes) -> tuple[datetime, str]:
    """When the latest job of a line was, and its name."""
    latest, job = datetime.min.replace(tzinfo=UTC), TOOL
    try:
        document: Any = json.loads(line)
        for name, value in document.items():
            if name.endswith("-metadata") and isinstance(value, dict) and "creation-date" in value:
                at = datetime.fromisoformat(str(value["creation-date"]))
                at = at if at.tzinfo else at.replace(tzinfo=UTC)
                if at >= latest:
                    latest, job = at, str(value.get("job-name") or TOOL).removeprefix("labeling-job/")
    except (ValueError, AttributeError, RecursionError):
        # Whatever is wrong with the line is told by what reads its labels.
        return latest, job
    return latest, job

"""Label Studio's JSON exports: every annotation of a task is an answer, of whoever completed it.

Source: https://labelstud.io/guide/task_format
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from customlabels.datasets.formats.label_studio_regions import Result, marks_of
from customlabels.review.answers import Answer, Region, read_region
from customlabels.review.reading.given import NOT_PICKED, Given, Matching, texts

TOOL = "label-studio"


class _Annotation(msgspec.Struct):
    result: list[Result]
    completed_by: Any = None
    was_cancelled: bool | None = None
    updated_at: str | None = None
    created_at: str | None = None
    lead_time: float | None = None


class _Task(msgspec.Struct):
    data: dict[str, Any]
    annotations: list[_Annotation]
    id: int | str = "?"
    file_upload: str | None = None


def recognises(beginning: bytes) -> bool:
    return beginning.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"[") and b'"annotations"' in beginning


def read(body: bytes, where: str, matching: Matching, nothing: frozenset[str], given: Given, *, boxes: bool) -> None:
    """Adds the answers of an export.

    Parameters
    ----------
    boxes : whether people were asked for boxes, so that an annotation without any says that there are none

    Raises
    ------
    ValueError : it is no such export
    """
    try:
        tasks = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"), type=list[_Task])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"no JSON export of Label Studio: {error}") from error
    for task in tasks:
        at = f"{where}, task {task.id}"
        image = matching.image([*texts(task.data), *([task.file_upload] if task.file_upload else ())])
        if image is None:
            given.leave_out(at, NOT_PICKED, fatal=False)
            continue
        if not task.annotations:
            given.leave_out(at, "has no answer yet", fatal=False)
        for number, annotation in enumerate(task.annotations, 1):
            try:
                given.add(_answer(annotation, image, nothing, boxes=boxes))
            except ValueError as error:
                given.leave_out(f"{at}, annotation {number}", str(error))


def _answer(annotation: _Annotation, image: str, nothing: frozenset[str], *, boxes: bool) -> Answer:
    """
    Raises
    ------
    ValueError : what is wrong with it
    """
    marks = marks_of(annotation.result, "out")
    if marks.faults:
        raise ValueError("; ".join(marks.faults))
    if marks.left_out and not marks.labels and not marks.boxes:
        raise ValueError(f"holds nothing but {', '.join(dict.fromkeys(marks.left_out))}")
    person = annotation.completed_by
    if isinstance(person, dict):
        person = person.get("email") or person.get("id")
    text = annotation.updated_at or annotation.created_at
    if not text:
        raise ValueError("does not say when it was made")
    at = datetime.fromisoformat(text)
    regions = tuple(
        read_region(dict(zip(Region._fields, (box.label, box.left, box.top, box.width, box.height), strict=True)))
        for box in marks.boxes
    )
    unsure = bool(annotation.was_cancelled)
    return Answer(
        image=image,
        person=f"label-studio {person}" if isinstance(person, int) else str(person or "label-studio"),
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        labels=() if unsure else tuple(dict.fromkeys(label for label in marks.labels if label not in nothing)),
        boxes=None if not (boxes or regions) else () if unsure else regions,
        unsure=unsure,
        seconds=annotation.lead_time,
        tool=TOOL,
    )

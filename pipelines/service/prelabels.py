"""What a model sees, written as labels that nobody confirmed yet: COCO, a manifest, or Label Studio's tasks.

Confidences are kept: COCO's `score`, a manifest's `confidence` beside `human-annotated: no`, `score` of a prediction.
Sources: COCO data format, "Results format"; Custom Labels developer guide, md-create-manifest-file; Label Studio guide,
"Import pre-annotated data".
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from customlabels.core.addresses import S3Address
from customlabels.datasets.limits import MAX_BOXES, MAX_LABELS
from customlabels.datasets.model import Box, Finding, ImageInfo
from customlabels.manifests.layout import BUCKET
from customlabels.manifests.lines import BOX_ATTRIBUTE, entry_line
from customlabels.pipelines.service.detection import DetectedLabel


@dataclass(frozen=True, slots=True)
class Prelabelled:
    """An image and what a model sees in it.

    Parameters
    ----------
    address : in S3; None of a file
    """

    name: str
    address: S3Address | None
    info: ImageInfo
    labels: tuple[DetectedLabel, ...]


def as_coco(images: Sequence[Prelabelled], by: str) -> bytes:
    """COCO JSON: an annotation a label, with a box where the model locates it."""
    names = sorted({label.label for image in images for label in image.labels})
    numbers = {label: number for number, label in enumerate(names)}
    annotations: list[dict[str, Any]] = []
    for number, image in enumerate(images, 1):
        for label in image.labels:
            mark: dict[str, Any] = {"category_id": numbers[label.label], "score": _part(label)}
            if label.box is not None:
                box = in_pixels(label, image.info)
                mark |= {
                    "bbox": [box.left, box.top, box.width, box.height],
                    "area": box.width * box.height,
                    "iscrowd": 0,
                }
            annotations.append({"id": len(annotations) + 1, "image_id": number, **mark})
    return orjson.dumps(
        {
            "info": {"description": f"Seen by {by}; confirmed by nobody"},
            "images": [
                {"id": number, "file_name": image.name, "width": image.info.width, "height": image.info.height}
                | ({"coco_url": str(image.address)} if image.address else {})
                for number, image in enumerate(images, 1)
            ],
            "annotations": annotations,
            "categories": [{"id": number, "name": label} for label, number in numbers.items()],
        }
    )


def as_manifest(images: Sequence[Prelabelled], by: str) -> bytes:
    """A Ground Truth manifest; what its lines hold was annotated by no human."""
    located = any(label.box for image in images for label in image.labels)
    names = sorted({label.label for image in images for label in image.labels if label.box})
    class_ids = {label: number for number, label in enumerate(names)}
    return b"".join(_entry(image, by, class_ids if located else None) for image in images)


def _entry(image: Prelabelled, by: str, class_ids: dict[str, int] | None) -> bytes:
    whole, boxed = _kinds(image)
    line = orjson.loads(
        entry_line(
            str(image.address or S3Address(BUCKET, image.name)),
            tuple(label.label for label in whole),
            None if class_ids is None else [in_pixels(label, image.info) for label in boxed],
            (image.info.width, image.info.height, image.info.channels),
            class_ids=class_ids,
            job=by,
        )
    )
    for number, label in enumerate(whole):
        line[f"label_{number}-metadata"] |= {"confidence": _part(label), "human-annotated": "no"}
    if class_ids is not None:
        objects = [{"confidence": _part(label)} for label in boxed]
        line[f"{BOX_ATTRIBUTE}-metadata"] |= {"objects": objects, "human-annotated": "no"}
    return orjson.dumps(line) + b"\n"


def as_tasks(images: Sequence[Prelabelled], by: str) -> bytes:
    """Label Studio's tasks, each with a prediction."""
    return orjson.dumps(
        [
            {
                "data": {"image": str(image.address or f"/data/local-files/?d={quote(image.name)}")},
                "annotations": [],
                "predictions": [prediction(image.labels, image.info, by)],
            }
            for image in images
        ]
    )


def prediction(labels: Iterable[DetectedLabel], info: ImageInfo, by: str) -> dict[str, Any]:
    """What a model sees, as Label Studio shows it: boxes of the control `label`, choices of `choice`, in percent."""
    several = list(labels)
    shared = {"to_name": "image", "original_width": info.width, "original_height": info.height}
    result: list[dict[str, Any]] = []
    whole = [label for label in several if label.box is None]
    if whole:
        choices = list(dict.fromkeys(label.label for label in whole))
        score = max(map(_part, whole))
        result.append(
            {"type": "choices", "from_name": "choice", "value": {"choices": choices}, "score": score, **shared}
        )
    for label in several:
        if label.box is not None:
            left, top, width, height = label.box
            value = {
                "x": 100 * left,
                "y": 100 * top,
                "width": 100 * width,
                "height": 100 * height,
                "rotation": 0,
                "rectanglelabels": [label.label],
            }
            result.append(
                {"type": "rectanglelabels", "from_name": "label", "value": value, "score": _part(label), **shared}
            )
    return {"model_version": by, "score": max(map(_part, several), default=0.0), "result": result}


KINDS: dict[str, tuple[str, Callable[[Sequence[Prelabelled], str], bytes]]] = {
    "coco": ("annotations/instances.json", as_coco),
    "manifest": ("images.manifest", as_manifest),
    "label-studio": ("tasks.json", as_tasks),
}
"""Where in its folder each format lies, as those that are converted do, and what writes it."""


def too_many(image: Prelabelled) -> Iterator[Finding]:
    """What a manifest leaves out of an image, since the service takes no more.

    Source: Custom Labels developer guide, "Guidelines and quotas".
    """
    whole, boxed = _all_kinds(image)
    for several, most, what in ((whole, MAX_LABELS, "labels"), (boxed, MAX_BOXES, "boxes")):
        if len(several) > most:
            yield Finding(image.name, f"{len(several)} {what}; the surest {most} are kept", fatal=False)


def in_pixels(label: DetectedLabel, info: ImageInfo) -> Box:
    """The box of a label that has one, cut at the image's edge."""
    left, top, width, height = label.box or (0.0, 0.0, 1.0, 1.0)
    right, bottom = min(left + width, 1.0), min(top + height, 1.0)
    left, top = max(left, 0.0), max(top, 0.0)
    return Box(
        label.label, left * info.width, top * info.height, (right - left) * info.width, (bottom - top) * info.height
    )


def _kinds(image: Prelabelled) -> tuple[list[DetectedLabel], list[DetectedLabel]]:
    """Labels of the image as a whole, each once, and of its boxes, as many as the service takes."""
    whole, boxed = _all_kinds(image)
    return whole[:MAX_LABELS], boxed[:MAX_BOXES]


def _all_kinds(image: Prelabelled) -> tuple[list[DetectedLabel], list[DetectedLabel]]:
    whole: dict[str, DetectedLabel] = {}
    ordered = sorted(image.labels, key=lambda label: -label.confidence)
    for label in ordered:
        if label.box is None:
            whole.setdefault(label.label, label)
    return list(whole.values()), [label for label in ordered if label.box is not None]


def _part(label: DetectedLabel) -> float:
    """The confidence in 0..1."""
    return round(label.confidence / 100, 6)

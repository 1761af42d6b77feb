"""Vertex AI's import files: a JSON object a line, labels or boxes as fractions, the part of the split in its labels.

Source: https://cloud.google.com/vertex-ai/docs/image-data/object-detection/prepare-data and .../classification/…
A number that is left out is 0, as in all JSON that is made of protocol buffers.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from customlabels.core.files import written_aside
from customlabels.datasets.formats.documents import (
    Document,
    first_object,
    looks_like,
    numbers,
    objects,
    read_files,
)
from customlabels.datasets.layout import SUBSETS, Annotated, Format, Layout, Options, below_images
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord, Side

FILE = "import.jsonl"
_WHAT = "Vertex AI import file"
_ENDINGS = (".jsonl", ".json", ".ndjson")
_USE = "aiplatform.googleapis.com/ml_use"
_CLASSES = ("classificationAnnotation", "classificationAnnotations")
_BOXES = "boundingBoxAnnotations"
_CORNERS = ("xMin", "yMin", "xMax", "yMax")


def recognises(source: Path, _: Options) -> bool:
    return looks_like(source, _ENDINGS, _is_one)


def _is_one(file: Path) -> bool:
    return "imageGcsUri" in first_object(file)


def read(source: Path, options: Options) -> Layout:
    """The images of a file; gs:// addresses are found by their end below its folder.

    Raises
    ------
    LayoutError : there is no such file
    """
    return read_files(source, options, _ENDINGS, _is_one, _WHAT, _images)


def _images(file: Path, name: str, subset: str | None, findings: list[Finding]) -> Iterator[Annotated]:
    for number, document in objects(file, _WHAT):
        where = f"{name}, line {number}"
        image = None if isinstance(document, str) else document.get("imageGcsUri")
        if isinstance(document, str) or not isinstance(image, str) or not image:
            message = document if isinstance(document, str) else "has no imageGcsUri"
            findings.append(Finding(where, message, fatal=True))
        else:
            yield _image(document, image, where, subset)


def _image(document: Document, name: str, where: str, subset: str | None) -> Annotated:
    faults: list[Finding] = []

    def fault(number: int, error: ValueError) -> None:
        faults.append(Finding(f"{where}, annotation {number}", f"{name}: {error}", fatal=True))

    labels, boxes, left_out = [], [], []
    for key, value in document.items():
        annotations = value if isinstance(value, list) else [value]
        for number, annotation in enumerate(annotations, 1):
            try:
                if key in _CLASSES:
                    labels.append(_label(annotation))
                elif key == _BOXES:
                    boxes.append(_box(annotation))
                elif key.lower().endswith(("annotation", "annotations")):
                    left_out.append(f"{key.removesuffix('s').removesuffix('Annotation')} annotations")
            except ValueError as error:
                fault(number, error)
    try:
        subset = _use(document) or subset
    except ValueError as error:
        fault(0, error)
    return Annotated(
        name,
        where,
        tuple(dict.fromkeys(labels)),
        tuple(boxes) if _BOXES in document else None,
        relative=True,
        subset=subset,
        faults=tuple(faults),
        left_out=tuple(left_out),
    )


def _use(document: Document) -> str | None:
    """The part of the split in the labels of an item."""
    labels = document.get("dataItemResourceLabels")
    use = labels.get(_USE, labels.get("ml_use")) if isinstance(labels, dict) else None
    if use is None or use == "unassigned":
        return None
    if not isinstance(use, str) or use.lower() not in SUBSETS:
        raise ValueError(f"ml_use {use!r} is no part of a split; it takes training, validation or test")
    return SUBSETS[use.lower()]


def _label(annotation: object) -> str:
    label = annotation.get("displayName") if isinstance(annotation, dict) else None
    if not isinstance(label, str) or not label:
        raise ValueError("has no displayName")
    return label


def _box(annotation: object) -> Box:
    document = annotation if isinstance(annotation, dict) else {}
    label = _label(document)
    left, top, right, bottom = numbers(dict.fromkeys(_CORNERS, 0) | document, _CORNERS)
    return Box(label, left, top, right - left, bottom - top)


def place(record: ImageRecord) -> str:
    return below_images(record)


def save(dataset: Dataset) -> None:
    """Writes import.jsonl, whose addresses are names below the folder: put gs://bucket/ before them to import it."""
    use = {Side.TRAIN: "training", Side.TEST: "test", None: None}
    with written_aside(dataset.root / FILE) as file:
        for record in dataset.records:
            line: Document = {"imageGcsUri": record.name}
            if record.labels:
                line["classificationAnnotations"] = [{"displayName": label} for label in record.labels]
            if record.boxes is not None:
                line[_BOXES] = [_fractions(box, record) for box in record.boxes]
            if record.side:
                line["dataItemResourceLabels"] = {_USE: use[record.side]}
            file.write(msgspec.json.encode(line) + b"\n")


def _fractions(box: Box, record: ImageRecord) -> dict[str, object]:
    left, top, right, bottom = box.corners
    width, height = record.info.width, record.info.height
    corners = (left / width, top / height, right / width, bottom / height)
    return {"displayName": box.label, **dict(zip(_CORNERS, corners, strict=True))}


FORMAT = Format("vertex", "Vertex AI's JSON lines", recognises, read, place, save, tells=True)

"""CreateML JSON: an array of images, each with labels, or with boxes by their centre, in pixels.

Source: https://developer.apple.com/documentation/createml/building-an-object-detector-data-source
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from customlabels.core.files import written_aside
from customlabels.datasets.formats.csv_names import LABEL_NAMES, plain_name
from customlabels.datasets.formats.documents import (
    Document,
    below,
    first_object,
    looks_like,
    numbers,
    objects,
    read_files,
)
from customlabels.datasets.layout import Annotated, Format, Layout, Options, below_side
from customlabels.datasets.model import Box, Dataset, Finding, Side

FILE = "_annotations.createml.json"
"""As Roboflow calls it, in the folder of each side."""

_WHAT = "CreateML JSON"
_ENDINGS = (".json",)
_IMAGES, _ANNOTATIONS = ("image", "imagefilename"), ("annotations", "annotation")
_ABOUT = {"verified", "checksum", "width", "height", "id"}
"""What a file says of an image beside what is on it."""

_MARKS = {*LABEL_NAMES, "annotation", "annotations", "objects", "boxes"}
_SIZES = ("x", "y", "width", "height")


def recognises(source: Path, _: Options) -> bool:
    return looks_like(source, _ENDINGS, _is_one)


def _is_one(file: Path) -> bool:
    document = first_object(file)
    marked = _first(document, _ANNOTATIONS)
    named = isinstance(_first(document, _IMAGES), str)
    return named and (isinstance(marked, str) or (isinstance(marked, list) and all(map(_is_annotation, marked))))


def _is_of_image(file: Path) -> bool:
    """Whether a file is called as the first image that it names, as LabelImg calls it."""
    image = _first(first_object(file), _IMAGES)
    return isinstance(image, str) and PurePosixPath(image).stem == file.stem


def _first(document: Document, keys: tuple[str, ...]) -> Any:
    return next((document[key] for key in keys if key in document), None)


def _is_annotation(annotation: object) -> bool:
    return isinstance(annotation, str) or (isinstance(annotation, dict) and "label" in annotation)


def read(source: Path, options: Options) -> Layout:
    """The images of a file, or of the files of a folder, one a side, or one an image as LabelImg writes them.

    Raises
    ------
    LayoutError : there is no such file, or it is no JSON
    """
    return read_files(source, options, _ENDINGS, _is_one, _WHAT, _images, is_of_image=_is_of_image)


def _images(file: Path, name: str, subset: str | None, findings: list[Finding]) -> Iterator[Annotated]:
    for number, document in objects(file, _WHAT):
        where = f"{name}, image {number}"
        image = None if isinstance(document, str) else _first(document, _IMAGES)
        if isinstance(document, str) or not isinstance(image, str) or not image:
            message = document if isinstance(document, str) else "names no image"
            findings.append(Finding(where, message, fatal=True))
        else:
            yield _image(document, below(image, name), where, subset)


def _image(document: Document, name: str, where: str, subset: str | None) -> Annotated:
    marked = _first(document, _ANNOTATIONS)
    if isinstance(marked, str) and (marked or not _unread(document)):
        return Annotated(name, where, (marked,) if marked else (), subset=subset)
    labels: list[str] = []
    boxes, faults = [], []
    if not marked and (others := _unread(document)):
        listed = ", ".join(map(repr, others))
        faults.append(Finding(where, f"{name}: has no annotations, and {listed} is not read", fatal=True))
    elif marked is not None and not isinstance(marked, list):
        faults.append(Finding(where, f"{name}: its annotations are no list", fatal=True))
    for number, annotation in enumerate(marked if isinstance(marked, list) else [], 1):
        try:
            label, box = _annotation(annotation)
        except ValueError as error:
            faults.append(Finding(f"{where}, annotation {number}", f"{name}: {error}", fatal=True))
            continue
        if box is None:
            labels.append(label)
        else:
            boxes.append(box)
    located = None if labels and not boxes else tuple(boxes)
    return Annotated(name, where, tuple(dict.fromkeys(labels)), located, subset=subset, faults=tuple(faults))


def _unread(document: Document) -> list[str]:
    """Keys that say something, and that are not read."""
    known = {next(key for key in _IMAGES if key in document), *_ABOUT}
    known.add(next((key for key in _ANNOTATIONS if key in document), ""))
    said = isinstance(_first(document, _ANNOTATIONS), list)
    others = [key for key, value in document.items() if key not in known and value]
    return [key for key in others if not said or plain_name(key) in _MARKS]


def _annotation(annotation: object) -> tuple[str, Box | None]:
    """A label, and its box where it has one."""
    if isinstance(annotation, str) and annotation:
        return annotation, None
    if not isinstance(annotation, dict) or not isinstance(annotation.get("label"), str) or not annotation["label"]:
        raise ValueError("has no label")
    label = annotation["label"]
    if annotation.get("coordinates") is None:
        return label, None
    across, down, width, height = numbers(annotation["coordinates"], _SIZES)
    return label, Box(label, across - width / 2, down - height / 2, width, height)


def save(dataset: Dataset) -> None:
    """Writes _annotations.createml.json, one a side where there are sides."""
    for side in (None, *Side):
        records = [record for record in dataset.records if record.side is side]
        if not records:
            continue
        folder = f"{side.value}/" if side else ""
        document = [
            {
                "image": record.name.removeprefix(folder),
                "annotations": [{"label": label} for label in record.labels]
                + [{"label": box.label, "coordinates": _centred(box)} for box in record.boxes or ()],
            }
            for record in records
        ]
        with written_aside(dataset.root / folder / FILE) as file:
            file.write(msgspec.json.format(msgspec.json.encode(document), indent=1))


def _centred(box: Box) -> dict[str, float]:
    centre = (box.left + box.width / 2, box.top + box.height / 2)
    return dict(zip(_SIZES, (*centre, box.width, box.height), strict=True))


FORMAT = Format("createml", "CreateML JSON", recognises, read, below_side, save, tells=True)

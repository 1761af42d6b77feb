"""CVAT for images 1.1: one XML file for all images.

Rectangles, and the rectangles around polygons, ellipses, turned boxes and masks; tags are labels of the whole image.
Lines are left out unless `Options.lines` asks for the rectangles around them; points, cuboids and skeletons always are.
Source: https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/
"""

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.boxes import around_turned
from customlabels.datasets.files import read_bounded
from customlabels.datasets.formats.xml import number, parse
from customlabels.datasets.layout import (
    ELSEWHERE,
    Annotated,
    Format,
    Layout,
    Options,
    below_images,
    part_named,
    rectangle,
    unconfirmed,
)
from customlabels.datasets.model import Box, Dataset, Finding

FILE = "annotations.xml"
_MAX_BYTES = 500_000_000
_LINE = "polyline"
_SHAPES = {"box", "polygon", "ellipse", "mask", "tag"}
_LEFT_OUT = {_LINE: "lines", "points": "points", "cuboid": "cuboids", "skeleton": "skeletons"}


def recognises(source: Path, _: Options) -> bool:
    path = source / FILE if source.is_dir() else source
    if path.suffix.lower() != ".xml" or not path.is_file():
        return False
    with path.open("rb") as file:
        return b"<annotations" in file.read(4096)


def read(source: Path, options: Options) -> Layout:
    """The images of a CVAT file, or of annotations.xml in a folder.

    Raises
    ------
    LayoutError : it cannot be read, or is no such file
    """
    path = source / FILE if source.is_dir() else source
    try:
        document = parse(read_bounded(path, _MAX_BYTES))
    except ValueError as error:
        raise LayoutError(f"{path}: {error}") from error
    if document.tag != "annotations":
        raise LayoutError(f"{path}: no CVAT file: its root is <{document.tag}>")
    if document.find("track") is not None:
        raise LayoutError(f"{path}: holds tracks of a video", hint="export it as 'CVAT for images 1.1'")
    layout = Layout((options.images or path.parent).resolve(), (), files={path.name})
    layout.images = _images(path.name, document, options.lines)
    automatic = sum(shape.get("source") == "auto" for image in document.iter("image") for shape in image)
    layout.findings += unconfirmed(path.name, automatic, "whose source is auto")
    return layout


def _images(file: str, document: ElementTree.Element, lines: str) -> Iterator[Annotated]:
    taken = _SHAPES | {_LINE} if lines == "boxes" else _SHAPES
    for image in document.iter("image"):
        name = image.get("name", "")
        where = f"{file}, image {image.get('id', '?')}"
        labels: list[str] = []
        boxes: list[Box] = []
        faults: list[Finding] = []
        left_out: list[str] = []
        for shape in image:
            if shape.tag not in taken:
                left_out.append(_LEFT_OUT.get(shape.tag, f"shapes of kind {shape.tag}"))
                continue
            try:
                label = shape.get("label", "").strip()
                if not label:
                    raise ValueError("has no label")
                if shape.tag == "tag":
                    labels.append(label)
                else:
                    boxes.append(_box(shape, label))
            except ValueError as error:
                faults.append(Finding(where, f"{name}: a {shape.tag} {error}", fatal=True))
        subset = None
        try:
            subset = part_named(image.get("subset", ""))
        except ValueError as error:
            faults.append(Finding(where, f"{name}: subset {error}", fatal=True))
        yield Annotated(
            name,
            where,
            tuple(dict.fromkeys(labels)),
            tuple(boxes) if boxes or not labels else None,
            size=_size(image),
            subset=subset,
            faults=tuple(faults),
            left_out=tuple(left_out),
        )


def _size(image: ElementTree.Element) -> tuple[int, int] | None:
    try:
        return int(number(image.get("width"))), int(number(image.get("height")))
    except ValueError:
        return None


def _box(shape: ElementTree.Element, label: str) -> Box:
    if shape.tag in ("polygon", _LINE):
        least = 3 if shape.tag == "polygon" else 2
        points = [tuple(map(number, point.split(","))) for point in shape.get("points", "").split(";") if point]
        if len(points) < least or any(len(point) != 2 for point in points):
            raise ValueError(f"has to have {least} points")
        return rectangle(label, [(point[0], point[1]) for point in points])
    if shape.tag == "mask":
        return Box(label, *(number(shape.get(key)) for key in ("left", "top", "width", "height")))
    turn = math.radians(number(shape.get("rotation", "0")))
    if shape.tag == "ellipse":
        across, down, wide, high = (number(shape.get(key)) for key in ("cx", "cy", "rx", "ry"))
        reach = math.hypot(wide * math.cos(turn), high * math.sin(turn)) if turn else wide
        rise = math.hypot(wide * math.sin(turn), high * math.cos(turn)) if turn else high
        return Box(label, across - reach, down - rise, 2 * reach, 2 * rise)
    left, top, right, bottom = (number(shape.get(key)) for key in ("xtl", "ytl", "xbr", "ybr"))
    return around_turned(Box(label, left, top, right - left, bottom - top), math.degrees(turn))


def save(dataset: Dataset) -> None:
    """Writes annotations.xml."""
    document = ElementTree.Element("annotations")
    ElementTree.SubElement(document, "version").text = "1.1"
    for image_id, record in enumerate(dataset.records):
        info = record.info
        attributes = {"id": str(image_id), "name": record.name, "width": str(info.width), "height": str(info.height)}
        image = ElementTree.SubElement(
            document, "image", attributes | ({"subset": record.side.value} if record.side else {})
        )
        for label in record.labels:
            ElementTree.SubElement(image, "tag", {"label": label})
        for box in record.boxes or ():
            corners = zip(("xtl", "ytl", "xbr", "ybr"), (f"{value:.12g}" for value in box.corners), strict=True)
            ElementTree.SubElement(image, "box", {"label": box.label, **dict(corners)})
    with written_aside(dataset.root / FILE) as file:
        ElementTree.ElementTree(document).write(file, encoding="utf-8", xml_declaration=True)


FORMAT = Format(
    "cvat",
    "CVAT for images: one XML file",
    recognises,
    read,
    below_images,
    save,
    tells=True,
    takes=ELSEWHERE | {"lines"},
)

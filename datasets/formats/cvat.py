"""CVAT for images 1.1: one XML file for all images.

Rectangles, and the rectangles around polygons, turned boxes and masks; tags are labels of the whole image.
Source: https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/
"""

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import read_bounded
from customlabels.datasets.formats.xml import number, parse
from customlabels.datasets.layout import SUBSETS, Annotated, Format, Layout, Options, below_images, rectangle
from customlabels.datasets.model import Box, Dataset, Finding

FILE = "annotations.xml"
_MAX_BYTES = 500_000_000
_SHAPES = {"box", "polygon", "mask", "tag"}
_OTHERS = {"polyline", "points", "cuboid", "ellipse", "skeleton"}


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
    layout = Layout((options.images or path.parent).resolve(), ())
    layout.images = _images(path.name, document, layout.findings)
    return layout


def _images(file: str, document: ElementTree.Element, findings: list[Finding]) -> Iterator[Annotated]:
    others = 0
    for image in document.iter("image"):
        name = image.get("name", "")
        where = f"{file}, image {image.get('id', '?')}"
        labels: list[str] = []
        boxes: list[Box] = []
        for shape in image:
            others += shape.tag in _OTHERS
            if shape.tag not in _SHAPES:
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
                findings.append(Finding(where, f"{name}: a {shape.tag} {error}", fatal=True))
        try:
            size = (int(number(image.get("width"))), int(number(image.get("height"))))
        except ValueError:
            size = None
        subset = SUBSETS.get(image.get("subset", "").lower())
        marked = tuple(boxes) if boxes or not labels else None
        yield Annotated(name, where, tuple(dict.fromkeys(labels)), marked, False, size, subset)
    if others:
        findings.append(Finding(file, f"{others} shapes that are neither box, polygon nor mask left out", fatal=False))


def _box(shape: ElementTree.Element, label: str) -> Box:
    if shape.tag == "polygon":
        points = [tuple(map(number, point.split(","))) for point in shape.get("points", "").split(";") if point]
        if len(points) < 3 or any(len(point) != 2 for point in points):
            raise ValueError("has to have three points")
        return rectangle(label, [(point[0], point[1]) for point in points])
    if shape.tag == "mask":
        return Box(label, *(number(shape.get(key)) for key in ("left", "top", "width", "height")))
    left, top, right, bottom = (number(shape.get(key)) for key in ("xtl", "ytl", "xbr", "ybr"))
    turned = math.radians(number(shape.get("rotation", "0")))
    if not turned:
        return Box(label, left, top, right - left, bottom - top)
    across, down, half_width, half_height = (
        (left + right) / 2,
        (top + bottom) / 2,
        (right - left) / 2,
        (bottom - top) / 2,
    )
    wide = abs(half_width * math.cos(turned)) + abs(half_height * math.sin(turned))
    high = abs(half_width * math.sin(turned)) + abs(half_height * math.cos(turned))
    return Box(label, across - wide, down - high, 2 * wide, 2 * high)


def save(dataset: Dataset) -> None:
    """Writes annotations.xml."""
    document = ElementTree.Element("annotations")
    ElementTree.SubElement(document, "version").text = "1.1"
    for place, record in enumerate(dataset.records):
        info = record.info
        attributes = {"id": str(place), "name": record.name, "width": str(info.width), "height": str(info.height)}
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


FORMAT = Format("cvat", "CVAT for images: one XML file", recognises, read, below_images, save)

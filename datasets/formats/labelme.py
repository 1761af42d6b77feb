"""Labelme: a JSON file beside each image.

Rectangles, and the rectangles around polygons and circles; flags that are set are labels of the whole image.
Source: https://github.com/wkentaro/labelme
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import folder_of, is_image, read_bounded, walk
from customlabels.datasets.layout import SUBSETS, Annotated, Format, Layout, Options, below_side, rectangle
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

_MAX_BYTES = 100_000_000
_AREAS = {"polygon", "rectangle", "circle", "mask", ""}


class _Shape(msgspec.Struct):
    label: str
    points: list[tuple[float, float]]
    shape_type: str = "polygon"


class _File(msgspec.Struct):
    shapes: list[_Shape]
    imagePath: str = ""  # noqa: N815 - the format's own name
    imageWidth: int | None = None  # noqa: N815 - the format's own name
    imageHeight: int | None = None  # noqa: N815 - the format's own name
    flags: dict[str, bool] | None = None


def recognises(source: Path, _: Options) -> bool:
    """A folder in which the first JSON file has shapes."""
    if not source.is_dir():
        return False
    first = next((name for name in walk(source) if name.endswith(".json")), None)
    if first is None:
        return False
    try:
        _decoded(source / first)
    except ValueError:
        return False
    return True


def read(source: Path, options: Options) -> Layout:
    """The images that the JSON files below `source` describe, and those without one as not yet annotated.

    Raises
    ------
    LayoutError : `source` is no folder
    """
    root = folder_of(source, "name the folder that holds the images and their JSON files")
    layout = Layout((options.images or root).resolve(), ())
    layout.images = _images(root, layout)
    return layout


def _images(root: Path, layout: Layout) -> Iterator[Annotated]:
    names = list(walk(root))
    described: set[str] = set()
    for name in names:
        if not name.endswith(".json"):
            continue
        try:
            image = _image(root, layout.root, name, layout.findings)
        except ValueError as error:
            layout.findings.append(Finding(name, str(error), fatal=True))
            described.add(name.removesuffix(".json"))
            continue
        described.add(str(PurePosixPath(image.name).with_suffix("")))
        yield image
    for name in names:
        if is_image(name) and str(PurePosixPath(name).with_suffix("")) not in described:
            yield Annotated(name, name, subset=_subset(name))


def _subset(name: str) -> str | None:
    return SUBSETS.get(name.partition("/")[0].lower()) if "/" in name else None


def _decoded(path: Path) -> _File:
    try:
        return msgspec.json.decode(read_bounded(path, _MAX_BYTES).removeprefix(b"\xef\xbb\xbf"), type=_File)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"no Labelme file: {error}") from error


def _image(root: Path, images: Path, name: str, findings: list[Finding]) -> Annotated:
    found = _decoded(root / name)
    boxes, others = [], 0
    for place, shape in enumerate(found.shapes, 1):
        if shape.shape_type not in _AREAS:
            others += 1
            continue
        try:
            boxes.append(_box(shape))
        except ValueError as error:
            findings.append(Finding(f"{name}, shape {place}", str(error), fatal=True))
    if others:
        findings.append(Finding(name, f"{others} lines and points left out", fatal=False))
    labels = tuple(label for label, there in (found.flags or {}).items() if there)
    size = (found.imageWidth, found.imageHeight) if found.imageWidth and found.imageHeight else None
    image = _image_name(name, found.imagePath, images)
    return Annotated(image, name, labels, tuple(boxes) if boxes or not labels else None, False, size, _subset(name))


def _image_name(name: str, path: str, images: Path) -> str:
    """The image beside the JSON file, by its name there, or by the file's own stem."""
    folder = PurePosixPath(name).parent
    own = (folder / PurePosixPath(path.replace("\\", "/")).name).as_posix()
    if path and (images / own).is_file():
        return own
    stem = name.removesuffix(".json")
    for ending in (".jpg", ".png", ".jpeg", ".JPG", ".PNG", ".JPEG"):
        if (images / f"{stem}{ending}").is_file():
            return f"{stem}{ending}"
    return own if path else stem


def _box(shape: _Shape) -> Box:
    label = shape.label.strip()
    if not label:
        raise ValueError("has no label")
    if len(shape.points) < 2:
        raise ValueError(f"a {shape.shape_type} of {len(shape.points)} points")
    if shape.shape_type == "circle":
        (across, down), (other_across, other_down) = shape.points[:2]
        radius = ((across - other_across) ** 2 + (down - other_down) ** 2) ** 0.5
        return Box(label, across - radius, down - radius, 2 * radius, 2 * radius)
    return rectangle(label, shape.points)


def place(record: ImageRecord) -> str:
    return below_side(record)


def save(dataset: Dataset) -> None:
    """Writes a JSON file beside each image that was annotated."""
    taken: dict[str, str] = {}
    for record in dataset.records:
        path = str(PurePosixPath(record.name).with_suffix(".json"))
        if path in taken:
            raise LayoutError(f"{record.name}: would share {path} with {taken[path]}")
        taken[path] = record.name
        if record.boxes is None and not record.labels:
            continue
        document = {
            "version": "5.0.0",
            "flags": dict.fromkeys(record.labels, True),
            "shapes": [_shape(box) for box in record.boxes or ()],
            "imagePath": PurePosixPath(record.name).name,
            "imageData": None,
            "imageHeight": record.info.height,
            "imageWidth": record.info.width,
        }
        with written_aside(dataset.root / path) as file:
            file.write(msgspec.json.format(msgspec.json.encode(document)))


def _shape(box: Box) -> dict[str, object]:
    left, top, right, bottom = box.corners
    points = [[left, top], [right, bottom]]
    return {"label": box.label, "points": points, "group_id": None, "shape_type": "rectangle", "flags": {}}


FORMAT = Format("labelme", "a Labelme JSON file beside each image", recognises, read, place, save)

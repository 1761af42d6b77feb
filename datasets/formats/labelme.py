"""Labelme and X-AnyLabeling: a JSON file beside each image.

Rectangles, and the rectangles around polygons, turned rectangles, circles and masks; flags that are set are labels of
the whole image. Lines are left out unless `Options.lines` asks for the rectangles around them; points always are.
Source: https://github.com/wkentaro/labelme and https://github.com/CVHub520/X-AnyLabeling
"""

import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import folder_of, is_image, read_bounded, walk
from customlabels.datasets.layout import (
    ELSEWHERE,
    Annotated,
    Format,
    Layout,
    Options,
    below_side,
    part_called,
    rectangle,
    unconfirmed,
)
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

_MAX_BYTES = 100_000_000
_PEEK = 1 << 16
_AREAS = {
    "polygon",
    "rectangle",
    "oriented_rectangle",
    "rotation",
    "quadrilateral",
    "circle",
    "mask",
    "",
    None,
}
"""Types of shapes that are areas; without one, a shape is a polygon."""

_LINES = {"line", "linestrip"}
_LEFT_OUT = {**dict.fromkeys(_LINES, "lines"), "point": "points", "points": "points"}


_NO_DATA = msgspec.Raw(b"null")


class _Shape(msgspec.Struct):
    label: str | int | float
    points: list[tuple[float, float]]
    shape_type: str | None = "polygon"
    score: msgspec.Raw = _NO_DATA


class _File(msgspec.Struct):
    shapes: list[_Shape]
    imagePath: str = ""  # noqa: N815 - the format's own name
    imageWidth: float | None = None  # noqa: N815 - the format's own name
    imageHeight: float | None = None  # noqa: N815 - the format's own name
    flags: dict[str, bool] | None = None
    imageData: msgspec.Raw = _NO_DATA  # noqa: N815 - the format's own name


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
    layout.images = _images(root, layout, options.lines)
    return layout


def _images(root: Path, layout: Layout, lines: str) -> Iterator[Annotated]:
    names = list(walk(root))
    stems = {_stem(name) for name in names if is_image(name)}
    described: set[str] = set()
    scored = 0
    for name in names:
        if not name.lower().endswith(".json"):
            continue
        try:
            document = _decoded(root / name)
            image = _image(document, layout.root, name, lines)
            scored += sum(bytes(shape.score) != b"null" for shape in document.shapes)
        except ValueError as error:
            if _stem(name) not in stems and not _has_shapes(root / name):
                continue
            fault = Finding(name, str(error), fatal=True)
            image = Annotated(_image_name(name, "", layout.root), name, subset=_subset(name), faults=(fault,))
        layout.files.add(name)
        described.add(_stem(image.name))
        yield image
    for name in names:
        if is_image(name) and _stem(name) not in described:
            yield Annotated(name, name, subset=_subset(name))
    layout.findings += unconfirmed("shapes", scored, "with a score")


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _has_shapes(path: Path) -> bool:
    with path.open("rb") as file:
        return b'"shapes"' in file.read(_PEEK)


def _subset(name: str) -> str | None:
    return part_called(*reversed(PurePosixPath(name).parts[:-1]))


def _decoded(path: Path) -> _File:
    try:
        return msgspec.json.decode(read_bounded(path, _MAX_BYTES).removeprefix(b"\xef\xbb\xbf"), type=_File)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"no Labelme file: {error}") from error


def _image(document: _File, images: Path, name: str, lines: str) -> Annotated:
    taken = _AREAS | _LINES if lines == "boxes" else _AREAS
    boxes: list[Box] = []
    faults: list[Finding] = []
    left_out: list[str] = []
    for number, shape in enumerate(document.shapes, 1):
        if shape.shape_type not in taken:
            left_out.append(_LEFT_OUT.get(shape.shape_type or "", f"shapes of type {shape.shape_type}"))
            continue
        try:
            boxes.append(_box(shape))
        except ValueError as error:
            faults.append(Finding(f"{name}, shape {number}", str(error), fatal=True))
    image = _image_name(name, document.imagePath, images)
    if len(bytes(document.imageData)) > len("null") and not (images / image).is_file():
        message = f"{image} is not there, only its pixels in the JSON file (imageData), which are not read"
        faults.append(Finding(name, message, fatal=True))
    labels = tuple(label for label, is_set in (document.flags or {}).items() if is_set)
    width, height = document.imageWidth, document.imageHeight
    return Annotated(
        image,
        name,
        labels,
        tuple(boxes) if boxes or not labels else None,
        size=(round(width), round(height)) if width and height else None,
        subset=_subset(name),
        faults=tuple(faults),
        left_out=tuple(left_out),
    )


def _image_name(name: str, path: str, images: Path) -> str:
    """The image that the JSON file's path leads to, the one of its name beside the file, or of the file's own stem."""
    folder = PurePosixPath(name).parent
    said = PurePosixPath(path.replace("\\", "/"))
    led = posixpath.normpath((folder / said).as_posix())
    inside = bool(path) and not said.is_absolute() and not led.startswith("..")
    own = (folder / said.name).as_posix()
    for image in (led, own) if inside else (own,):
        if path and (images / image).is_file():
            return image
    stem = _stem(name)
    for ending in (".jpg", ".png", ".jpeg", ".JPG", ".PNG", ".JPEG"):
        if (images / f"{stem}{ending}").is_file():
            return f"{stem}{ending}"
    return led if inside else own if path else stem


def _box(shape: _Shape) -> Box:
    label = str(shape.label).strip()
    if not label:
        raise ValueError("has no label")
    if len(shape.points) < 2:
        raise ValueError(f"a {shape.shape_type} of {len(shape.points)} points")
    if shape.shape_type == "circle":
        (across, down), (other_across, other_down) = shape.points[:2]
        radius = ((across - other_across) ** 2 + (down - other_down) ** 2) ** 0.5
        return Box(label, across - radius, down - radius, 2 * radius, 2 * radius)
    box = rectangle(label, shape.points)
    # A mask's corners are pixels, of which the last belong to it.
    last = shape.shape_type == "mask"
    return Box(label, box.left, box.top, box.width + last, box.height + last)


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


FORMAT = Format(
    "labelme", "a Labelme JSON file beside each image", recognises, read, place, save, takes=ELSEWHERE | {"lines"}
)

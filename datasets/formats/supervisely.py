"""Supervisely: a folder a data set, in it img/ and ann/, a JSON file an image; meta.json tells of the classes.

Rectangles, and the rectangles around polygons and bitmaps; tags without a value are labels of the whole image, those
called after a part of a split its side. Whole coordinates are those of pixels, the last one included.
Source: https://docs.supervisely.com/data-organization/00_ann_format_navi; its developer portal, "Coordinate system".
"""

import base64
import binascii
import json
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import folder_of, read_bounded, walk
from customlabels.datasets.formats.documents import Document, beginning, numbers, points
from customlabels.datasets.layout import (
    SUBSETS,
    Annotated,
    Format,
    Layout,
    Options,
    bare_name,
    parts_of,
    rectangle,
    unconfirmed,
)
from customlabels.datasets.limits import MAX_SIDE
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

META = "meta.json"
_ANNOTATIONS, _IMAGES = "ann", "img"
_MAX_BYTES = 200_000_000
_MAX_BITMAP = 8 * MAX_SIDE * MAX_SIDE
"""Bytes of a bitmap's PNG file: a side of MAX_SIDE in four channels, and what its lines take."""

_LINES = {"line": "lines", "polyline": "lines", "point": "points", "graph": "skeletons", "cuboid": "cuboids"}
_DATASET = "ds"


def recognises(source: Path, _: Options) -> bool:
    """A folder with meta.json and classes in it, or with ann/ and img/, whose JSON files hold objects."""
    if not source.is_dir():
        return False
    first = next((name for name in walk(source) if _stem(name) is not None), None)
    if first is None:
        return False
    start = beginning(source / first)
    return b'"objects"' in start or b'"size"' in start


def _stem(name: str) -> str | None:
    """The image that an annotation file is of, without img/; None where it is none."""
    folder, _, file = f"/{name}".rpartition("/")
    is_one = file.endswith(".json") and folder.endswith(f"/{_ANNOTATIONS}")
    return file.removesuffix(".json") if is_one else None


def read(source: Path, options: Options) -> Layout:
    """The images that the annotations below `source` describe.

    Raises
    ------
    LayoutError : `source` is no folder, or holds none
    """
    root = folder_of(source, "name the folder of a project, with meta.json in it")
    names = [name for name in walk(root) if _stem(name) is not None]
    if not names:
        raise LayoutError(f"{source}: holds no annotations below ann/")
    layout = Layout((options.images or root).resolve(), ())
    layout.files |= {*names, META}
    shapes = _shapes(root / META)
    layout.images = _images(root, layout, names, shapes)
    return layout


def _images(root: Path, layout: Layout, names: list[str], shapes: dict[str, str]) -> Iterator[Annotated]:
    automatic = Counter[str]()
    subsets = parts_of(names)
    for name in names:
        image = _image_name(name, layout.root)
        if layout.root == root and "/" in image and not (root / image).is_file():
            # One of that name in another data set is another image.
            layout.findings.append(Finding(name, f"no such image: {image}", fatal=True))
        else:
            yield _image(root, image, name, subsets[name], shapes, automatic)
    for folder, count in automatic.items():
        layout.findings += unconfirmed(folder, count, "made by a neural network (nnCreated)")


def _image_name(name: str, images: Path) -> str:
    """The image in img/ beside ann/, or in the folder of both."""
    path = PurePosixPath(name)
    folder = path.parent.parent
    within, above = (folder / _IMAGES / path.stem).as_posix(), (folder / path.stem).as_posix()
    return within if (images / within).is_file() or not (images / above).is_file() else above


def _shapes(meta: Path) -> dict[str, str]:
    """The shape of each class, for files whose objects do not say theirs."""
    if not meta.is_file():
        return {}
    document = _decoded(meta)
    classes = document.get("classes")
    entries = [entry for entry in classes if isinstance(entry, dict)] if isinstance(classes, list) else []
    return {str(entry.get("title")): str(entry.get("shape")) for entry in entries}


def _decoded(path: Path) -> Document:
    try:
        document = msgspec.json.decode(read_bounded(path, _MAX_BYTES))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LayoutError(f"{path}: no file of Supervisely: {error}") from error
    return document if isinstance(document, dict) else {}


def _image(
    root: Path, image: str, name: str, subset: str | None, shapes: dict[str, str], automatic: Counter[str]
) -> Annotated:
    try:
        document = _decoded(root / name)
    except LayoutError as error:
        return Annotated(image, name, subset=subset, faults=(Finding(name, error.message, fatal=True),))
    if "frames" in document or "framesCount" in document:
        return Annotated(image, name, subset=subset, faults=(Finding(name, "is of a video", fatal=True),))
    boxes: list[Box] = []
    left_out: list[str] = []
    faults = []
    for number, entry in enumerate(_list(document.get("objects")), 1):
        try:
            box = _box(entry if isinstance(entry, dict) else {}, shapes)
        except ValueError as error:
            faults.append(Finding(f"{name}, object {number}", str(error), fatal=True))
            continue
        if isinstance(box, str):
            left_out.append(box)
        else:
            boxes.append(box)
            automatic[name.rpartition("/")[0]] += bool(entry.get("nnCreated"))
            left_out += ["tags of objects"] * len(_list(entry.get("tags")))
    labels = []
    for tag in _list(document.get("tags")):
        label, value = (tag.get("name"), tag.get("value")) if isinstance(tag, dict) else (tag, None)
        if not isinstance(label, str) or not label:
            faults.append(Finding(name, "a tag has no name", fatal=True))
        elif value is not None:
            left_out.append("tags with a value")
        elif label.lower() in SUBSETS:
            subset = SUBSETS[label.lower()]
        else:
            labels.append(label)
    return Annotated(
        image,
        name,
        tuple(dict.fromkeys(labels)),
        None if labels and not boxes else tuple(boxes),
        size=_size(document.get("size")),
        subset=subset,
        faults=tuple(faults),
        left_out=tuple(left_out),
    )


def _size(given: object) -> tuple[int, int] | None:
    """Width and height in pixels; None where they are not given as such."""
    width, height = (given.get("width"), given.get("height")) if isinstance(given, dict) else (None, None)
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width and height else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _box(entry: Document, shapes: dict[str, str]) -> Box | str:
    """The rectangle around an object; where it has none, what it is, in the plural.

    Raises
    ------
    ValueError : a sentence saying what is wrong with it
    """
    label = entry.get("classTitle")
    if not isinstance(label, str) or not label:
        raise ValueError("has no classTitle")
    shape = entry.get("geometryType") or ("bitmap" if entry.get("bitmap") else shapes.get(label))
    if shape in ("bitmap", "alpha_mask"):
        return _bitmap(label, entry.get("bitmap"))
    if shape in ("rectangle", "polygon") or (shape in (None, "any") and isinstance(entry.get("points"), dict)):
        given = entry.get("points")
        corners = given.get("exterior") if isinstance(given, dict) else None
        if shape == "polygon" and len(_list(corners)) < 3:
            raise ValueError("a polygon has three points and more")
        return _around(label, corners)
    return _LINES.get(str(shape), f"shapes of kind {shape!r}")


def _around(label: str, corners: object) -> Box:
    """Around points; whole ones are pixels, so that the last row and column belong to it."""
    box = rectangle(label, points(corners))
    if len(_list(corners)) < 2:
        raise ValueError("has one point")
    are_pixels = all(isinstance(number, int) for point in _list(corners) for number in point)
    return Box(label, box.left, box.top, box.width + are_pixels, box.height + are_pixels)


def _bitmap(label: str, bitmap: object) -> Box:
    """Around the pixels of a PNG in base64 of zlib's, which lies at `origin`."""
    import numpy as np
    from PIL import Image

    if not isinstance(bitmap, dict) or not isinstance(bitmap.get("data"), str):
        raise ValueError("its bitmap has no data")
    origin = bitmap.get("origin")
    left, top = numbers(dict(zip("xy", origin, strict=False)) if isinstance(origin, list) else None, ("x", "y"))
    try:
        inflate = zlib.decompressobj()
        data = inflate.decompress(base64.b64decode(bitmap["data"], validate=True), _MAX_BITMAP)
    except (zlib.error, binascii.Error, ValueError) as error:
        raise ValueError(f"its bitmap cannot be decoded: {error}") from error
    if inflate.unconsumed_tail or data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 33:
        raise ValueError("its bitmap is no PNG of a reasonable size")
    width, height = struct.unpack(">II", data[16:24])
    if not 0 < max(width, height) <= 4 * MAX_SIDE or width * height > MAX_SIDE * MAX_SIDE:
        raise ValueError(f"its bitmap has {width}×{height} pixels")
    try:
        with Image.open(BytesIO(data), formats=("PNG",)) as image:
            colours: Image.Image = image
            if image.mode == "P":
                colours = image.convert("RGBA" if "transparency" in image.info else "RGB")
            pixels = np.asarray(colours.getchannel("A") if colours.mode in {"LA", "RGBA"} else colours)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError("its bitmap is a damaged PNG") from error
    if pixels.ndim == 3:
        pixels = pixels.max(axis=2)
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if not rows.size:
        raise ValueError("its bitmap is empty")
    across, down = int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1
    return Box(label, left + int(columns[0]), top + int(rows[0]), float(across), float(down))


def place(record: ImageRecord) -> str:
    """img/ in the folder of its side, or in ds/; names may hold no folders there."""
    name = bare_name(record).removeprefix(f"{_DATASET}/{_IMAGES}/").replace("/", "__")
    return f"{record.side.value if record.side else _DATASET}/{_IMAGES}/{name}"


def save(dataset: Dataset) -> None:
    """Writes meta.json and ann/, a JSON file an image."""
    classes = sorted({box.label for record in dataset.records for box in record.boxes or ()})
    tags = sorted({label for record in dataset.records for label in record.labels})
    if set(map(str.lower, tags)) & SUBSETS.keys():
        raise LayoutError(
            "a label of whole images is called as a part of a split, which Supervisely's tags tell",
            hint="rename it with --label-map",
        )
    meta = {
        "classes": [{"title": label, "shape": "rectangle", "color": _colour(label)} for label in classes],
        "tags": [{"name": label, "value_type": "none", "color": _colour(label)} for label in tags],
    }
    for record in dataset.records:
        document = {
            "description": "",
            "tags": [{"name": label, "value": None} for label in record.labels],
            "size": {"height": record.info.height, "width": record.info.width},
            "objects": [_object(box) for box in record.boxes or ()],
        }
        folder, _, name = record.name.partition(f"/{_IMAGES}/")
        with written_aside(dataset.root / folder / _ANNOTATIONS / f"{name}.json") as file:
            file.write(msgspec.json.encode(document))
    with written_aside(dataset.root / META) as file:
        file.write(json.dumps(meta, indent=1).encode())


def _colour(label: str) -> str:
    return f"#{zlib.crc32(label.encode()) & 0xFFFFFF:06X}"


def _object(box: Box) -> Document:
    left, top, right, bottom = box.corners
    corners: list[list[float]] = [[left, top], [right, bottom]]
    if all(number == int(number) for number in box.corners):
        corners = [[int(left), int(top)], [int(right) - 1, int(bottom) - 1]]
    return {
        "classTitle": box.label,
        "geometryType": "rectangle",
        "tags": [],
        "points": {"exterior": corners, "interior": []},
    }


FORMAT = Format("supervisely", "Supervisely's img/ and ann/", recognises, read, place, save)

"""Azure Custom Vision: tagged images as its training API gives them, an array of JSON; regions as fractions.

Source: Custom Vision Training API 3.3, GetTaggedImages: Image, ImageTag, ImageRegion.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from customlabels.core.plurals import counted
from customlabels.datasets.files import Finder, is_image, lies_apart
from customlabels.datasets.formats.documents import (
    Document,
    first_object,
    layout_of_files,
    looks_like,
    numbers,
    objects,
    whole,
)
from customlabels.datasets.layout import Annotated, Layout, Options, read_only
from customlabels.datasets.model import Box, Finding

_WHAT = "export of Azure Custom Vision"
_ENDINGS = (".json", ".jsonl")
_ADDRESSES = ("originalimageuri", "resizedimageuri", "thumbnailuri")
_NAMES = ("filename", "name", "imagename", "path", "id", *_ADDRESSES)
_SIZES = ("left", "top", "width", "height")


def recognises(source: Path, _: Options) -> bool:
    return looks_like(source, _ENDINGS, _is_one)


def _is_one(file: Path) -> bool:
    document = _lowered(first_object(file))
    inner = next((value for value in document.values() if isinstance(value, list) and value), [])
    if "tags" not in document and inner and isinstance(inner[0], dict):
        # The same array under a name: {"images": […]}.
        document = _lowered(inner[0])
    marks = [*_list(document.get("tags")), *_list(document.get("regions"))]
    tagged = any({"tagname", "tagid"} & _lowered(mark).keys() for mark in marks if isinstance(mark, dict))
    return tagged or ("id" in document and any(key in document for key in _ADDRESSES))


def _lowered(document: Document) -> Document:
    """With keys as both the API and its Python client have them: tagName and tag_name."""
    return {key.replace("_", "").lower(): value for key, value in document.items()}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def read(source: Path, options: Options) -> Layout:
    """The images of a file; each is found by its name, its id, or the end of its address.

    Raises
    ------
    LayoutError : there is no such file, or it is no JSON
    """
    layout, files = layout_of_files(source, options, _ENDINGS, _is_one, _WHAT)
    finder = Finder(layout.root)
    layout.images = (
        image for file, name, subset in files for image in _images(file, name, subset, finder, layout.findings)
    )
    return layout


def _images(file: Path, name: str, subset: str | None, finder: Finder, findings: list[Finding]) -> Iterator[Annotated]:
    negative = 0
    for number, document in _objects(file):
        where = f"{name}, image {number}"
        if isinstance(document, str):
            findings.append(Finding(where, document, fatal=True))
            continue
        lowered = _lowered(document)
        names = [_name(lowered[key]) for key in _NAMES if isinstance(lowered.get(key), str) and lowered[key]]
        if not names:
            findings.append(Finding(where, "names no image", fatal=True))
            continue
        found = (path for name in names if (path := _path(finder, name, subset)))
        image = next(found, None) or next(filter(is_image, names), names[0])
        annotated = _image(lowered, image, where, subset)
        negative += any(label.strip().lower() == "negative" for label in annotated.labels)
        yield annotated
    if negative:
        message = (
            f"{counted(negative, 'image')} tagged Negative, by which Custom Vision says that no other tag holds: "
            "read as a label (--label-map Negative= leaves them out)"
        )
        findings.append(Finding(name, message, fatal=False, count=negative))


def _objects(file: Path) -> Iterator[tuple[int, Document | str]]:
    first = _lowered(first_object(file))
    if "tags" in first or "regions" in first or "id" in first:
        yield from objects(file, _WHAT)
        return
    document = whole(file, _WHAT)
    inner = next(value for value in document.values() if isinstance(value, list) and value)
    for number, entry in enumerate(inner, 1):
        yield number, entry if isinstance(entry, dict) else "is no JSON object"


def _name(text: str) -> str:
    """A name, or the path of an address without what follows a question mark."""
    return urlsplit(text).path.lstrip("/") if "://" in text else text


def _path(finder: Finder, name: str, subset: str | None) -> str | None:
    """The path of the image of that name, or the name itself where it lies in another folder than is said."""
    try:
        path = finder.find(name, subset).relative_to(finder.root).as_posix()
    except ValueError:
        return None
    return name if lies_apart(name, path) else path


def _image(document: Document, name: str, where: str, subset: str | None) -> Annotated:
    boxes, faults = [], []
    for number, region in enumerate(_list(document.get("regions")), 1):
        try:
            boxes.append(_box(region))
        except ValueError as error:
            faults.append(Finding(f"{where}, region {number}", f"{name}: {error}", fatal=True))
    tags = []
    for number, tag in enumerate(_list(document.get("tags")), 1):
        label = _lowered(tag).get("tagname") if isinstance(tag, dict) else tag
        if isinstance(label, str) and label:
            tags.append(label)
        else:
            faults.append(Finding(f"{where}, tag {number}", f"{name}: has no tagName", fatal=True))
    # The tags of an image with regions are those of its regions once more.
    located = {box.label for box in boxes}
    others = [tag for tag in tags if tag not in located] if boxes else []
    return Annotated(
        name,
        where,
        () if boxes else tuple(dict.fromkeys(tags)),
        tuple(boxes) if boxes else None,
        relative=True,
        size=_size(document),
        subset=subset,
        faults=tuple(faults),
        left_out=("tags without a region",) * len(others),
    )


def _size(document: Document) -> tuple[int, int] | None:
    width, height = document.get("width"), document.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width and height else None


def _box(region: object) -> Box:
    lowered = _lowered(region) if isinstance(region, dict) else {}
    label = lowered.get("tagname")
    if not isinstance(label, str) or not label:
        raise ValueError("has no tagName")
    return Box(label, *numbers(lowered, _SIZES))


FORMAT = read_only("custom-vision", "tagged images of Azure Custom Vision; read only", recognises, read, tells=True)

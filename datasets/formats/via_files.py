"""Files of the VGG Image Annotator, versions 1 to 3, JSON and CSV, as images with their regions.

Source: https://www.robots.ox.ac.uk/~vgg/software/via/docs/user_guide.html; of version 3 _via_data.js in its code.
"""

import csv
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from customlabels.core.errors import LayoutError
from customlabels.datasets.formats.documents import Document, beginning, whole

_WHAT = "file of the VGG Image Annotator"
_METADATA = "_via_img_metadata"
_MARKS = ((b'"' + _METADATA.encode(),), (b'"file_attributes"', b'"regions"'), (b'"vid_list"', b'"project"'))
_HEADERS = (b"region_shape_attributes", b"# CSV_HEADER = metadata_id")
_IMAGE = 2
"""The type of a file that is an image, in version 3; 4 is a video."""


@dataclass(slots=True)
class Region:
    """A shape and its attributes; `shape` is an object in versions 1 and 2, a list of numbers in version 3."""

    shape: Any
    attributes: Document


@dataclass(slots=True)
class Image:
    """An image of the file.

    Parameters
    ----------
    left_out : what of it is no region of an image, in the plural
    fault : why it cannot be used
    """

    name: str
    where: str
    attributes: Document = field(default_factory=dict)
    regions: list[Region] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    fault: str | None = None


def is_one(file: Path) -> bool:
    """Whether a file looks like one of VIA's."""
    start = beginning(file)
    if file.suffix.lower() == ".csv":
        return any(header in start for header in _HEADERS)
    return start.lstrip()[:1] == b"{" and any(all(mark in start for mark in marks) for marks in _MARKS)


def images_of(file: Path, name: str) -> list[Image]:
    """The images of a file, in its order.

    Parameters
    ----------
    name : of the file, for messages

    Raises
    ------
    LayoutError : it is none of VIA's
    """
    if file.suffix.lower() == ".csv":
        return list(_of_csv(file, name))
    document = whole(file, _WHAT)
    if isinstance(document, dict) and "vid_list" in _table(document.get("project")):
        return list(_of_project_3(document, name))
    entries = document.get(_METADATA, document) if isinstance(document, dict) else None
    if not isinstance(entries, dict):
        raise LayoutError(f"{file}: no {_WHAT}: holds no images")
    return [_of_entry(key, _table(entry), name) for key, entry in entries.items()]


def _table(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def _of_entry(key: str, entry: Document, name: str) -> Image:
    """An image of versions 1 and 2; the former numbers its regions."""
    where = f"{name}, image {key}"
    image = entry.get("filename")
    if not isinstance(image, str) or not image:
        return Image(key, where, fault="names no file")
    regions = entry.get("regions")
    listed = list(regions.values()) if isinstance(regions, dict) else regions if isinstance(regions, list) else []
    return Image(
        image,
        where,
        _table(entry.get("file_attributes")),
        [_region(_table(region)) for region in listed],
    )


def _region(region: Document) -> Region:
    return Region(_table(region.get("shape_attributes")), _table(region.get("region_attributes")))


def _of_csv(file: Path, name: str) -> Iterator[Image]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            comments, lines = _comments(opened)
            reader = csv.reader(lines)
            rows = ((number, row) for number, row in enumerate(reader, 1 + len(comments)) if row)
            if comments:
                yield from _of_rows_3(rows, _attributes_3(comments), name)
            else:
                header = [cell.strip().lstrip("#").strip() for cell in next(rows, (0, []))[1]]
                yield from _of_rows(rows, header, name)
    except (csv.Error, UnicodeDecodeError) as error:
        raise LayoutError(f"{file}: no {_WHAT}: {error}") from error


def _comments(lines: Iterator[str]) -> tuple[list[str], Iterator[str]]:
    """The comments at the head of a file of version 3, and the lines after them."""
    comments: list[str] = []
    for line in lines:
        if not line.startswith("# "):
            return comments, itertools.chain([line], lines)
        comments.append(line)
    return comments, iter(())


def _of_rows(rows: Iterator[tuple[int, list[str]]], header: list[str], name: str) -> Iterator[Image]:
    """The images of versions 1 and 2: a row a region."""
    images: dict[str, Image] = {}
    for number, row in rows:
        cells = dict(zip(header, row, strict=False))
        image = cells.get("filename", "").strip()
        # The same name may stand for two files of different sizes.
        key = f"{image}{cells.get('file_size', '')}"
        held = images.setdefault(key, Image(image, f"{name}, row {number}"))
        try:
            shape, attributes = (
                _parsed(cells.get(part, ""), number) for part in ("region_shape_attributes", "region_attributes")
            )
            held.attributes = held.attributes or _parsed(cells.get("file_attributes", ""), number)
        except ValueError as error:
            held.fault = str(error)
            continue
        if not image:
            held.fault = "names no file"
        if shape:
            held.regions.append(Region(shape, attributes))
    yield from images.values()


def _parsed(cell: str, number: int) -> Document:
    try:
        document = json.loads(cell or "{}")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"row {number}: {cell[:40]!r} is no JSON") from error
    return _table(document)


def _attributes_3(comments: list[str]) -> Document:
    """The attributes of version 3 out of its comments: `# ATTRIBUTE = {…}`."""
    for comment in comments:
        key, _, text = comment.removeprefix("# ").partition(" = ")
        if key in ("ATTRIBUTE", "ATTRIBUTES"):
            try:
                return _table(json.loads(text))
            except (ValueError, RecursionError):
                return {}
    return {}


def _of_rows_3(rows: Iterator[tuple[int, list[str]]], attributes: Document, name: str) -> Iterator[Image]:
    images: dict[str, Image] = {}
    for number, row in rows:
        where = f"{name}, row {number}"
        try:
            _, files, _, times, shape, values = (row + [""] * 6)[:6]
            listed = json.loads(files)
            times, shape, values = json.loads(times or "[]"), json.loads(shape or "[]"), json.loads(values or "{}")
        except (ValueError, RecursionError):
            yield Image(",".join(row)[:40], where, fault="is no row of VIA 3: a cell is no JSON")
            continue
        image = listed[0] if isinstance(listed, list) and len(listed) == 1 and isinstance(listed[0], str) else None
        if image is None:
            yield Image(files, where, fault="is about several files")
            continue
        held = images.setdefault(image, Image(image, where))
        _add(held, times, shape, _named(_table(values), attributes))
    yield from images.values()


def _of_project_3(document: Document, name: str) -> Iterator[Image]:
    """The images of a project of version 3, whose metadata hang on views of files."""
    attributes, files = _table(document.get("attribute")), _table(document.get("file"))
    images: dict[str, Image] = {}
    for view, shown in _table(document.get("view")).items():
        ids = [str(number) for number in _table(shown).get("fid_list") or []]
        shown_files = [_table(files.get(number)) for number in ids]
        names = [str(file.get("fname") or file.get("src") or "") for file in shown_files]
        images[view] = image = Image(names[0] if names else "", f"{name}, view {view}")
        if len(names) != 1 or not names[0]:
            image.fault = "shows several files" if names else "shows no file"
        elif shown_files[0].get("type", _IMAGE) != _IMAGE:
            image.fault = "is no image"
    for key, value in _table(document.get("metadata")).items():
        entry = _table(value)
        held = images.get(str(entry.get("vid")))
        if held is None:
            yield Image(key, f"{name}, metadata {key}", fault="is about a view that is not there")
            continue
        _add(held, entry.get("z") or [], entry.get("xy") or [], _named(_table(entry.get("av")), attributes))
    yield from images.values()


def _named(values: Document, attributes: Document) -> Document:
    """Values of attributes under their names, the numbers of options in the words that they stand for."""
    named = {}
    for key, value in values.items():
        attribute = attributes.get(key)
        options = _table(_table(attribute).get("options"))
        title = attribute if isinstance(attribute, str) else _table(attribute).get("aname") or key
        parts = str(value).split(",") if str(value) not in options else [str(value)]
        if options and all(part in options for part in parts):
            words = [str(options[part]) for part in parts]
            named[str(title)] = words[0] if len(words) == 1 else dict.fromkeys(words, True)
        else:
            named[str(title)] = value
    return named


def _add(image: Image, times: object, shape: object, attributes: Document) -> None:
    if times:
        image.left_out.append("segments of time")
    elif isinstance(shape, list) and shape:
        image.regions.append(Region(shape, attributes))
    else:
        image.attributes |= attributes

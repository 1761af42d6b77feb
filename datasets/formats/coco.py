"""COCO JSON: boxes, and image-level labels where an annotation has no box.

Read with msgspec, which makes objects of the few fields that count: polygons, most of such a file, never become any.
supervision and datumaro take longer and many times the memory; pycocotools keeps everything.
Source: https://cocodataset.org/#format-data
"""

from collections import defaultdict
from collections.abc import Iterator
from math import isnan, nan
from pathlib import Path

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import read_bounded
from customlabels.datasets.layout import Annotated, Format, Layout, Options, below_images, subset_of
from customlabels.datasets.model import Box, Dataset, Finding, Side

MAX_BYTES = 2_000_000_000
_PEEK = 1 << 16
"""Bytes of either end in which a part's name and a field's have to be; the parts may come in any order."""

_PARTS = (b'"images"', b'"annotations"', b'"categories"')
_FIELDS = (b'"file_name"', b'"image_id"', b'"supercategory"')
Id = int | str


class _Image(msgspec.Struct, gc=False):
    id: Id
    file_name: str
    width: float | None = None
    height: float | None = None


class _Numbers(msgspec.Struct, array_like=True, gc=False):
    """The numbers of a bbox; NaN, which JSON has no word for, where there are none. A list takes twice the memory."""

    left: float = nan
    top: float = nan
    width: float = nan
    height: float = nan
    fifth: float = nan


class _Annotation(msgspec.Struct, gc=False):
    image_id: Id
    category_id: Id
    bbox: _Numbers | None = None
    iscrowd: int | bool = 0


class _Category(msgspec.Struct, gc=False):
    id: Id
    name: str


class _File(msgspec.Struct):
    images: list[_Image]
    categories: list[_Category]
    annotations: list[_Annotation] = []


def recognises(source: Path, _: Options) -> bool:
    if source.is_dir():
        return bool(_files(source))
    return source.suffix.lower() == ".json" and _looks_like_coco(source)


def read(source: Path, options: Options) -> Layout:
    """The images of a COCO file, or of all in a folder: annotations/*.json, or one in each of train/, valid/, test/.

    Raises
    ------
    LayoutError : there is no such file, or it is no COCO JSON
    """
    files = _files(source) if source.is_dir() else [source]
    if not files:
        raise LayoutError(f"{source}: holds no COCO JSON file")
    folder = source if source.is_dir() else source.parent
    root = folder.parent if folder.name == "annotations" else folder
    layout = Layout((options.images or root).resolve(), ())
    layout.images = (image for file in files for image in _images(file, root, layout.findings))
    return layout


def _files(folder: Path) -> list[Path]:
    """The COCO files of a folder; one beside folders of labels is not taken for the folder's own."""
    below = [*folder.glob("annotations/*.json"), *folder.glob("*/_annotations.coco.json")]
    if all(_is_of_a_layout(path.name) for path in folder.iterdir() if path.is_dir()):
        below += folder.glob("*.json")
    return sorted(file for file in below if file.is_file() and _looks_like_coco(file))


def _is_of_a_layout(folder: str) -> bool:
    return folder.lower() in {"images", "imgs", "data", "annotations"} or subset_of(folder) is not None


def _looks_like_coco(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            beginning = opened.read(_PEEK).lstrip(b"\xef\xbb\xbf \t\r\n")
            end = b"" if len(beginning) < _PEEK // 2 else _tail(file)
    except OSError:
        return False
    both = beginning + end
    return beginning.startswith(b"{") and any(key in both for key in _PARTS) and any(key in both for key in _FIELDS)


def _tail(file: Path) -> bytes:
    with file.open("rb") as opened:
        opened.seek(-min(_PEEK, file.stat().st_size), 2)
        return opened.read()


def _images(file: Path, root: Path, findings: list[Finding]) -> Iterator[Annotated]:
    found = _decoded(file)

    def fault(message: str, fatal: bool = True) -> None:
        findings.append(Finding(file.name, message, fatal))

    names: dict[Id, str] = {}
    for category in found.categories:
        if category.id in names:
            fault(f"category {category.id} is there twice: {names[category.id]!r} and {category.name!r}")
        names.setdefault(category.id, category.name)
    annotations, crowds = _by_image(found, names, file, findings)
    if crowds:
        fault(f"{crowds} annotations of crowds (iscrowd) left out", fatal=False)
    unused = names.keys() - {one.category_id for one in found.annotations}
    if unused:
        fault(f"categories without images: {', '.join(sorted(names[one] for one in unused))}", fatal=False)
    subset = subset_of(file.stem, file.parent.name)
    elsewhere = file.parent != root
    seen: set[Id] = set()
    for image in found.images:
        where = f"{file.name}, image {image.id}"
        if image.id in seen:
            findings.append(Finding(where, f"{image.file_name}: another image has the same id", fatal=True))
            continue
        seen.add(image.id)
        own = annotations.get(image.id, ())
        boxes = tuple(
            [Box(names[one.category_id], at.left, at.top, at.width, at.height) for one in own if (at := one.bbox)]
        )
        labels = dict.fromkeys([names[one.category_id] for one in own if one.bbox is None])
        # An image without any annotation was looked at, and there is nothing on it.
        yield Annotated(
            _name(image.file_name, file, root) if elsewhere else image.file_name,
            where,
            tuple(labels),
            None if labels and not boxes else boxes,
            size=(round(image.width), round(image.height)) if image.width and image.height else None,
            subset=subset,
        )


def _by_image(
    found: _File, names: dict[Id, str], file: Path, findings: list[Finding]
) -> tuple[dict[Id, list[_Annotation]], int]:
    """The usable annotations of each image, and how many are of crowds."""
    ids = {image.id for image in found.images}
    annotations: dict[Id, list[_Annotation]] = defaultdict(list)
    crowds = 0
    for number, one in enumerate(found.annotations, 1):
        wrong = ""
        if one.iscrowd:
            crowds += 1
            continue
        if one.category_id not in names:
            wrong = f"category {one.category_id} is not in the file"
        elif one.image_id not in ids:
            wrong = f"image {one.image_id} is not in the file"
        elif one.bbox is not None and (isnan(one.bbox.height) or not isnan(one.bbox.fifth)):
            wrong = "bbox has to hold left, top, width and height"
        if wrong:
            findings.append(Finding(f"{file.name}, annotation {number}", wrong, fatal=True))
        else:
            annotations[one.image_id].append(one)
    return annotations, crowds


def _decoded(file: Path) -> _File:
    try:
        return msgspec.json.decode(read_bounded(file, MAX_BYTES).removeprefix(b"\xef\xbb\xbf"), type=_File)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LayoutError(f"{file}: no COCO JSON: {error}") from error


def _name(file_name: str, file: Path, root: Path) -> str:
    """An image's name below the root; some tools write it as seen from the folder of the JSON file."""
    if ".." not in file_name and (file.parent / file_name).is_file():
        return f"{file.parent.relative_to(root).as_posix()}/{file_name}"
    return file_name


def save(dataset: Dataset) -> None:
    """Writes annotations/instances_SIDE.json, or annotations/instances.json where there are no sides."""
    labels = sorted({label for record in dataset.records for label in record.all_labels})
    for side in (None, *Side):
        records = [record for record in dataset.records if record.side is side]
        if not records:
            continue
        images: list[dict[str, object]] = []
        annotations: list[dict[str, object]] = []
        for number, record in enumerate(records, 1):
            size = {"width": record.info.width, "height": record.info.height}
            images.append({"id": number, "file_name": record.name, **size})
            marks: list[dict[str, object]] = [{"category_id": labels.index(label)} for label in record.labels]
            marks += [
                {
                    "category_id": labels.index(box.label),
                    "bbox": [box.left, box.top, box.width, box.height],
                    "area": box.width * box.height,
                    "iscrowd": 0,
                }
                for box in record.boxes or ()
            ]
            annotations += [{"id": len(annotations) + k, "image_id": number, **mark} for k, mark in enumerate(marks, 1)]
        document = {
            "images": images,
            "annotations": annotations,
            "categories": [{"id": place, "name": label} for place, label in enumerate(labels)],
        }
        name = f"instances_{side.value}.json" if side else "instances.json"
        with written_aside(dataset.root / "annotations" / name) as file:
            file.write(msgspec.json.encode(document))


FORMAT = Format("coco", "COCO JSON: boxes and image-level", recognises, read, below_images, save)

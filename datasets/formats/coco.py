"""COCO JSON: boxes, rectangles around outlines that have none, and image-level labels where there is neither.

Read with msgspec, which makes objects of the few fields that count: polygons, most of such a file, become such only
where an annotation has no box. supervision and datumaro take longer and many times the memory; pycocotools keeps
everything. Captions, panoptic segments and keypoints of the same images are not read beside instances.
Source: https://cocodataset.org/#format-data
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from math import isfinite, isnan, nan
from pathlib import Path

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.core.plurals import counted
from customlabels.datasets.boxes import around_turned
from customlabels.datasets.files import read_bounded
from customlabels.datasets.formats.outlines import rectangle_around
from customlabels.datasets.layout import (
    Annotated,
    Format,
    Layout,
    Options,
    below_images,
    part_called,
    subset_of,
    unconfirmed,
)
from customlabels.datasets.model import Box, Dataset, Finding, Side

MAX_BYTES = 2_000_000_000
_LONGEST_ID = 19
_PEEK = 1 << 16
"""Bytes of either end in which a part's name and a field's have to be; the parts may come in any order."""

_PARTS = (b'"images"', b'"annotations"', b'"categories"')
_FIELDS = (b'"file_name"', b'"image_id"', b'"supercategory"')
Id = int | float | str
_BESIDE = re.compile("captions|panoptic|keypoints|stuff", re.IGNORECASE)
"""In the names of files that have more on the images of others."""

_WITH_BOXES = {"keypoints", "stuff"}
"""What has boxes too: it is read where there are no instances."""

CROWDS = "annotations of crowds (iscrowd)"
IGNORED = "annotations that are to be ignored (ignore)"


_ABSENT = msgspec.Raw(b"null")
"""In the place of what a file does not say."""


class _Image(msgspec.Struct, gc=False):
    id: Id
    file_name: str = ""
    width: float | None = None
    height: float | None = None
    coco_url: str | None = None
    not_exhaustive_category_ids: list[int] | None = None


class _Numbers(msgspec.Struct, array_like=True, gc=False):
    """The numbers of a bbox; NaN, which JSON has no word for, where there are none. A list takes twice the memory."""

    left: float = nan
    top: float = nan
    width: float = nan
    height: float = nan
    fifth: float = nan


class _Annotation(msgspec.Struct, gc=False):
    image_id: Id
    category_id: Id | None = None
    bbox: _Numbers | None = None
    iscrowd: int | bool | None = 0
    ignore: int | bool | None = 0
    caption: str | None = None
    score: msgspec.Raw = _ABSENT
    segments_info: msgspec.Raw = _ABSENT
    attributes: msgspec.Raw = _ABSENT

    @property
    def has_box(self) -> bool:
        """Whether it has numbers of a box; some tools write an empty list beside an outline."""
        return self.bbox is not None and not isnan(self.bbox.left)


class _Category(msgspec.Struct, gc=False):
    id: Id
    name: str | int | float
    keypoints: list[str] | None = None


class _File(msgspec.Struct):
    images: list[_Image]
    categories: list[_Category] = []
    annotations: list[_Annotation] | None = None


class _Outlined(msgspec.Struct):
    segmentation: msgspec.Raw = _ABSENT


class _Outlines(msgspec.Struct):
    annotations: list[_Outlined]


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
    layout = Layout(
        (options.images or root).resolve(), (), files={file.relative_to(folder).as_posix() for file in files}
    )
    layout.images = _read_all(files, root, layout.findings)
    return layout


def _read_all(files: list[Path], root: Path, findings: list[Finding]) -> Iterator[Annotated]:
    """The images of all files; of those of the same images only the one with instances."""
    instances = False
    apart = len({subset_of(file.stem) for file in files} - {None}) > 1
    for file in sorted(files, key=lambda file: (bool(_BESIDE.search(file.name)), file)):
        content = _decoded(file)
        kind = _kind(content, file)
        if kind is None or (kind in _WITH_BOXES and not instances):
            instances = instances or bool(content.annotations)
            own = subset_of(file.stem) if apart else part_called(file.stem)
            yield from _images(content, file, root, own or part_called(file.parent.name), findings)
        else:
            findings.append(Finding(_shown(file, root), f"{kind}, left out", fatal=False))


def _shown(file: Path, root: Path) -> str:
    """How findings name a file: of one a part of a split, all called the same, with its folder."""
    apart = file.parent not in (root, root / "annotations") and file.is_relative_to(root)
    return file.relative_to(root).as_posix() if apart else file.name


def _kind(content: _File, file: Path) -> str | None:
    """What a file holds beside instances: captions, panoptic segments, keypoints or stuff; None: instances."""
    annotations = content.annotations or ()
    if annotations and all(annotation.caption is not None for annotation in annotations):
        return "captions"
    if annotations and all(annotation.segments_info is not _ABSENT for annotation in annotations):
        return "panoptic segments"
    if any(category.keypoints for category in content.categories):
        return "keypoints"
    return "stuff" if file.name.lower().startswith("stuff") else None


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


def _images(content: _File, file: Path, root: Path, subset: str | None, findings: list[Finding]) -> Iterator[Annotated]:
    names: dict[Id | None, str] = {}
    shown = _shown(file, root)
    for category in content.categories:
        number, name = _plain(category.id), str(category.name)
        if number in names:
            message = f"category {category.id} is there twice: {names[number]!r} and {name!r}"
            findings.append(Finding(shown, message, fatal=True))
        names.setdefault(number, name)
    annotations = content.annotations or []
    unused = names.keys() - {_plain(annotation.category_id) for annotation in annotations}
    if unused and annotations:
        message = f"categories without images: {', '.join(sorted(names[number] for number in unused))}"
        findings.append(Finding(shown, message, fatal=False))
    marks = _by_image(content, names, file, shown, findings)
    if partly := sum(bool(image.not_exhaustive_category_ids) for image in content.images):
        message = "not all objects of some categories are marked (not_exhaustive_category_ids): used as if they were"
        findings.append(Finding(shown, f"{counted(partly, 'image')}: {message}", fatal=False, count=partly))
    elsewhere = file.parent != root
    seen: set[Id | None] = set()
    for image in content.images:
        where = f"{shown}, image {image.id}"
        number = _plain(image.id)
        if number in seen:
            findings.append(Finding(where, f"{image.file_name}: another image has the same id", fatal=True))
            continue
        seen.add(number)
        own = marks.get(number) or _NOTHING
        boxes = tuple(own.boxes)
        yield Annotated(
            _name(image, file, root, elsewhere),
            where,
            tuple(dict.fromkeys(own.labels)),
            # An image without any annotation was looked at, and there is nothing on it; not so in a list of images.
            None if (own.labels and not boxes) or content.annotations is None else boxes,
            size=(round(image.width), round(image.height)) if image.width and image.height else None,
            subset=subset,
            faults=tuple(own.faults),
            left_out=tuple(own.left_out),
        )


class _Marks(msgspec.Struct, gc=False):
    """What the annotations of an image come to."""

    labels: list[str]
    boxes: list[Box]
    faults: list[Finding]
    left_out: list[str]


_NOTHING = _Marks([], [], [], [])


def _by_image(
    content: _File, names: dict[Id | None, str], file: Path, shown: str, findings: list[Finding]
) -> dict[Id | None, _Marks]:
    """What is on each image; annotations of images that the file does not have are faults of their own."""
    images = {_plain(image.id): image.file_name for image in content.images}
    sizes = {_plain(image.id): (image.height, image.width) for image in content.images}
    marks: dict[Id | None, _Marks] = defaultdict(lambda: _Marks([], [], [], []))
    annotations = content.annotations or []
    scores = (annotation.score for annotation in annotations if annotation.score is not _ABSENT)
    scored = sum(not _is_null(score) for score in scores)
    findings += unconfirmed(shown, scored, "with a score")
    outlines = None if all(annotation.has_box for annotation in annotations) else _outlines(file)
    for number, annotation in enumerate(annotations):
        image_id = annotation.image_id if annotation.image_id in images else _plain(annotation.image_id)
        if image_id not in images:
            where = f"{shown}, annotation {number + 1}"
            findings.append(Finding(where, f"image {annotation.image_id} is not in the file", fatal=True))
            continue
        own = marks[image_id]
        if annotation.iscrowd or annotation.ignore:
            own.left_out.append(CROWDS if annotation.iscrowd else IGNORED)
            continue
        if annotation.category_id is None and annotation.caption is not None:
            own.left_out.append("captions")
            continue
        try:
            label = names.get(annotation.category_id) or _label(annotation, names)
            outline = outlines[number] if outlines else _ABSENT
            box = _box(label, annotation, outline)
            if outlines:
                _check_size(outline, sizes[image_id])
        except ValueError as error:
            where = f"{shown}, annotation {number + 1}, {images[image_id]}"
            own.faults.append(Finding(where, str(error), fatal=True))
            continue
        if box is None:
            own.labels.append(label)
        else:
            own.boxes.append(box)
    return marks


def _label(annotation: _Annotation, names: dict[Id | None, str]) -> str:
    if annotation.category_id is None:
        raise ValueError("has no category_id")
    number = _plain(annotation.category_id)
    if number not in names:
        raise ValueError(f"category {annotation.category_id} is not in the file")
    return names[number]


def _plain(number: Id | None) -> Id | None:
    """A number that stands in a text, as a number: some tools write the ids of images as texts, those beside not."""
    if type(number) is str and number.isdecimal() and len(number) < _LONGEST_ID and str(int(number)) == number:
        return int(number)
    return number


def _is_null(value: msgspec.Raw) -> bool:
    return value is _ABSENT or bytes(value) == b"null"


def _box(label: str, annotation: _Annotation, outline: msgspec.Raw) -> Box | None:
    """The box of an annotation, or the one around its outline; None where it has neither."""
    bbox = annotation.bbox
    if bbox is not None and (annotation.has_box or _is_null(outline)):
        if isnan(bbox.height) or not isnan(bbox.fifth):
            raise ValueError("bbox has to hold left, top, width and height")
        box = Box(label, bbox.left, bbox.top, bbox.width, bbox.height)
        return box if annotation.attributes is _ABSENT else around_turned(box, _turn(annotation.attributes))
    if _is_null(outline):
        return None
    left, top, right, bottom = rectangle_around(outline)
    return Box(label, left, top, right - left, bottom - top)


def _check_size(outline: msgspec.Raw, size: tuple[float | None, float | None]) -> None:
    """Sees that pixels are counted in the image of which they are said to be.

    Raises
    ------
    ValueError
    """
    if not all(size) or not bytes(outline).startswith(b"{"):
        return
    counted_in = msgspec.json.decode(outline).get("size")
    if counted_in != [*size]:
        raise ValueError(f"a run-length encoding of height and width {counted_in}, in an image of {[*size]}")


def _turn(attributes: msgspec.Raw) -> float:
    """By how many degrees CVAT says that a box is turned about its centre; its bbox is that before the turn."""
    if b'"rotation"' not in bytes(attributes):
        return 0.0
    table = msgspec.json.decode(attributes)
    rotation = table.get("rotation") if isinstance(table, dict) else None
    turn = 0.0
    with suppress(TypeError, ValueError):
        turn = float(rotation or 0)
    return turn if isfinite(turn) else 0.0


def _outlines(file: Path) -> list[msgspec.Raw]:
    """The outline of each annotation, not looked into: read again, as most files have boxes throughout."""
    decoded = msgspec.json.decode(read_bounded(file, MAX_BYTES).removeprefix(b"\xef\xbb\xbf"), type=_Outlines)
    return [annotation.segmentation for annotation in decoded.annotations]


def _decoded(file: Path) -> _File:
    try:
        content = msgspec.json.decode(read_bounded(file, MAX_BYTES).removeprefix(b"\xef\xbb\xbf"), type=_File)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LayoutError(f"{file}: no COCO JSON: {error}") from error
    for image in content.images:
        if not image.file_name and image.coco_url:
            # LVIS says where COCO has the image, and nothing else.
            image.file_name = image.coco_url.partition("://")[2].partition("/")[2]
    return content


def _name(image: _Image, file: Path, root: Path, elsewhere: bool) -> str:
    """An image's name below the root, or its address in S3; some tools write it as seen from the JSON file's folder."""
    if image.coco_url is not None and image.coco_url.startswith("s3://"):
        return image.coco_url
    name = image.file_name
    if elsewhere and ".." not in name and (file.parent / name).is_file():
        return f"{file.parent.relative_to(root).as_posix()}/{name}"
    return name


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
            "categories": [{"id": category_id, "name": label} for category_id, label in enumerate(labels)],
        }
        name = f"instances_{side.value}.json" if side else "instances.json"
        with written_aside(dataset.root / "annotations" / name) as file:
            file.write(msgspec.json.encode(document))


FORMAT = Format("coco", "COCO JSON: boxes and image-level", recognises, read, below_images, save, tells=True)

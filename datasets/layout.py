"""What a format tells of labelled images before anyone has looked at them, and how it is asked."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NoReturn

import msgspec

from customlabels.core.addresses import S3Address
from customlabels.core.errors import LayoutError
from customlabels.core.plurals import counted
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

SUBSETS = {
    "train": "train",
    "training": "train",
    "trainval": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
"""Words for parts of a split, as people and tools write them."""

_UNASSIGNED = {"", "default", "none", "unassigned"}
"""What tools write where an image is in no part."""

_BESIDE = (
    "images?|imgs?|frames|pictures?|photos?|data|datasets?|sets?|splits?|labels?|masks?|annotations?|anns?|instances|"
    "captions|panoptic|stuff|person|keypoints|coco|via|public|private|full|final"
)
_WORDS = "|".join(sorted(SUBSETS, key=len, reverse=True))
_PART = re.compile(
    rf"[ ._-]*(?:(?:{_BESIDE})[ ._-]?){{0,3}}({_WORDS})[ ._-]?\d*(?:[ ._-]?(?:{_BESIDE})[ ._-]?\d*){{0,3}}"
)
"""Names of folders and files that are those of parts: train2017, test_set, instances_val2017; not dev_board."""

_STRUCTURE = {"images", "imgs", "img", "image_2", "jpegimages"}

UNCONFIRMED = "a model made them, and that a person confirmed them is not said"
"""Of annotations that are used all the same."""

IMAGE_ENDINGS = {".jpg", ".jpeg", ".jpe", ".jfif", ".png"}
VIDEO_ENDINGS = {
    ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ts", ".webm", ".wmv",
}  # fmt: skip
CONVERTIBLE_ENDINGS = {".bmp", ".gif", ".heic", ".heif", ".tif", ".tiff", ".webp"}


def unconfirmed(name: str, count: int, marked: str) -> list[Finding]:
    """What there is to say of as many annotations of a file that a model made, as they are `marked`: with a score."""
    if not count:
        return []
    return [Finding(name, f"{counted(count, 'annotation')} {marked}: {UNCONFIRMED}", fatal=False, count=count)]


class Annotated(msgspec.Struct, frozen=True, gc=False):
    """An image as an annotation file describes it.

    Parameters
    ----------
    name : the image's path below the layout's root, or s3://bucket/key
    where : the file and row or line that describes it
    boxes : None where the file says nothing about objects
    relative : whether the boxes are in fractions of the image's sides rather than in pixels
    size : width and height in pixels, where the file states them
    subset : train, validation or test
    faults : of annotations of this image, a finding each; such an image is never used, not even without them
    left_out : annotations of this image that are left out on purpose, each by what it is, in the plural: lines
    """

    name: str
    where: str
    labels: tuple[str, ...] = ()
    boxes: tuple[Box, ...] | None = None
    relative: bool = False
    size: tuple[int, int] | None = None
    subset: str | None = None
    group: str | None = None
    faults: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class Layout:
    """Images below `root`, in the order of their file, made as they are asked for; the rest is complete then.

    Parameters
    ----------
    findings : on what belongs to no image
    files : names below the source, with forward slashes, of files that were read beside the images, or are named in
        `findings`; any file of the source that is neither here nor an image is named by `accounting.unread`
    """

    root: Path
    images: Iterable[Annotated]
    findings: list[Finding] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Options:
    """How a layout is to be read; each format takes what concerns it.

    Parameters
    ----------
    images : the folder of the images, where it is not that of the annotations
    include, exclude : shell patterns, matched against an image's name and against the last part of it
    convertible : also take images that the service does not take but `convert` mends
    label_from : top, parent or path: which folders above an image are its label; or name: its own name tells
    label_pattern : a regular expression whose first group finds the label in an image's name
    label_rules : LABEL: COLUMN >= NUMBER, for rows of a CSV file
    label_separator : between labels in one cell, or between the folders of a label
    columns : role of a CSV column to its name, or its number counted from 1
    fractions : whether boxes of a CSV file are fractions of the image's sides; None: as its first rows look
    masks : the folder of the masks, where they do not lie beside the images
    min_area : pixels of the smallest spot of a mask that becomes a box
    category : of a folder that holds several kinds of parts, each with a split of its own, the one that is meant
    lines : out or boxes: whether lines are left out, or the rectangle around each is taken
    attributes : of a manifest, those to be used; none: all but those that a later job superseded
    fetch : brings an object of S3 that is named beside images, as a mask is; None: there are only files
    """

    images: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    convertible: bool = False
    label_from: str = "top"
    label_pattern: str | None = None
    label_rules: tuple[str, ...] = ()
    label_separator: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None
    fractions: bool | None = None
    masks: Path | None = None
    min_area: int = 9
    category: str | None = None
    lines: str = "out"
    attributes: tuple[str, ...] = ()
    fetch: Callable[[S3Address], bytes] | None = None

    @property
    def endings(self) -> set[str]:
        return IMAGE_ENDINGS | CONVERTIBLE_ENDINGS if self.convertible else IMAGE_ENDINGS


ELSEWHERE = frozenset({"images"})
"""Options of formats whose images need not lie where their annotations do."""

Recognises = Callable[[Path, Options], bool]
Reads = Callable[[Path, Options], Layout]


@dataclass(frozen=True, slots=True)
class Format:
    """A format by name.

    Parameters
    ----------
    recognises : whether a file or folder looks like it
    read : LayoutError where the whole cannot be read; what is wrong with parts goes to the layout's findings
    place : the path that an image gets in a folder of this format; LayoutError where it can have none
    save : writes the annotations of a dataset whose images lie below its root, each at the place that `place` gave
    writes : whether it can be written at all
    tells : whether a file of it tells by itself what it is; any text may be a CSV
    takes : names of `Options` that it takes, of those that some formats do not
    roles : what `Options.columns` may name where it is no table
    """

    name: str
    summary: str
    recognises: Recognises
    read: Reads
    place: Callable[[ImageRecord], str]
    save: Callable[[Dataset], None]
    writes: bool = True
    tells: bool = False
    takes: frozenset[str] = ELSEWHERE
    roles: frozenset[str] = frozenset()


def read_only(
    name: str,
    summary: str,
    recognises: Recognises,
    read: Reads,
    *,
    tells: bool = False,
    roles: frozenset[str] = frozenset(),
) -> Format:
    """A format that is read and not written: no tool takes in again what it gave out so."""

    def refuse(_: object) -> NoReturn:
        raise LayoutError(f"{name} is read, and not written", hint="customlabels dataset formats tells what is written")

    return Format(name, summary, recognises, read, refuse, refuse, writes=False, tells=tells, roles=roles)


def bare_name(record: ImageRecord) -> str:
    """The image's name without the folders that formats put above all images, or all of a side."""
    parts = record.name.split("/")
    while len(parts) > 1 and (parts[0].lower() in _STRUCTURE or parts[0] == record.side):
        parts.pop(0)
    return "/".join(parts)


def below_images(record: ImageRecord) -> str:
    """images/, the side, where there are sides, and the name: where most formats keep an image.

    Images of both sides may have the same name.
    """
    return f"images/{below_side(record)}"


def below_side(record: ImageRecord) -> str:
    """A folder a side, where there are sides."""
    return f"{record.side.value}/{bare_name(record)}" if record.side else bare_name(record)


def subset_of(*names: str) -> str | None:
    """The part of a split of which a name holds the word; of several names the first that tells.

    Of names that tell parts apart, as those of several files do; one alone may hold such a word by chance.
    """
    for name in names:
        stem = PurePosixPath(name).stem.lower()
        for word in (stem, *stem.replace("-", "_").replace(".", "_").split("_"), stem.rstrip("0123456789")):
            # COCO's own files end in a year: instances_train2017.json.
            if subset := SUBSETS.get(word) or SUBSETS.get(word.rstrip("0123456789")):
                return subset
    return None


def part_called(*names: str) -> str | None:
    """The part of a split that a folder or file is called after; of several names the first that tells."""
    parts = (_PART.fullmatch(name.lower()) for name in names)
    return next((SUBSETS[part[1]] for part in parts if part), None)


def parts_of(names: Iterable[str]) -> dict[str, str | None]:
    """The part of a split that each file's folders tell: one is called so, or another differs in that word alone."""
    files = list(names)
    folders = {folder for name in files for folder in name.split("/")[:-1]}
    alike: dict[str, set[str]] = {}
    for folder in folders:
        if part := subset_of(folder):
            alike.setdefault(_without_part(folder), set()).add(part)
    told = {
        folder: part_called(folder) or (subset_of(folder) if len(alike.get(_without_part(folder), ())) > 1 else None)
        for folder in folders
    }
    return {name: next((told[part] for part in name.split("/")[-2::-1] if told[part]), None) for name in files}


def _without_part(folder: str) -> str:
    words = re.split("[ _.-]", folder.lower())
    return "_".join("" if word.rstrip("0123456789") in SUBSETS else word for word in words)


def part_named(text: str) -> str | None:
    """The part of a split that a file says an image to be in; None where it says that it is in none.

    Raises
    ------
    ValueError : no such part is known
    """
    word = text.strip().lower()
    if word not in SUBSETS and word not in _UNASSIGNED:
        raise ValueError(f"{text.strip()!r} is no part of a split; it is one of {', '.join(sorted(SUBSETS))}")
    return SUBSETS.get(word)


def rectangle(label: str, points: Iterable[tuple[float, float]]) -> Box:
    """The box around points.

    Raises
    ------
    ValueError : there are none
    """
    across, down = zip(*points, strict=True)
    left, top = min(across), min(down)
    return Box(label, left, top, max(across) - left, max(down) - top)

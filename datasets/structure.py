"""Folders by what they are: the structure of a tool, a part of a split, masks, a category of several, or a label.

Pure: all of it is told by names below the source, with forward slashes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from customlabels.datasets.layout import SUBSETS

Folders = tuple[str, ...]

_PART = "|".join(sorted(SUBSETS, key=len, reverse=True))
_IMAGES = "images?|imgs?|jpe?gimages|pngimages|pictures?|photos?|frames"
_CERTAIN = re.compile(
    rf"""images|imgs|jpe?gimages|pngimages|(image|img|label|velodyne|calib)_\d+
    |segmentation(class|object)\w*|labels|labeltxt.*|annotations?|annots?|anns?|imagesets
    |obj_\w*data|ds\d+|masks|ground[ _-]?truths?
    |({_PART})\d*[ _-]?({_IMAGES}|data|labels?|masks?|annotations?)|({_IMAGES}|labels?|masks?)[ _-]?({_PART})\d*""",
    re.VERBOSE,
)
"""Names that no class of objects has."""

_PERHAPS = re.compile(
    rf"{_IMAGES}|jpe?g|png|bmp|tiff?|data(set)?s?|database|mask|label|gt|seg|segmentations?|raw|rgb|default|files|uploads?"
)
"""Names that structure and classes share."""

_HOLDS_IMAGES = re.compile(rf"{_IMAGES}|image_\d+|data(set)?s?|rgb|raw|({_IMAGES})[ _-]?(\d+)?")
_MASKS = re.compile(
    rf"""(({_PART})\d*[ _-]?)?(masks?|ground[ _-]?truths?|gts?|labels?|lab|annotations?|annots?
    |seg(mentation)?s?([ _-]?masks?)?|segmentationclass(png|raw)?|segmentationobject)([ _-]?({_PART})\d*)?""",
    re.VERBOSE,
)
_ALIKE = {
    "train": {"trains", "trainings", "learning", "lernen", "entrenamiento"},
    "validation": {"vals", "validate", "validierung", "validations", "validacion"},
    "test": {"tests", "eval", "evals", "evaluation", "evaluate", "holdout", "testen", "prueba"},
}
"""Words for parts of a split that may be labels as well."""

_SERIAL = re.compile(r"(\D*)(\d{2,})")
_SERIES = 3
"""Folders that are all numbered alike, kos01 to kos50, are items of a series, from so many on, and no labels."""

GOOD = re.compile(
    r"""(?!(\w*[ _-])?(not?|non)[ _-]*(good|ok|okay|normal|free|clean)\d*$)
    (\w*[ _-])?(good|ok|okay|normal|free|clean|background|(no|without)[ _-]?(defects?|anomal\w+))\d*""",
    re.VERBOSE,
)
"""Names of folders of parts with nothing on them."""


@lru_cache(maxsize=4096)
def is_certain(folder: str) -> bool:
    """Whether a folder of that name is structure, whatever lies beside it."""
    return _CERTAIN.fullmatch(folder.lower()) is not None


@lru_cache(maxsize=4096)
def is_structure(folder: str) -> bool:
    """Whether a folder of that name is structure where nothing beside it speaks against that."""
    return is_certain(folder) or _PERHAPS.fullmatch(folder.lower()) is not None


@lru_cache(maxsize=4096)
def holds_masks(folder: str) -> bool:
    """Whether a folder is named as those in which masks lie."""
    return _MASKS.fullmatch(folder.lower()) is not None


@lru_cache(maxsize=4096)
def holds_images(folder: str) -> bool:
    """Whether a folder is named as those in which a tool keeps images, of whatever label."""
    return _HOLDS_IMAGES.fullmatch(folder.lower()) is not None


def without_structure(folders: Iterable[str]) -> Folders:
    return tuple(folder for folder in folders if not holds_images(folder))


@lru_cache(maxsize=4096)
def part_of(folder: str) -> str | None:
    """The part of a split that a folder is named after: test, Train, test_public, train2017, train_images."""
    name = folder.lower()
    if name in SUBSETS:
        return SUBSETS[name]
    parted = re.fullmatch(rf"({_PART})(\d+|[ _-]?(public|private|{_IMAGES}|data)\w*)", name)
    return SUBSETS[parted[1]] if parted else None


@lru_cache(maxsize=4096)
def part_in(folder: str) -> str | None:
    """The part of a split that a folder's name holds among others: train_lab, masks-val2017."""
    words = re.split(r"[ _.-]", folder.lower())
    return next((SUBSETS[word] for word in (word.rstrip("0123456789") for word in words) if word in SUBSETS), None)


@lru_cache(maxsize=4096)
def part_alike(folder: str) -> str | None:
    """The part of a split that a folder may be meant for, though no tool calls it so: tests, eval, Validierung."""
    words = re.split(r"[ _.-]", folder.lower())
    return part_in(folder) or next((part for word in words for part, names in _ALIKE.items() if word in names), None)


def split_alike(labels: Iterable[str]) -> list[str]:
    """The labels that look like parts of one split; none where they are not at least two."""
    parts = {label: part for label in labels if (part := part_alike(label))}
    return sorted(parts) if len(set(parts.values())) > 1 else []


def labels_inside(labels: Iterable[tuple[str, Folders]]) -> tuple[str, str] | None:
    """A label and, of the folders beside it that are not read, one that is the label of other images.

    Parameters
    ----------
    labels : of each image, with the folders that are not read
    """
    given = list(labels)
    known = {label for label, _ in given if label}
    return next(
        ((label, folder) for label, unread in given for folder in unread if label and folder in known - {label}), None
    )


@dataclass(frozen=True, slots=True)
class Place:
    """What an image's folders say of it: one of several categories of parts, the part of the split, labels."""

    category: str | None
    subset: str | None
    labels: Folders


class Places:
    """Places of images, as all their folders together tell.

    Parameters
    ----------
    folders : of the images, each as its parts below the source
    mask_trees : the folders in which masks lie, without their own names
    """

    def __init__(self, folders: Iterable[Folders], mask_trees: Iterable[Folders] = ()) -> None:
        self._places: dict[Folders, Place] = {}
        self._everywhere = everywhere = set(folders)
        self._divided = _divided(everywhere)
        labelled = {self._bare(folder) for folder in everywhere}
        divided = {self._bare(parent) for parent in self._divided} - {()}
        masked = {self._bare(tree) for tree in mask_trees} - {()}
        holding = {folder[:end] for folder in labelled for end in range(1, len(folder))}
        self.categories = (divided & masked) | ((divided | masked) & holding)
        self.series = _series({folder[0] for folder in labelled if folder})

    @property
    def is_divided(self) -> bool:
        """Whether every image lies in a part of a split."""
        return bool(self._everywhere) and all(self._split_at(folders) is not None for folders in self._everywhere)

    def __getitem__(self, folders: Folders) -> Place:
        if folders not in self._places:
            self._places[folders] = self._place_of(folders)
        return self._places[folders]

    def undivided(self, folders: Folders) -> Folders:
        """`folders` without that of the part of the split."""
        at = self._split_at(folders)
        return folders if at is None else (*folders[:at], *folders[at + 1 :])

    def _split_at(self, folders: Folders) -> int | None:
        """Where in `folders` the part of a split stands."""
        return next((at for at in range(len(folders)) if folders[:at] in self._divided), None)

    def _bare(self, folders: Folders) -> Folders:
        at = self._split_at(folders)
        return without_structure(folder for depth, folder in enumerate(folders) if depth != at)

    def _place_of(self, folders: Folders) -> Place:
        at = self._split_at(folders)
        labels = self._bare(folders)
        category = next((labels[:end] for end in range(len(labels), 0, -1) if labels[:end] in self.categories), ())
        labels = labels[len(category) :]
        if labels and labels[0] in self.series:
            labels = labels[1:]
        return Place("/".join(category) or None, None if at is None else part_of(folders[at]), labels)


def _divided(everywhere: set[Folders]) -> set[Folders]:
    """Folders whose subfolders are all parts of a split, or structure."""
    below: dict[Folders, set[str]] = defaultdict(set)
    for folders in everywhere:
        for depth, folder in enumerate(folders):
            below[folders[:depth]].add(folder)
    return {
        parent
        for parent, names in below.items()
        if any(part_of(name) for name in names) and all(part_of(name) or is_structure(name) for name in names)
    }


def _series(tops: set[str]) -> set[str]:
    """`tops`, where they are all numbered alike, with leading zeros; else none."""
    numbered = [_SERIAL.fullmatch(folder) for folder in tops]
    alike = {(parts[1], len(parts[2])) for parts in numbered if parts}
    padded = any(parts[2].startswith("0") for parts in numbered if parts)
    return tops if len(tops) >= _SERIES and all(numbered) and len(alike) == 1 and padded else set()


def folders_of(name: str) -> Folders:
    """The folders of a file, the outermost first."""
    return tuple(name.split("/")[:-1])


def labels_of(folders: Sequence[str], label_from: str, separator: str = "/") -> str:
    """The label of an image that lies in these folders, the outermost first; empty where it lies in none."""
    if not folders:
        return ""
    if label_from == "path":
        return separator.join(folders)
    return folders[0] if label_from == "top" else folders[-1]

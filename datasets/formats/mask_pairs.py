"""Which files are masks, and of which image: told by their names, and by the folders in which they lie.

A mask lies beside its image (part.jpg and part.png, part_mask.png, part_label.bmp), or in a tree beside the images'
(masks/, ground_truth/, Label/ …), at any depth, in the shape of the images' own folders, or as a folder of masks an
image. Pure, but for `look_like_masks`.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from customlabels.datasets.formats.mask_pixels import looks_like_a_mask
from customlabels.datasets.structure import Folders, holds_masks, is_certain, part_in, part_of, without_structure

_MARKED = re.compile(
    r"(.+?)[ _.-]+(masks?|labels?|lab|gts?|ground[ _-]?truth|segm?|segmentation|annotation|anno|matte)([ _-]?\d+)?",
    re.IGNORECASE,
)
"""The stem of a mask that lies beside its image."""

_IMAGE_MARKS = re.compile(r"(.+?)[ _.-](image|img|rgb|photo)", re.IGNORECASE)
_MASK_ENDINGS = {".png", ".bmp", ".tif", ".tiff", ".gif"}
_MOST_CANDIDATES = 50
_LOOKED_AT = 20
_ENOUGH = 0.9

Key = tuple[str, ...]
"""Folders, structure left out, and stem, in small letters."""


@dataclass(slots=True)
class Pairs:
    """Masks and their images, by names.

    Parameters
    ----------
    masks : the masks of each image that has any, in order
    trees : folders that hold a tree of masks, each as its parts without the tree's own name
    labels : for a mask in a tree, the folders below it, in which masks of one label may lie
    lost : masks of which no image is there, or several could be meant, with the reason
    """

    masks: dict[str, list[str]] = field(default_factory=dict)
    trees: set[Folders] = field(default_factory=set)
    labels: dict[str, Folders] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)

    @property
    def all_masks(self) -> set[str]:
        return {mask for masks in self.masks.values() for mask in masks} | self.lost.keys()


def find_pairs(names: Iterable[str], tree: str | None = None) -> Pairs:
    """Masks among `names` of files that could be images.

    Parameters
    ----------
    tree : the folder in which all masks lie, where a person named it
    """
    pairs = Pairs()
    in_trees: dict[str, tuple[int, int]] = {}
    others: list[str] = []
    for name in names:
        at = _tree_at(name, tree)
        if at is None:
            others.append(name)
        else:
            in_trees[name] = at
    if tree is None:
        beside = _beside(others)
        others = [name for name in others if name not in beside]
        marked = _marked(others)
        for mask, image in (beside | marked).items():
            pairs.masks.setdefault(image, []).append(mask)
        others = [name for name in others if name not in marked]
    index = _index(others) if in_trees else {}
    for name, (above, inside) in in_trees.items():
        *folders, base = name.split("/")
        before = tuple(folders[:above])
        inner = tuple(folder for folder in without_structure(folders[inside:]) if not holds_masks(folder))
        images = _images_of(index, before, inner, PurePosixPath(base).stem)
        if len(images) > 1:
            images = _of_same_part(name, images)
        if len(images) == 1:
            pairs.masks.setdefault(images[0], []).append(name)
            pairs.trees.add(before)
            pairs.labels[name] = inner
        else:
            several = f"a mask that could be of {' or '.join(sorted(images)[:3])}"
            pairs.lost[name] = several if images else "a mask, but its image is not there"
    return pairs


def named_as_masks(names: Sequence[str]) -> set[str]:
    """The masks among `names` that their names alone tell for sure, where nobody can look at pixels."""
    pairs = find_pairs(names)
    marked = {mask for masks in pairs.masks.values() for mask in masks if _MARKED.fullmatch(_parted(mask)[0])}
    return marked | {mask for mask in pairs.all_masks if any(map(_is_a_tree, mask.split("/")[:-1]))}


def _is_a_tree(folder: str) -> bool:
    return holds_masks(folder) and is_certain(folder)


def _tree_at(name: str, tree: str | None) -> tuple[int, int] | None:
    """Where among its folders the tree of a mask begins, and where what lies in it."""
    folders = name.split("/")[:-1]
    if tree is not None:
        parts = tree.split("/") if tree else []
        return (max(len(parts) - 1, 0), len(parts)) if folders[: len(parts)] == parts else None
    return next(((at, at + 1) for at, folder in enumerate(folders) if holds_masks(folder)), None)


def _beside(images: Sequence[str]) -> dict[str, str]:
    """Of files that differ in their ending alone, the mask and its image: part.png and part.jpg."""
    photos: dict[str, str] = {}
    for name in images:
        stem, ending = _parted(name)
        if ending not in {".png", ".gif"}:
            photos.setdefault(stem, name)
    beside = {}
    for name in images:
        stem, ending = _parted(name)
        image = photos.get(stem)
        if image is not None and ending in {".png", ".gif"} | ({".bmp"} if _parted(image)[1] != ".bmp" else set()):
            beside[name] = image
    # A photograph that was saved twice is no mask: where there are masks, all images of a folder have one.
    held, paired = Counter(map(_folder, images)), Counter(map(_folder, beside))
    return {
        mask: image
        for mask, image in beside.items()
        if paired[_folder(mask)] >= _ENOUGH * (held[_folder(mask)] - paired[_folder(mask)])
    }


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _marked(images: Sequence[str]) -> dict[str, str]:
    """Of files whose names say that they are masks of others in their folder, the mask and its image."""
    by_stem: dict[str, list[str]] = defaultdict(list)
    for name in images:
        stem = _parted(name)[0].lower()
        by_stem[stem].append(name)
        unmarked = _IMAGE_MARKS.fullmatch(stem)
        if unmarked:
            by_stem[unmarked[1]].append(name)
    marked = {}
    for name in images:
        stem, ending = _parted(name)
        parts = _MARKED.fullmatch(stem) if ending in _MASK_ENDINGS else None
        same = by_stem.get(parts[1].lower(), []) if parts else []
        if len(same) == 1:
            marked[name] = same[0]
    return marked


def _parted(name: str) -> tuple[str, str]:
    """The name without its ending, and the ending in small letters."""
    stem, dot, ending = name.rpartition(".")
    return stem, f"{dot}{ending}".lower()


Index = dict[Key, list[tuple[Folders, str]]]


def _index(images: Iterable[str]) -> Index:
    """Images by the end of their path, of every length, in the order of their folders."""
    index: Index = defaultdict(list)
    for name in sorted(images, key=lambda name: name.split("/")[:-1]):
        *folders, base = name.split("/")
        stem = _parted(base)[0]
        bare = tuple(folder.lower() for folder in without_structure(folders))
        unmarked = _IMAGE_MARKS.fullmatch(stem)
        for ending in {stem, unmarked[1] if unmarked else stem}:
            key = (*bare, ending.lower())
            for start in range(len(key)):
                index[key[start:]].append((tuple(folders), name))
    return index


def _images_of(index: Index, before: Folders, inner: Folders, stem: str) -> list[str]:
    """The images that a mask could be of: those whose path ends like its own, at whatever depth below `before`."""
    folders = tuple(folder.lower() for folder in inner)
    marked = _MARKED.fullmatch(stem)
    stems = [stem.lower(), *([marked[1].lower()] if marked else [])]
    # The same path; a folder of masks an image; or folders of masks that the images, of no label, do not have.
    for key in [*((*folders, ending) for ending in stems), *([folders] if folders else [])]:
        if images := _below(index.get(key, ()), before):
            return images
    if folders:
        for ending in stems:
            same = index.get((ending,), [])[:_MOST_CANDIDATES]
            plain = [image for image in same if _is_plain(image[0], before)]
            if images := _below(plain, before):
                return images
    return []


def _of_same_part(mask: str, images: list[str]) -> list[str]:
    """Of images in question those in the part of the split that the mask's folders name, where they name one."""
    parts = {part_in(folder) for folder in mask.split("/")[:-1]} - {None}
    return [image for image in images if parts & {part_in(folder) for folder in image.split("/")[:-1]}] or images


def _is_plain(folders: Folders, before: Folders) -> bool:
    """Whether no folder below `before` says anything of an image but its part of a split."""
    return not [folder for folder in without_structure(folders[len(before) :]) if part_of(folder) is None]


def _below(candidates: Sequence[tuple[Folders, str]], before: Folders) -> list[str]:
    """Of candidates in the order of their folders, those below `before` that lie least deep."""
    start = bisect_left(candidates, before, key=lambda candidate: candidate[0])
    within = [
        candidate for candidate in candidates[start : start + _MOST_CANDIDATES] if candidate[0][: len(before)] == before
    ]
    least = min((len(folders) for folders, _ in within), default=0)
    return [name for folders, name in within if len(folders) == least]


def look_like_masks(paths: Sequence[Path]) -> bool:
    """Whether most of some files, from all over, are black and white or of few values."""
    looked_at = paths[:: max(1, len(paths) // _LOOKED_AT)]
    return sum(map(looks_like_a_mask, looked_at)) >= _ENOUGH * len(looked_at)

"""Masks: an image of the same size an image, or several; what hangs together in them becomes a box.

They lie beside the images or in trees of the same shape, as those of MVTec AD and its family; the label is told by
folders, or by labels.json, which names values and colours.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.files import written_aside
from customlabels.datasets.files import folder_of, is_image, walk, wanted
from customlabels.datasets.formats.mask_pairs import Pairs, find_pairs, look_like_masks
from customlabels.datasets.formats.mask_pixels import (
    DEFECT,
    NAMES,
    TABLE,
    Names,
    Spots,
    class_tables,
    is_background,
    read_names,
    read_spots,
)
from customlabels.datasets.layout import Annotated, Format, Layout, Options, below_side
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord
from customlabels.datasets.probe import in_parallel
from customlabels.datasets.structure import GOOD, Folders, Place, Places, folders_of, labels_of, part_of

_OUTSIDE = "<masks>"
"""Stands for a folder of masks that does not lie below the source."""

WHOLE = "a box around the whole image: where its mask is black on white, the ground is taken for what is marked"

_INSTANCES, _CLASSES = "segmentationobject", "segmentationclass"


@dataclass(frozen=True, slots=True)
class Survey:
    """The files below `root` that could be images, and which of them are masks of which others.

    Parameters
    ----------
    outside : a folder of masks elsewhere, whose files are named below `<masks>`
    unasked : what would be masks, had a person not named others
    """

    root: Path
    names: tuple[str, ...]
    pairs: Pairs
    outside: Path | None = None
    unasked: frozenset[str] = frozenset()

    def path(self, name: str) -> Path:
        if self.outside is not None and name.startswith(f"{_OUTSIDE}/"):
            return self.outside / name.removeprefix(f"{_OUTSIDE}/")
        return self.root / name

    def shown(self, mask: str) -> str:
        """A mask's name in findings: below the root, or where it lies elsewhere."""
        return mask if self.outside is None or not mask.startswith(f"{_OUTSIDE}/") else str(self.path(mask))

    @property
    def images(self) -> list[str]:
        masks = self.pairs.all_masks | self.unasked
        return [name for name in self.names if name not in masks]

    @property
    def look_like_masks(self) -> bool:
        """Whether there are masks, and their pixels are such."""
        masks = sorted({mask for masks in self.pairs.masks.values() for mask in masks})
        return bool(masks) and look_like_masks([self.path(mask) for mask in masks])


def survey(root: Path, options: Options) -> Survey:
    """The images and masks below a folder."""
    names = [name for name in walk(root) if is_image(name)]
    tree = find_tree(root, options.masks)
    if tree is None:
        return Survey(root, tuple(names), find_pairs(names))
    if tree.is_relative_to(root):
        pairs = find_pairs(names, tree.relative_to(root).as_posix())
        outside = None
    else:
        masks = [f"{_OUTSIDE}/{name}" for name in walk(tree) if is_image(name)]
        pairs, outside = find_pairs([*names, *masks], _OUTSIDE), tree
    named = pairs.all_masks
    others = Survey(root, tuple(names), find_pairs(name for name in names if name not in named))
    unasked = others.pairs.all_masks if others.look_like_masks else ()
    return Survey(root, tuple(names), pairs, outside, frozenset(unasked))


def find_tree(root: Path, masks: Path | None) -> Path | None:
    """The folder of masks that a person named, as seen from where they are, or from the source."""
    if masks is None:
        return None
    tree = next((path for path in (masks, root / masks) if path.is_dir()), masks).resolve()
    return None if tree == root.resolve() else tree


def masks_below(root: Path, options: Options) -> tuple[set[str], set[Folders]]:
    """The names of all masks below a folder, and the folders that hold trees of them.

    None where what is named like masks does not look like such.
    """
    tree = survey(root, options)
    return (tree.pairs.all_masks | tree.unasked, tree.pairs.trees) if tree.look_like_masks else (set(), set())


def recognises(source: Path, options: Options) -> bool:
    """A folder in which images have masks, or of which a person named them."""
    if not source.is_dir():
        return False
    if options.masks is not None:
        return True
    tree = survey(source.resolve(), options)
    masks = (mask for masks in tree.pairs.masks.values() for mask in masks)
    named = all(wanted(PurePosixPath(mask).name, options.include, options.exclude) for mask in masks)
    return named and tree.look_like_masks


def read(source: Path, options: Options) -> Layout:
    """The images below `source`, with a box for each spot of their masks.

    The label is what labels.json ({"1": "crack", "#ff0000": "pit"}), or a list beside it, names a value or colour; else
    the folder's.

    Raises
    ------
    LayoutError : `source` is no folder, or holds no mask, or not the category that was asked for
    SettingsError : labels are to be found in names
    """
    if options.label_from == "name":
        raise SettingsError("labels of masks are taken from their folders: --label-from top, parent or path")
    root = folder_of(source, "name a folder of images and masks")
    tree = survey(root, options)
    if not tree.pairs.masks:
        raise LayoutError(
            f"{source}: no image has a mask",
            hint="a mask is a PNG with the image's name, beside it or below --masks DIR; 'NAME_mask.png' will do too",
        )
    names = read_names(root)
    layout = Layout(root, ())
    layout.files |= tree.pairs.all_masks | tree.unasked
    layout.findings += [
        Finding(mask, "a mask that --masks does not name, left out", fatal=False) for mask in sorted(tree.unasked)
    ]
    if names:
        tables = class_tables(root) if names.file.endswith(TABLE) else ()
        layout.files |= {names.file, *(path.relative_to(root).as_posix() for path in tables)}
    if names.counted:
        layout.findings.append(Finding(names.file, names.counted, fatal=False))
    places = Places((folders_of(name) for name in tree.images), tree.pairs.trees)
    chosen = in_category(tree.images, places, options.category, source)
    others = {*tree.images} - {*chosen}
    layout.files |= others
    lost = tree.pairs.lost
    elsewhere = [mask for mask in lost if options.category is not None and options.category not in folders_of(mask)]
    masks_of_others = (mask for image in others for mask in tree.pairs.masks.get(image, ()))
    layout.findings += of_other_categories((*others, *masks_of_others, *elsewhere))
    layout.findings += [Finding(tree.shown(mask), lost[mask], fatal=True) for mask in sorted({*lost} - {*elsewhere})]
    layout.images = _images(tree, chosen, places, names, options, layout)
    return layout


def in_category(images: list[str], places: Places, category: str | None, source: Path) -> list[str]:
    """The images of one category of several, or all where none is asked for.

    Raises
    ------
    LayoutError : there is none of that name
    """
    if category is None:
        return images
    chosen = [name for name in images if category in (places[folders_of(name)].category, *folders_of(name)[:1])]
    if not chosen:
        known = sorted("/".join(folders) for folders in places.categories)
        choice = f"there are {', '.join(known)}" if known else "it holds a single one"
        raise LayoutError(f"{source}: holds no category {category!r}; {choice}", hint="leave out --category")
    return chosen


def of_other_categories(names: Iterable[str]) -> list[Finding]:
    """A finding for each file that is left out with its category."""
    return [Finding(name, "of another category, left out (--category)", fatal=False) for name in names]


def _images(
    tree: Survey, images: list[str], places: Places, names: Names, options: Options, layout: Layout
) -> Iterator[Annotated]:
    pairs = tree.pairs
    if len(places.categories) > 1 and options.category is None:
        known = ", ".join(sorted("/".join(folders) for folders in places.categories))
        layout.findings.append(Finding(".", f"several categories, all read: {known} (--category)", fatal=False))
    if places.series:
        layout.findings.append(
            Finding(f"{min(places.series)} …", "numbered folders are taken for parts, not for labels", fatal=False)
        )
    masked = {places[folders_of(image)].labels for image in pairs.masks}
    mirrored = any(pairs.labels.values())
    unnamed: list[str] = []

    def seen(image: str) -> Annotated:
        meaning = places[folders_of(image)]
        if image not in pairs.masks:
            return _unmasked(image, meaning, masked, mirrored, layout.findings)
        labels = {
            mask: labels_of(
                meaning.labels or _inner(image, pairs.labels.get(mask, ())),
                options.label_from,
                options.label_separator or "/",
            )
            for mask in pairs.masks[image]
        }
        marked = _marked(image, meaning, tree, names, labels, options.min_area)
        if not all(labels.values()) and not names and marked.boxes:
            unnamed.append(image)
        if any(marked.size == (box.width, box.height) for box in marked.boxes or ()):
            layout.findings.append(Finding(image, WHOLE, fatal=False))
        return marked

    yield from in_parallel(seen, images)
    if unnamed:
        layout.findings.append(
            Finding(
                min(unnamed),
                f"nothing names what masks mark: taken as {DEFECT!r} (--label-map {DEFECT}=NAME)",
                fatal=False,
                count=len(unnamed),
            )
        )


def _inner(image: str, folders: Folders) -> Folders:
    """The folders of a mask that may be labels: no part of a split, nor the folder of one image's masks."""
    stem = PurePosixPath(image).stem
    return tuple(folder for folder in folders if part_of(folder) is None and folder != stem)


def _marked(
    image: str, meaning: Place, tree: Survey, names: Names, labels: Mapping[str, str], min_area: int
) -> Annotated:
    """An image with the boxes of its masks, each of the label that its own folders tell."""
    boxes: list[Box] = []
    faults: list[Finding] = []
    small = 0
    size: tuple[int, int] | None = None
    masks, others = _without_instances(tree.pairs.masks[image])
    for mask in masks:
        try:
            spots = _spots(tree.path(mask), names, labels[mask] or None, min_area, size)
        except ValueError as error:
            faults.append(Finding(tree.shown(mask), f"the mask of {image}: {error}", fatal=True))
            continue
        boxes += spots.boxes
        small += spots.small
        size = spots.size
    left_out = (f"spots of fewer than {min_area} pixels (--min-area)",) * small
    left_out += (f"masks of instances beside those of classes ({_INSTANCES})",) * len(others)
    return Annotated(image, image, (), tuple(boxes), False, size, meaning.subset, None, tuple(faults), left_out)


def _spots(path: Path, names: Names, label: str | None, min_area: int, size: tuple[int, int] | None) -> Spots:
    spots = read_spots(path, names, label, min_area)
    if size not in (None, spots.size):
        raise ValueError("has another size than the image's other masks")
    return spots


def _without_instances(masks: list[str]) -> tuple[list[str], list[str]]:
    """Masks of classes, and those of instances where both are there, as in Pascal VOC: they mark the same."""
    instances = [mask for mask in masks if _INSTANCES in mask.lower().split("/")]
    classes = [mask for mask in masks if any(folder.startswith(_CLASSES) for folder in mask.lower().split("/"))]
    return (classes, instances) if classes and instances else (masks, [])


def _unmasked(image: str, meaning: Place, masked: set[Folders], mirrored: bool, findings: list[Finding]) -> Annotated:
    """An image without a mask: nothing is on it, unless its folder says that something is."""
    if not meaning.labels and mirrored:
        return Annotated(image, image, subset=meaning.subset)
    if meaning.labels and meaning.labels in masked:
        fault = Finding(image, "has no mask, though others in its folder have", fatal=True)
        return Annotated(image, image, subset=meaning.subset, faults=(fault,))
    if not any(GOOD.fullmatch(folder.lower()) for folder in meaning.labels):
        findings.append(Finding(image, "has no mask: taken as a part with nothing on it", fatal=False))
    return Annotated(image, image, (), (), False, None, meaning.subset)


def place(record: ImageRecord) -> str:
    if record.labels:
        raise LayoutError(f"{record.name}: has labels of the whole image, which masks have no place for")
    if background := next((box.label for box in record.boxes or () if is_background(box.label)), None):
        raise LayoutError(
            f"{record.name}: boxes labelled {background!r}, which masks take for what is no object",
            hint="rename with --label-map",
        )
    return below_side(record)


def save(dataset: Dataset) -> None:
    """Writes masks/, a PNG an image, its boxes filled with their label's value, and labels.json."""
    import numpy as np
    from PIL import Image

    labels = sorted({box.label for record in dataset.records for box in record.boxes or ()})
    if len(labels) > 255:
        raise LayoutError(f"{len(labels)} labels; a mask has values for 255")
    taken: dict[PurePosixPath, str] = {}
    for record in dataset.records:
        path = PurePosixPath(record.name).with_suffix(".png")
        if path in taken:
            raise LayoutError(f"{record.name}: would share masks/{path} with {taken[path]}")
        taken[path] = record.name
        if record.boxes is None:
            continue
        pixels = np.zeros((record.info.height, record.info.width), np.uint8)
        for box in record.boxes:
            left, top, right, bottom = (round(corner) for corner in box.corners)
            pixels[top:bottom, left:right] = labels.index(box.label) + 1
        with written_aside(dataset.root / "masks" / path) as file:
            Image.fromarray(pixels).save(file, "PNG")
    with written_aside(dataset.root / NAMES) as file:
        file.write(json.dumps({str(value): label for value, label in enumerate(labels, 1)}, indent=1).encode())


FORMAT = Format(
    "masks",
    "masks, as MVTec AD has them: boxes around their spots",
    recognises,
    read,
    place,
    save,
    takes=frozenset({"label_from", "label_separator", "masks", "min_area", "category"}),
)

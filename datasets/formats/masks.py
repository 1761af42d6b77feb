"""Masks: a PNG beside each image, or in a tree of the same shape; what hangs together in it becomes a box.

Two kinds. Marks: grey, 0 is background, everything else the object, and the folder names the label. Classes: a palette,
or several grey values that labels.txt or labels.json gives names.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import folder_of, is_image, read_bounded, walk, wanted
from customlabels.datasets.headers import header
from customlabels.datasets.layout import SUBSETS, Annotated, Format, Layout, Options, below_side
from customlabels.datasets.limits import MAX_SIDE
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TREES = ("masks", "mask", "ground_truth", "annotations")
MARKS = ("", "_mask", "-mask", ".mask", "_label", "_gt")
"""What follows the image's stem in the name of its mask."""

NAMES = "labels.json"
_LOOKED_AT = 20
_ENOUGH = 0.9
_MOST_CLASSES = 32
_MARKED = 127
"""A mark is lighter than this where a mask has no more than noise around black and white, as JPEG leaves it."""


def recognises(source: Path, options: Options) -> bool:
    """A folder in which most images, as far as the first ones tell, have a mask."""
    if not source.is_dir():
        return False
    names = [name for name in walk(source) if is_image(name) and wanted(name, options.include, options.exclude)]
    pairs = {
        name: mask
        for name, mask in _pairs(source, names, options.masks).items()
        if wanted(mask.name, options.include, options.exclude)
    }
    return bool(pairs) and 2 * len(pairs) >= 0.9 * len(names) and _look_like_masks(list(pairs.values()))


def read(source: Path, options: Options) -> Layout:
    """The images below `source` that have a mask, with a box for each spot of it.

    The label is a value's name in labels.json ({"1": "crack", …}) at the root, else the folder's.

    Raises
    ------
    LayoutError : `source` is no folder, or holds no mask
    """
    root = folder_of(source, "name a folder of images and masks")
    layout = Layout(root, ())
    names = [name for name in walk(root) if is_image(name)]
    pairs = _pairs(root, names, options.masks)
    if not pairs:
        raise LayoutError(
            f"{source}: no image has a mask",
            hint="a mask is a PNG with the image's name, beside it or below --masks DIR; 'NAME_mask.png' will do too",
        )
    masks = set(pairs.values())
    layout.files |= {name for name in names if root / name in masks} | {NAMES}
    layout.images = _images(root, names, pairs, _names(root), options)
    return layout


def _pairs(root: Path, names: list[str], masks: Path | None) -> dict[str, Path]:
    """The mask of each image that has one."""
    trees = [masks] if masks else [root / tree for tree in TREES if (root / tree).is_dir()]
    inside = {f"{tree.relative_to(root).as_posix()}/" for tree in trees if tree.is_relative_to(root)}
    pairs: dict[str, Path] = {}
    for name in names:
        if any(name.startswith(folder) for folder in inside):
            continue
        found = _beside(name, root) or _in_trees(name, trees)
        if found is not None:
            pairs[name] = found
    # What is the mask of one image is not an image of its own.
    taken = set(pairs.values())
    return {name: mask for name, mask in pairs.items() if root / name not in taken}


def _beside(name: str, root: Path) -> Path | None:
    path = PurePosixPath(name)
    for mark in MARKS:
        mask = root / path.with_name(f"{path.stem}{mark}.png")
        if (mark or path.suffix.lower() != ".png") and mask.is_file():
            return mask
    return None


def _in_trees(name: str, trees: list[Path]) -> Path | None:
    """The mask below one of the trees, in the same shape, with or without the first folder (images/, test/)."""
    path = PurePosixPath(name)
    for within in (path, *(PurePosixPath(*path.parts[start:]) for start in range(1, len(path.parts)))):
        for tree in trees:
            for mark in MARKS:
                mask = tree / within.with_name(f"{within.stem}{mark}.png")
                if mask.is_file():
                    return mask
    return None


def _look_like_masks(masks: list[Path]) -> bool:
    """Whether most of some files, from all over the folder, are black and white or of few values."""
    looked_at = masks[:: max(1, len(masks) // _LOOKED_AT)]
    return sum(map(_looks_like_a_mask, looked_at)) >= _ENOUGH * len(looked_at)


def _looks_like_a_mask(mask: Path) -> bool:
    import numpy as np

    try:
        pixels = _pixels(mask)
    except ValueError:
        return False
    # Black and white with soft edges, or classes.
    between = np.count_nonzero((pixels > 16) & (pixels < 240))
    return bool(between < 0.1 * pixels.size) or len(np.unique(pixels)) <= _MOST_CLASSES


def _images(
    root: Path, names: list[str], pairs: dict[str, Path], values: dict[int, str], options: Options
) -> Iterator[Annotated]:
    split = {name.split("/")[0].lower() for name in names if "/" in name} <= {*SUBSETS, *TREES}
    masks = set(pairs.values())
    for name in names:
        if root / name in masks or not wanted(name, options.include, options.exclude):
            continue
        if name not in pairs:
            continue
        parts = name.split("/")[:-1]
        subset = SUBSETS.get(parts[0].lower()) if split and parts else None
        label = _folder_label(parts[1:] if subset else parts, options)
        where = pairs[name].relative_to(root).as_posix() if pairs[name].is_relative_to(root) else pairs[name].name
        try:
            boxes, size = _boxes(pairs[name], values, label, options.min_area)
        except ValueError as error:
            yield Annotated(name, name, subset=subset, faults=(Finding(where, str(error), fatal=True),))
            continue
        yield Annotated(name, name, (), boxes, False, size, subset)


def _folder_label(folders: list[str], options: Options) -> str | None:
    folders = [folder for folder in folders if folder.lower() not in {"images", "imgs", *SUBSETS}]
    if not folders:
        return None
    if options.label_from == "path":
        return (options.label_separator or "/").join(folders)
    return folders[0] if options.label_from == "top" else folders[-1]


def _names(root: Path) -> dict[int, str]:
    path = root / NAMES
    if not path.is_file():
        return {}
    try:
        document = json.loads(read_bounded(path, 1_000_000))
        return {int(value): str(name) for value, name in document.items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise LayoutError(f'{path}: has to be a table from pixel value to label, {{"1": "crack"}}: {error}') from error


def _pixels(mask: Path) -> "NDArray[np.uint8]":
    """The values of a mask, (height, width); of a palette, the places in it.

    Raises
    ------
    ValueError : no PNG, too large, or damaged
    """
    import numpy as np
    from PIL import Image

    info = header(mask)
    if info.format != "PNG" or max(info.width, info.height) > MAX_SIDE:
        raise ValueError("no PNG mask" if info.format != "PNG" else f"a side is longer than {MAX_SIDE} pixels")
    try:
        with Image.open(mask, formats=("PNG",)) as image:
            if image.mode in {"P", "L", "1"}:
                values: NDArray[np.uint8] = np.asarray(image if image.mode != "1" else image.convert("L"))
            elif image.mode.startswith("I"):
                values = np.minimum(np.asarray(image), 255).astype(np.uint8)
            else:
                values = np.asarray(image.convert("L"))
            return values
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError("a damaged PNG file") from error


def _boxes(
    mask: Path, names: Mapping[int, str], label: str | None, min_area: int
) -> tuple[tuple[Box, ...], tuple[int, int]]:
    """A box for each spot, and the mask's width and height in pixels."""
    import cv2
    import numpy as np

    pixels = _pixels(mask)
    height, width = pixels.shape
    if names:
        unknown = set(np.unique(pixels).tolist()) - names.keys() - {0}
        if unknown:
            raise ValueError(f"pixel values that {NAMES} does not name: {', '.join(map(str, sorted(unknown)))}")
        layers = [(name, pixels == value) for value, name in names.items() if value]
    elif label is None:
        raise ValueError(f"the label is not known: no folder names it, nor {NAMES} the pixel values")
    else:
        highest = int(pixels.max())
        layers = [(label, pixels > (_MARKED if highest > _MARKED else 0))]
    boxes = []
    for name, layer in layers:
        _, _, stats, _ = cv2.connectedComponentsWithStats(layer.astype(np.uint8), connectivity=8)
        boxes += [
            Box(name, float(left), float(top), float(across), float(down))
            for left, top, across, down, area in stats[1:].tolist()
            if area >= min_area
        ]
    return tuple(boxes), (width, height)


def place(record: ImageRecord) -> str:
    if record.labels:
        raise LayoutError(f"{record.name}: has labels of the whole image, which masks have no place for")
    return below_side(record)


def save(dataset: Dataset) -> None:
    """Writes masks/, a PNG an image, its boxes filled with their label's value, and labels.json."""
    import cv2
    import numpy as np

    labels = sorted({box.label for record in dataset.records for box in record.boxes or ()})
    if len(labels) > 255:
        raise LayoutError(f"{len(labels)} labels; a mask has values for 255")
    for record in dataset.records:
        if record.boxes is None:
            continue
        pixels = np.zeros((record.info.height, record.info.width), np.uint8)
        for box in record.boxes:
            left, top, right, bottom = (round(corner) for corner in box.corners)
            pixels[top:bottom, left:right] = labels.index(box.label) + 1
        with written_aside(dataset.root / "masks" / PurePosixPath(record.name).with_suffix(".png")) as file:
            file.write(cv2.imencode(".png", pixels)[1].tobytes())
    with written_aside(dataset.root / NAMES) as file:
        file.write(json.dumps({str(value): label for value, label in enumerate(labels, 1)}, indent=1).encode())


FORMAT = Format("masks", "a PNG mask an image", recognises, read, place, save)

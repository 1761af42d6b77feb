"""KITTI: a text file of objects an image, label_2/ beside image_2/, or labels/ beside images/ as NVIDIA TAO has it.

A row is a class, truncation, occlusion, angle, the box's left, top, right and bottom in pixels from 0, and seven
numbers of the third dimension, which are not read; DontCare marks regions that nobody labelled.
Source: KITTI object development kit, readme.txt.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import folder_of, is_image, read_bounded, walk
from customlabels.datasets.formats.csv_cells import is_number
from customlabels.datasets.formats.documents import beginning
from customlabels.datasets.layout import Annotated, Format, Layout, Options, bare_name, parts_of, unconfirmed
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

TREES = {"label_2": "image_2", "label_02": "image_02", "labels": "images", "label": "image"}
"""Folders of labels, and those of the images beside them."""

_CELLS = (15, 16)
"""The last is the score of a prediction."""

_UNDIVIDED = "training"
_IGNORED = "dontcare"
_MAX_BYTES = 10_000_000
_LOOKED_AT = 20


def recognises(source: Path, _: Options) -> bool:
    """A folder in which the first label file that is not empty has rows of KITTI."""
    if not source.is_dir():
        return False
    for name in _label_files(source)[:_LOOKED_AT]:
        if row := _first_row(source / name):
            return _looks_like_a_row(row, name)
    return False


def _label_files(root: Path) -> list[str]:
    names = (name for name in walk(root) if name.lower().endswith(".txt"))
    return [name for name in names if _tree(name) is not None]


def _tree(name: str) -> str | None:
    """The folder of labels that a file lies below; None where there is none."""
    folders = PurePosixPath(name).parts[:-1]
    return next((folder for folder in folders if folder.lower() in TREES), None)


def _first_row(path: Path) -> list[str]:
    lines = beginning(path).decode(errors="replace").splitlines()
    return next((line.split() for line in lines if line.strip()), [])


def _looks_like_a_row(cells: list[str], name: str) -> bool:
    """Whether a row is one of KITTI's; one of numbers alone may be a polygon of YOLO, but below label_2/."""
    own = (_tree(name) or "").lower().startswith("label_")
    if len(cells) not in _CELLS or (not own and is_number(cells[0])):
        return False
    try:
        return all(isinstance(float(cell), float) for cell in cells[1:])
    except ValueError:
        return False


def read(source: Path, options: Options) -> Layout:
    """The images that the text files below `source` describe.

    Raises
    ------
    LayoutError : `source` is no folder, or holds no such file
    """
    root = folder_of(source, "name the folder that holds image_2/ and label_2/")
    names = _label_files(root)
    if not names:
        raise LayoutError(f"{source}: holds no text files below label_2/ or labels/")
    layout = Layout((options.images or root).resolve(), ())
    layout.files.update(names)
    subsets = parts_of(names)
    if all(_UNDIVIDED in PurePosixPath(name).parts for name in names):
        # KITTI's own testing/ has no labels: nobody has divided what has some.
        subsets = dict.fromkeys(names)
    images = {str(PurePosixPath(name).with_suffix("")): name for name in walk(layout.root) if is_image(name)}
    layout.images = _images(root, layout, subsets, images)
    return layout


def _images(root: Path, layout: Layout, subsets: dict[str, str | None], images: dict[str, str]) -> Iterator[Annotated]:
    scored: Counter[str] = Counter()
    for name, subset in subsets.items():
        yield _image(root, name, images, subset, scored)
    layout.findings += [
        finding for folder, count in scored.items() for finding in unconfirmed(folder, count, "with a score")
    ]


def _image(root: Path, name: str, images: dict[str, str], subset: str | None, scored: Counter[str]) -> Annotated:
    stem = str(PurePosixPath(name).with_suffix(""))
    tree = _tree(name) or ""
    image = "/".join(TREES[tree.lower()] if part == tree else part for part in PurePosixPath(stem).parts)
    image = images.get(image, image)
    try:
        lines = read_bounded(root / name, _MAX_BYTES).decode("utf-8-sig").splitlines()
    except ValueError as error:
        return Annotated(image, name, subset=subset, faults=(Finding(name, f"cannot be read as text: {error}", True),))
    boxes, faults, left_out = [], [], []
    for number, line in enumerate(lines, 1):
        cells = line.split()
        if not cells:
            continue
        if cells[0].lower() == _IGNORED:
            left_out.append("DontCare regions")
            continue
        try:
            boxes.append(_box(cells))
            scored[_folder(name)] += len(cells) == max(_CELLS)
        except ValueError as error:
            faults.append(Finding(f"{name}, row {number}", str(error), fatal=True))
    return Annotated(image, name, (), tuple(boxes), subset=subset, faults=tuple(faults), left_out=tuple(left_out))


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _box(cells: list[str]) -> Box:
    if len(cells) not in _CELLS:
        raise ValueError(f"has {len(cells)} cells; an object has 15, or 16 with a score")
    try:
        left, top, right, bottom = map(float, cells[4:8])
    except ValueError:
        raise ValueError(f"{' '.join(cells[4:8])!r} are no four numbers") from None
    return Box(cells[0], left, top, right - left, bottom - top)


def place(record: ImageRecord) -> str:
    """image_2/ and the name, below the folder of its side where there are sides."""
    if record.labels:
        raise LayoutError(f"{record.name}: has labels of the whole image, which KITTI's boxes have no place for")
    return f"{record.side.value}/image_2/{bare_name(record)}" if record.side else f"image_2/{bare_name(record)}"


def save(dataset: Dataset) -> None:
    """Writes label_2/, a text file an image that was looked at.

    Raises
    ------
    LayoutError : a label holds blanks, or two images would share a file
    """
    taken: dict[str, str] = {}
    for record in dataset.records:
        path = str(PurePosixPath(record.name.replace("image_2/", "label_2/", 1)).with_suffix(".txt"))
        if path in taken:
            raise LayoutError(f"{record.name}: would share {path} with {taken[path]}")
        taken[path] = record.name
        for box in record.boxes or ():
            if len(box.label.split()) != 1 or box.label.lower() == _IGNORED:
                raise LayoutError(
                    f"{record.name}: label {box.label!r} cannot be a class of KITTI", hint="rename it with --label-map"
                )
        if record.boxes is not None:
            rows = "".join(f"{_row(box)}\n" for box in record.boxes)
            with written_aside(dataset.root / path) as file:
                file.write(rows.encode())


def _row(box: Box) -> str:
    corners = " ".join(f"{number:.12g}" for number in box.corners)
    return f"{box.label} 0 0 -10 {corners} -1 -1 -1 -1000 -1000 -1000 -10"


FORMAT = Format("kitti", "KITTI's text files", recognises, read, place, save)

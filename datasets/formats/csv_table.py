"""CSV files: an image a row, or a label or a box a row; columns by name, by number, or as they look."""

import csv
import itertools
import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import Finder
from customlabels.datasets.formats.csv_columns import describe, first_rows
from customlabels.datasets.formats.csv_names import ONE_HOT, role_of
from customlabels.datasets.formats.csv_rows import images_of
from customlabels.datasets.layout import ELSEWHERE, Annotated, Format, Layout, Options, below_images, subset_of
from customlabels.datasets.model import Dataset, Finding, ImageRecord

FILE = "labels.csv"
ENDINGS = {".csv", ".tsv", ".txt"}
_ONE_A_SIDE = ("_annotations.csv", ONE_HOT)
"""What Roboflow calls the tables in the folders of its sides."""

_STRUCTURE = {"images", "imgs", "img", "data", "photos", "jpegimages"}
_ENOUGH = 0.5
"""Part of the first rows whose images have to be there for a table to be that of the folder."""

_FEW = 300_000
"""Names up to which a set of them is made sooner than numpy is imported."""


class Scattered(Exception):
    """Rows of one image do not follow each other, so that they cannot be joined without holding all of them."""


def recognises(source: Path, options: Options) -> bool:
    if source.is_dir():
        return bool(_tables(source, options))
    return source.suffix.lower() in ENDINGS


def read(source: Path, options: Options) -> Layout:
    """The images that a CSV file names, or those of a folder, rows of the same image joined.

    Raises
    ------
    LayoutError : it cannot be read, its columns cannot be told, or it is not plain which table is that of the folder
    """
    layout = stream(source, options)
    layout.images = joined(layout.images)
    return layout


def stream(source: Path, options: Options) -> Layout:
    """As `read`, but an image a row, not joined: memory does not grow with the file."""
    tables = _tables(source, options) if source.is_dir() else [source]
    folder = source if source.is_dir() else source.parent
    if not tables:
        raise LayoutError(f"{source}: holds no table of its images", hint=f"name a CSV file, or call it {FILE}")
    names = [path.relative_to(folder).as_posix() for path in tables]
    sides = [subset_of(path.stem, *path.relative_to(folder).parts[:-1]) for path in tables]
    if len(tables) > 1 and (None in sides or len(set(sides)) < len(sides)):
        raise LayoutError(
            f"{source}: several tables name its images: {', '.join(names)}", hint="name the one that is to be read"
        )
    described = [describe(path, options) for path in tables]
    layout = Layout((options.images or folder).resolve(), ())
    if source.is_dir():
        layout.files.update(names)
    layout.images = itertools.chain.from_iterable(
        _of_side(images_of(path, name, table, layout, options), side if len(tables) > 1 or "/" in name else None)
        for path, name, table, side in zip(tables, names, described, sides, strict=True)
    )
    return layout


def _of_side(images: Iterator[Annotated], side: str | None) -> Iterator[Annotated]:
    """The images, on the side that their table is for where they do not say one."""
    return (replace(image, subset=image.subset or side) for image in images) if side else images


def _tables(folder: Path, options: Options) -> list[Path]:
    """The tables that are those of a folder: labels.csv, Roboflow's a side, or what names the images that lie there."""
    if (folder / FILE).is_file():
        return [folder / FILE]
    for name in _ONE_A_SIDE:
        sides = sorted(path for path in (folder / name, *folder.glob(f"*/{name}")) if path.is_file())
        if sides and role_of(first_rows(sides[0], options)[0][0]):
            return sides
    with os.scandir(folder) as entries:
        # Most are images: an entry knows what it is, a Path would have to look.
        kept = [(entry.name, entry.is_dir()) for entry in entries if entry.is_dir() or _is_table(entry.name)]
    if not all(name.lower() in _STRUCTURE or subset_of(name) for name, is_dir in kept if is_dir and name[0] != "."):
        # Folders of labels tell by themselves; a table beside them may say the same, or something else.
        return []
    tables = [folder / name for name, is_dir in sorted(kept) if not is_dir]
    return [path for path in tables if _names_images_of(folder, path, options)]


def _is_table(name: str) -> bool:
    return name.lower().endswith((".csv", ".tsv"))


def _names_images_of(folder: Path, path: Path, options: Options) -> bool:
    """Whether most of the first images of a table lie in the folder."""
    finder = Finder((options.images or folder).resolve())
    try:
        table = describe(path, options)
        rows = first_rows(path, options)[table.header :]
    except LayoutError:
        return False
    if any("that name files" in note for note in table.notes):
        # Masks are more than labels; a table of both is read where it is named.
        return False
    column = table.columns["image"][0]
    names = [row[column].strip() for row in rows[:50] if column < len(row) and row[column].strip()]
    return bool(names) and sum(_is_there(finder, name) for name in names) > _ENOUGH * len(names)


def _is_there(finder: Finder, name: str) -> bool:
    try:
        finder.find(name)
    except ValueError:
        return False
    return True


def joined(images: Iterable[Annotated]) -> Iterator[Annotated]:
    """Each image once, with the labels and boxes of all its rows."""
    held: dict[str, Annotated] = {}
    for image in images:
        before = held.get(image.name)
        held[image.name] = image if before is None else _together(before, image)
    yield from held.values()


def joined_neighbours(images: Iterable[Annotated]) -> Iterator[Annotated]:
    """As `joined`, holding one image at a time, and of all names eight bytes each.

    Raises
    ------
    Scattered : rows of one image do not follow each other, or (by chance, once in a million million) two names look
        alike; after the last image
    """
    names = array("q")
    note = names.append
    held: Annotated | None = None
    for image in images:
        if held is not None:
            if held.name == image.name:
                held = _together(held, image)
                continue
            yield held
        note(hash(image.name))
        held = image
    if held is not None:
        yield held
    if _has_repeats(names):
        raise Scattered


def _has_repeats(numbers: "array[int]") -> bool:
    if len(numbers) <= _FEW:
        return len(set(numbers)) < len(numbers)
    import numpy as np

    ordered = np.sort(np.frombuffer(numbers, dtype=np.int64))
    return bool((ordered[1:] == ordered[:-1]).any())


def place(record: ImageRecord) -> str:
    return below_images(record)


def save(dataset: Dataset) -> None:
    """Writes labels.csv: a row an image with its labels, then a row a box; columns of sides and groups where used."""
    sided = any(record.side for record in dataset.records)
    grouped = any(record.group for record in dataset.records)
    boxed = any(record.boxes is not None for record in dataset.records)
    separator = _free_separator(label for record in dataset.records for label in record.all_labels)
    extra = [*(["split"] if sided else []), *(["group"] if grouped else [])]
    with written_aside(dataset.root / FILE) as file:
        write = _writer(file.write)
        write(["image", "label", *extra, *(["xmin", "ymin", "xmax", "ymax"] if boxed else [])])
        for record in dataset.records:
            shared = [*([record.side or ""] if sided else []), *([record.group or ""] if grouped else [])]
            empty = [""] * 4 if boxed else []
            if record.labels or not record.boxes:
                write([record.name, separator.join(record.labels), *shared, *empty])
            for box in record.boxes or ():
                write([record.name, box.label, *shared, *(f"{number:.12g}" for number in box.corners)])


def _free_separator(labels: Iterable[str]) -> str:
    used = set(itertools.chain.from_iterable(labels))
    if used.isdisjoint("|;"):
        return "|"
    raise LayoutError("a label holds '|' or ';', which separate labels in a cell", hint="rename it with --label-map")


def _writer(write: Callable[[bytes], object]) -> Callable[[Sequence[object]], object]:
    class Encoded:
        def write(self, text: str) -> None:
            write(text.encode())

    return csv.writer(Encoded(), lineterminator="\n").writerow


def _sides(size: tuple[int, int] | None) -> str | None:
    """Width and height in pixels, as a person writes them."""
    return f"{size[0]}×{size[1]} pixels" if size else None


def _together(before: Annotated, image: Annotated) -> Annotated:
    """One image out of two rows; where they contradict each other, it has a fault."""
    faults = [*before.faults, *image.faults]
    for what, first, second in (
        ("part of the split", before.subset, image.subset),
        ("group", before.group, image.group),
        ("size", _sides(before.size), _sides(image.size)),
    ):
        if first and second and first != second:
            message = f"{image.name}: its {what} is {second}, but {first} in {before.where}"
            faults.append(Finding(image.where, message, fatal=True))
    boxes = before.boxes if image.boxes is None else (*(before.boxes or ()), *image.boxes)
    return replace(
        before,
        labels=tuple(dict.fromkeys((*before.labels, *image.labels))),
        boxes=boxes,
        relative=before.relative or image.relative,
        size=before.size or image.size,
        subset=before.subset or image.subset,
        group=before.group or image.group,
        faults=tuple(faults),
        left_out=before.left_out + image.left_out,
    )


FORMAT = Format(
    "csv",
    "a table of images, labels and boxes",
    recognises,
    read,
    place,
    save,
    takes=ELSEWHERE | {"label_rules", "label_separator", "delimiter", "encoding", "fractions", "min_area"},
)

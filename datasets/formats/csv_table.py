"""CSV files: an image a row, or a label or a box a row; columns by name, by number, or as known tools write them."""

import csv
import itertools
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.formats.csv_columns import CORNERS, SIZES, Row, Table, describe
from customlabels.datasets.layout import SUBSETS, Annotated, Format, Layout, Options, below_images
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

FILE = "labels.csv"
ENDINGS = {".csv", ".tsv", ".txt"}

_FEW = 300_000
"""Names up to which a set of them is made sooner than numpy is imported."""

_LONGEST_LINE = 1_000_000
"""Bytes."""


class Scattered(Exception):
    """Rows of one image do not follow each other, so that they cannot be joined without holding all of them."""


def recognises(source: Path, _: Options) -> bool:
    path = _table(source)
    return path.is_file() and path.suffix.lower() in ENDINGS


def read(source: Path, options: Options) -> Layout:
    """The images that a CSV file names, rows of the same image joined.

    Raises
    ------
    LayoutError : it cannot be read, or its columns cannot be told
    """
    layout = stream(source, options)
    layout.images = joined(layout.images, layout.findings)
    return layout


def stream(source: Path, options: Options) -> Layout:
    """As `read`, but an image a row, not joined: memory does not grow with the file."""
    path = _table(source)
    table = describe(path, options)
    layout = Layout((options.images or path.parent).resolve(), ())
    layout.images = _images(path, table, layout.findings)
    return layout


def _table(source: Path) -> Path:
    return source / FILE if source.is_dir() else source


def joined(images: Iterable[Annotated], findings: list[Finding]) -> Iterator[Annotated]:
    """Each image once, with the labels and boxes of all its rows."""
    held: dict[str, Annotated] = {}
    for image in images:
        before = held.get(image.name)
        held[image.name] = image if before is None else _together(before, image, findings)
    yield from held.values()


def joined_neighbours(images: Iterable[Annotated], findings: list[Finding]) -> Iterator[Annotated]:
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
                held = _together(held, image, findings)
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
    separator = _free_separator(label for record in dataset.records for label in record.labels)
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


def _check_lines(source: Path) -> None:
    """Sees that no line is endless: a reader would hold all of it.

    Raises
    ------
    LayoutError
    """
    number = 1
    with source.open("rb") as file:
        while chunk := file.read(_LONGEST_LINE):
            if len(chunk) == _LONGEST_LINE and b"\n" not in chunk:
                raise LayoutError(f"{source}, line {number}: is longer than {_LONGEST_LINE:,} bytes")
            number += chunk.count(b"\n")


def _images(source: Path, table: Table, findings: list[Finding]) -> Iterator[Annotated]:
    """An image a row; what is wrong with a row goes to `findings`."""
    columns, (image_place,) = table.columns, table.columns["image"]
    plain, separators = set(columns) <= {"image", "label"}, table.label_separators
    side_by_side = _side_by_side(table)
    where = f"{source.name}, row "
    _check_lines(source)
    with source.open(newline="", encoding=table.encoding) as file:
        rows = csv.reader(file, delimiter=table.delimiter)
        try:
            if table.header:
                next(rows, None)
            for number, row in enumerate(rows, 1 + table.header):
                if not row:
                    continue
                name = row[image_place].strip() if image_place < len(row) else ""
                if not name:
                    findings.append(Finding(f"{where}{number}", "names no image", fatal=True))
                elif plain:
                    cells = tuple(row[side_by_side]) if side_by_side else _label_cells(row, table)
                    yield Annotated(name, f"{where}{number}", _labels(cells, separators))
                else:
                    try:
                        yield _row(row, name, f"{where}{number}", table)
                    except ValueError as error:
                        findings.append(Finding(f"{where}{number}", f"{name}: {error}", fatal=True))
        except csv.Error as error:
            raise LayoutError(f"{source}, line {rows.line_num}: {error}") from error
        except UnicodeDecodeError as error:
            raise LayoutError(
                f"{source}: is not {table.encoding} text throughout ({error.reason})",
                hint="name its encoding with --encoding",
            ) from error


def _side_by_side(table: Table) -> slice | None:
    """Where the label cells of a row are; None where other cells lie between them."""
    if table.label_rest is not None:
        return slice(table.label_rest, None)
    places = table.columns.get("label")
    if places and all(after - before == 1 for before, after in itertools.pairwise(places)):
        return slice(places[0], places[-1] + 1)
    return None


def _label_cells(row: Row, table: Table) -> tuple[str, ...]:
    if table.label_rest is not None:
        return tuple(row[table.label_rest :])
    return tuple([row[place] for place in table.columns.get("label", ()) if place < len(row)])


@lru_cache(maxsize=4096)
def _labels(cells: tuple[str, ...], separators: str) -> tuple[str, ...]:
    """The labels in some cells, each once; many rows have the same."""
    for separator in separators:
        cells = tuple(part for cell in cells for part in cell.split(separator))
    return tuple(dict.fromkeys(label for cell in cells if (label := cell.strip())))


def _row(row: Row, name: str, where: str, table: Table) -> Annotated:
    """The image of one row.

    Raises
    ------
    ValueError : a sentence saying what is wrong with the row
    """
    columns = table.columns

    def cell(role: str) -> str:
        place = columns.get(role, (len(row),))[0]
        return row[place].strip() if place < len(row) else ""

    labels = _labels(_label_cells(row, table), table.label_separators)
    image = Annotated(name, where, labels, group=cell("group") or None)
    side = cell("side").lower()
    if side and side != "unassigned":
        if side not in SUBSETS and side != "validate":
            raise ValueError(f"{side!r} is no part of a split; it takes train, validation or test")
        image = replace(image, subset=SUBSETS.get(side, "validation"))
    if cell("width") and cell("height"):
        image = replace(image, size=(int(_number(cell("width"))), int(_number(cell("height")))))
    roles = CORNERS if "xmin" in columns else SIZES
    if roles[0] not in columns:
        return image
    texts = [cell(role) for role in roles]
    if not any(texts):
        # A row without coordinates labels the image as a whole, or, without a label too, says that it is empty.
        return image if labels else replace(image, boxes=())
    if len(labels) != 1:
        raise ValueError("a box needs one label" if labels else "its box has no label")
    left, top, right, bottom = map(_number, texts)
    if roles is SIZES:
        right, bottom = left + right, top + bottom
    box = Box(labels[0], left, top, right - left, bottom - top)
    return replace(image, labels=(), boxes=(box,), relative=table.fractions)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no number" if text else "a coordinate is missing")
    return number


def _together(before: Annotated, image: Annotated, findings: list[Finding]) -> Annotated:
    """One image out of two rows; where they contradict each other, a finding, and the first row holds."""
    for what, first, second in (
        ("part of the split", before.subset, image.subset),
        ("group", before.group, image.group),
    ):
        if first and second and first != second:
            findings.append(
                Finding(image.where, f"{image.name}: its {what} is {second}, but {first} in {before.where}", fatal=True)
            )
    boxes = before.boxes if image.boxes is None else (*(before.boxes or ()), *image.boxes)
    return replace(
        before,
        labels=tuple(dict.fromkeys((*before.labels, *image.labels))),
        boxes=boxes,
        relative=before.relative or image.relative,
        size=before.size or image.size,
        subset=before.subset or image.subset,
        group=before.group or image.group,
    )


FORMAT = Format("csv", "a table of images, labels and boxes", recognises, read, place, save)

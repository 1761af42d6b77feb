"""The rows of a CSV file, each as the image that it describes."""

import csv
import itertools
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TextIO

from msgspec.structs import replace

from customlabels.core.errors import LayoutError
from customlabels.datasets.boxes import around_turned
from customlabels.datasets.files import Finder
from customlabels.datasets.formats.csv_cells import boxes_of, boxes_of_runs, is_number
from customlabels.datasets.formats.csv_columns import Table, csv_rows, pointed, without_thousands
from customlabels.datasets.formats.csv_guess import Row
from customlabels.datasets.formats.csv_kinds import NO, YES
from customlabels.datasets.formats.csv_names import CENTRES, CORNERS, GEOMETRIES, QUADRANGLE, keeps_record
from customlabels.datasets.formats.csv_rules import labels_by
from customlabels.datasets.formats.text_lists import listed
from customlabels.datasets.headers import header
from customlabels.datasets.layout import SUBSETS, Annotated, Layout, Options, rectangle
from customlabels.datasets.model import Box, Finding

Size = tuple[int, int]
_LONGEST_LINE = 1_000_000
"""Bytes."""


def images_of(path: Path, name: str, table: Table, layout: Layout, options: Options) -> Iterator[Annotated]:
    """An image a row; what is wrong with a row goes to the image, or to the layout where it names none.

    Parameters
    ----------
    name : of the table below the source; names of images are seen from its folder
    """
    layout.findings += [Finding(name, f"columns {note}", fatal=False) for note in table.notes]
    if table.above:
        layout.findings.append(Finding(name, f"what stands above its header, {table.above!r}: left out", fatal=False))
    if table.guessed_by:
        message = f"is not UTF-8: read as {table.encoding} (--encoding NAME takes another), as in {table.guessed_by!r}"
        layout.findings.append(Finding(name, message, fatal=False))
    columns, (image_place,) = table.columns, table.columns["image"]
    plain = set(columns) <= {"image", "label"} and not table.rules
    separators, numbers = table.label_separators, table.numbers_are_labels
    side_by_side = _side_by_side(table)
    blank = set(table.blank)
    where, folder, most = f"{name}, row ", name.rpartition("/")[0], table.most_cells or sys.maxsize
    describe = None if plain else _Described(table, layout.root, options)
    _check_lines(path)
    latest = _latest(path, table) if table.made else {}
    with path.open(newline="", encoding=table.encoding) as file:
        rows = csv_rows(_below(file, table), table.delimiter)
        try:
            if table.header:
                next(rows, None)
            for number, row in enumerate(rows, 1 + table.header + table.skipped):
                if not row:
                    continue
                image = row[image_place].strip() if image_place < len(row) else ""
                if not image:
                    if any(map(str.strip, row)):
                        layout.findings.append(Finding(f"{where}{number}", "names no image", fatal=True))
                    continue
                if latest and (made := latest.get(_task(row, table))):
                    count, kept = made
                    if number != kept:
                        continue
                    message = f"{image}: has {count} annotations; the latest is taken"
                    layout.findings.append(Finding(f"{where}{number}", message, fatal=False))
                if blank:
                    layout.findings += _filled(row, blank, table, f"{where}{number}")
                if folder and not image.startswith(("s3://", f"{folder}/")):
                    image = f"{folder}/{image}"
                try:
                    if len(row) > most:
                        _check_end(row, most)
                    if describe is None:
                        cells = tuple(row[side_by_side]) if side_by_side else _label_cells(row, table)
                        yield Annotated(image, f"{where}{number}", labels_in(cells, separators, numbers))
                    else:
                        yield describe(row, image, f"{where}{number}")
                except ValueError as error:
                    fault = Finding(f"{where}{number}", f"{image}: {error}", fatal=True)
                    yield Annotated(image, f"{where}{number}", faults=(fault,))
        except csv.Error as error:
            raise LayoutError(f"{path}, line {rows.line_num}: {error}") from error
        except UnicodeDecodeError as error:
            raise LayoutError(
                f"{path}: is not {table.encoding} text throughout ({error.reason})",
                hint="name its encoding with --encoding",
            ) from error


def _below(file: TextIO, table: Table) -> TextIO:
    """The file behind the lines that are no rows."""
    for _ in range(table.skipped):
        file.readline()
    return file


def _latest(path: Path, table: Table) -> dict[str, tuple[int, int]]:
    """Of each of Label Studio's tasks with several annotations how many it has, and the row of the latest."""
    made: dict[str, list[tuple[str, int]]] = {}
    _, time = table.made or (0, 0)
    with path.open(newline="", encoding=table.encoding, errors="replace") as file, suppress(csv.Error):
        # What is wrong with the file is said when its images are read.
        for number, row in enumerate(csv_rows(_below(file, table), table.delimiter), 1 + table.skipped):
            if row and (task := _task(row, table)):
                made.setdefault(task, []).append((row[time].strip() if time < len(row) else "", -number))
    return {task: (len(rows), -max(rows)[1]) for task, rows in made.items() if len(rows) > 1}


def _task(row: Row, table: Table) -> str:
    column = table.made[0] if table.made else 0
    return row[column].strip() if column < len(row) else ""


def _filled(row: Row, blank: set[int], table: Table, where: str) -> list[Finding]:
    """What is to be said of columns that were blank until this row; each is said once."""
    filled = {column: row[column].strip() for column in sorted(blank) if column < len(row) and row[column].strip()}
    if "flag" in table.columns:
        filled = {column: text for column, text in filled.items() if text.lower() not in YES | NO}
    blank.difference_update(filled)
    return [
        Finding(
            where,
            f"{table.names[column]!r} holds {text[:40]!r}, but nothing in the first rows: not read "
            "(--column ROLE=NAME says what a column is)",
            fatal=False,
        )
        for column, text in filled.items()
    ]


def _check_end(row: Row, most: int) -> None:
    """Sees that no cell stands beyond the header, where nobody would read it.

    Raises
    ------
    ValueError
    """
    beyond = next((cell.strip() for cell in row[most:] if cell.strip()), None)
    if beyond is not None:
        raise ValueError(
            f"{beyond!r} stands beyond the last column; a cell that holds the delimiter is to be quoted, "
            "and --label-separator divides labels"
        )


def _check_lines(path: Path) -> None:
    """Sees that no line is endless: a reader would hold all of it.

    Raises
    ------
    LayoutError
    """
    number = 1
    with path.open("rb") as file:
        while chunk := file.read(_LONGEST_LINE):
            if len(chunk) == _LONGEST_LINE and b"\n" not in chunk:
                raise LayoutError(f"{path}, line {number}: is longer than {_LONGEST_LINE:,} bytes")
            number += chunk.count(b"\n")


def _side_by_side(table: Table) -> slice | None:
    """Where the label cells of a row are; None where other cells lie between them."""
    if table.label_rest is not None:
        return slice(table.label_rest, None)
    columns = table.columns.get("label")
    if columns and all(after - before == 1 for before, after in itertools.pairwise(columns)):
        return slice(columns[0], columns[-1] + 1)
    return None


def _label_cells(row: Row, table: Table) -> tuple[str, ...]:
    if table.label_rest is not None:
        return tuple(row[table.label_rest :])
    return tuple([row[column] for column in table.columns.get("label", ()) if column < len(row)])


@lru_cache(maxsize=4096)
def labels_in(cells: tuple[str, ...], separators: str, numbers: bool = True) -> tuple[str, ...]:
    """The labels in some cells, each once; many rows have the same.

    Parameters
    ----------
    numbers : whether a number may be a label

    Raises
    ------
    ValueError : a number where labels are words, or JSON of more than texts
    """
    cells = tuple(part for cell in cells for part in listed(cell))
    for separator in separators:
        cells = tuple(part for cell in cells for part in cell.split(separator))
    labels = tuple(dict.fromkeys(label for cell in cells if (label := cell.strip())))
    strange = None if numbers else next(filter(is_number, labels), None)
    if strange is not None:
        raise ValueError(
            f"{strange!r} is a number, where the labels of the first rows are words "
            "(--column image=1 --column label=2 says which cells are labels)"
        )
    return labels


class _Described:
    """Images of rows that hold more than labels."""

    def __init__(self, table: Table, root: Path, options: Options) -> None:
        self._table = table
        self._cells = {role: columns[0] for role, columns in table.columns.items()}
        self._min_area = options.min_area
        self._size_of = _sizes_below(root)

    def __call__(self, row: Row, name: str, where: str) -> Annotated:
        """The image of one row.

        Raises
        ------
        ValueError : a sentence saying what is wrong with the row
        """
        table, cells, count = self._table, self._cells, len(row)

        def cell(role: str) -> str:
            column = cells.get(role, count)
            text = row[column].strip() if column < count else ""
            if column in table.thousands:
                return without_thousands(text)
            return pointed(text) if column in table.decimal_commas else text

        labels = labels_in(_label_cells(row, table), table.label_separators, table.numbers_are_labels)
        if table.rules:
            labels = tuple(dict.fromkeys((*labels, *labels_by(table.rules, row))))
        if "image_and_label" in cells:
            name, _, label = name.rpartition("_")
            labels = (label,) if label else ()
        image = Annotated(name, where, labels, group=cell("group") or None, subset=_subset(cell("side")))
        if cell("width") and cell("height"):
            image = replace(image, size=(int(_number(cell("width"))), int(_number(cell("height")))))
        if "present" in cells and not _is_present(cell("present")):
            return replace(image, labels=(), left_out=("labels that are not there (Confidence 0)",))
        if "flag" in cells:
            return self._flagged(row, image)
        if "bbox" in cells:
            return self._boxed(cell("bbox"), image, row)
        if "runs" in cells:
            return self._masked(cell("runs"), image)
        return self._located(image, cell)

    def _flagged(self, row: Row, image: Annotated) -> Annotated:
        """With the names of the columns that hold 1; an image with none of them was looked at, and nothing is on it."""
        labels = []
        flags, blank = self._table.columns["flag"], self._table.blank
        # What is blank in the first rows beside columns of 0 and 1 may be a rare class.
        for column in sorted((*flags, *blank)):
            text = row[column].strip().lower() if column < len(row) else ""
            if text in YES and not (column in blank and keeps_record(self._table.names[column])):
                labels.append(self._table.names[column])
            elif text not in NO and column in flags:
                raise ValueError(f"{text!r} in column {self._table.names[column]!r} is neither 0 nor 1")
        return replace(image, labels=tuple(labels), boxes=None if labels else ())

    def _boxed(self, text: str, image: Annotated, row: Row) -> Annotated:
        if not text:
            return image if image.labels else replace(image, boxes=())
        # Several boxes have several labels, the same one twice it may be.
        each = [part.strip() for cell in _label_cells(row, self._table) for part in listed(cell)]
        boxes = boxes_of(text, each if len(each) > 1 else image.labels, self._table.corners)
        return replace(image, labels=(), boxes=boxes, relative=self._table.fractions)

    def _masked(self, text: str, image: Annotated) -> Annotated:
        if text in ("", "-1"):
            return replace(image, labels=(), boxes=())
        if len(image.labels) != 1:
            raise ValueError("run lengths need one label" if image.labels else "its run lengths have no label")
        size = image.size or self._size_of(image.name, image.subset)
        boxes, specks = boxes_of_runs(text, image.labels[0], size, self._min_area)
        left_out = (f"spots under {self._min_area} pixels (--min-area)",) * specks
        return replace(image, labels=(), boxes=boxes, size=size, left_out=left_out)

    def _located(self, image: Annotated, cell: Callable[[str], str]) -> Annotated:
        """With the box in four columns, where the table has them."""
        roles = next((roles for roles in GEOMETRIES if all(role in self._cells for role in roles)), None)
        if roles is None:
            return image
        texts = [cell(role) for role in roles]
        if not any(texts):
            # A row without coordinates labels the image as a whole, or, without a label too, says that it is empty.
            return image if image.labels else replace(image, boxes=())
        if len(image.labels) != 1:
            raise ValueError("a box needs one label" if image.labels else "its box has no label")
        numbers = list(map(_number, texts))
        if roles == QUADRANGLE:
            around = rectangle(image.labels[0], zip(numbers[::2], numbers[1::2], strict=True))
            return replace(image, labels=(), boxes=(around,), relative=self._table.fractions)
        first, second, third, fourth = numbers
        if roles == CORNERS:
            box = Box(image.labels[0], first, second, third - first, fourth - second)
        elif roles == CENTRES:
            box = Box(image.labels[0], first - third / 2, second - fourth / 2, third, fourth)
        else:
            box = Box(image.labels[0], first, second, third, fourth)
        degrees = _number(cell("degrees") or "0") + math.degrees(_number(cell("radians") or "0"))
        if degrees and self._table.fractions:
            raise ValueError("its box is turned, and has to be in pixels then, not in fractions")
        if degrees:
            box = around_turned(box, degrees)
        return replace(image, labels=(), boxes=(box,), relative=self._table.fractions)


def _sizes_below(root: Path) -> Callable[[str, str | None], Size]:
    """Looks up width and height of images that lie below `root`."""
    finder = Finder(root)

    @lru_cache(maxsize=4096)
    def size_of(name: str, subset: str | None) -> Size:
        try:
            info = header(finder.find(name, subset))
        except (ValueError, OSError) as error:
            raise ValueError(f"run lengths need the image's width and height: {error}") from error
        # Run lengths are of the pixels as they are stored.
        return (info.height, info.width) if info.is_turned else (info.width, info.height)

    return size_of


def _is_present(text: str) -> bool:
    """Whether a person found the label there, where both is noted.

    Raises
    ------
    ValueError
    """
    if text.lower() not in YES | NO:
        raise ValueError(f"{text!r} in Confidence is neither 0 nor 1")
    return text.lower() in YES


def _subset(text: str) -> str | None:
    side = text.lower()
    if not side or side == "unassigned":
        return None
    if side not in SUBSETS and side != "validate":
        raise ValueError(f"{side!r} is no part of a split; it takes train, validation or test")
    return SUBSETS.get(side, "validation")


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no number" if text else "a coordinate is missing")
    return number

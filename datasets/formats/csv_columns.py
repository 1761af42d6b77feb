"""How a CSV file is laid out: its encoding, its delimiter, and with `csv_guess` which column is what."""

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.files import Finder
from customlabels.datasets.formats.csv_cells import is_number
from customlabels.datasets.formats.csv_encoding import encoding_of, sample_of
from customlabels.datasets.formats.csv_guess import Row, guess_columns
from customlabels.datasets.formats.csv_kinds import names_an_image
from customlabels.datasets.formats.csv_names import COORDINATES, IDS, plain_name, role_of
from customlabels.datasets.formats.csv_rules import PlacedRule
from customlabels.datasets.formats.csv_shape import Columns
from customlabels.datasets.layout import Options

if TYPE_CHECKING:
    import _csv

BLANKS = " "
"""Stands for any number of blanks and tabs between cells."""

_DELIMITERS = ",;\t|"
_SEVERAL = {"labels", "tags", "classes", "categories"}
_LOOKED_AT = 200
_COMMA = re.compile(r"[-+]?\d+,\d+")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
_EXCEL = re.compile(r"sep=(.)", re.IGNORECASE)
_BEGINNING = 1 << 20
_MOST_ABOVE = 20
"""Lines among which a header is looked for."""

_SHOWN = 60
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Table:
    """How a CSV file is to be read.

    Parameters
    ----------
    guessed_by : the first word that reads so because of the encoding, where that is no more than likely; else empty
    skipped : lines before the first row, of comments or about the delimiter, or above the header
    above : what stands above the header
    decimal_commas : columns of coordinates whose numbers have commas for points
    thousands : columns of coordinates whose numbers have commas between thousands
    blank : columns that are not read and hold nothing in the first rows
    made : of Label Studio's table, the columns of a task and of when it was annotated; it may be so several times
    names : of the columns, as a person would name them in --column
    columns : the columns of each role, several for labels
    label_rest : from which column on every cell is a label; None where `columns` tells
    numbers_are_labels : whether a number in a cell of labels is one; else it is no more than a number
    most_cells : in a row; None where any number of labels may follow
    corners : whether the four numbers of a box cell are left, top, right, bottom
    notes : what a person should know of the columns
    """

    encoding: str
    guessed_by: str
    skipped: int
    above: str
    delimiter: str
    header: bool
    names: tuple[str, ...]
    columns: dict[str, tuple[int, ...]]
    label_rest: int | None
    label_separators: str
    fractions: bool
    numbers_are_labels: bool
    corners: bool
    decimal_commas: frozenset[int]
    thousands: frozenset[int]
    blank: tuple[int, ...]
    made: tuple[int, int] | None
    most_cells: int | None
    rules: tuple[PlacedRule, ...]
    notes: tuple[str, ...]


def describe(source: Path, options: Options) -> Table:
    """How the file is to be read, from its first bytes and what the options say.

    Raises
    ------
    LayoutError : its columns cannot be told
    """
    head, delimiter, written = _beginning(source, options)
    rows, commas, unsure = _with_points(written, delimiter)
    finder = Finder((options.images or source.parent).resolve())

    def finds(name: str) -> bool:
        try:
            finder.find(name)
        except ValueError:
            return False
        return True

    columns = guess_columns(rows, options, str(source), finds)
    header, separators = columns.header, options.label_separator
    if header and delimiter in (separators or "") and columns.roles.get("label") == (len(columns.heading) - 1,):
        # Labels that are divided as cells are: all that comes after the last column belongs to it.
        columns.label_rest = len(columns.heading) - 1
    if separators is None:
        separators = "|;".replace(delimiter, "") if header else ""
    fractions = options.fractions
    if fractions is None:
        fractions = _look_like_fractions(columns)
    coordinates = {column for role in COORDINATES for column in columns.roles.get(role, ())}
    thousands = _thousands(columns, written[header:], commas & coordinates, unsure & coordinates)
    return Table(
        head.encoding,
        head.guessed_by,
        head.skipped,
        head.above,
        delimiter,
        header,
        columns.names,
        columns.roles,
        columns.label_rest,
        separators.strip() or separators,
        fractions,
        columns.numbers_are_labels,
        columns.corners,
        frozenset((commas | unsure) & coordinates - thousands),
        frozenset(thousands),
        columns.blank,
        _made(columns) if header else None,
        (columns.headed if header else len(columns.names)) if columns.label_rest is None else None,
        columns.rules,
        (*columns.notes, *_undivided(columns, separators), *_unneeded(columns, options)),
    )


def first_rows(source: Path, options: Options) -> list[Row]:
    """The first rows of a table, blank ones aside.

    Raises
    ------
    LayoutError : it cannot be read
    """
    return _beginning(source, options)[2]


def _with_points(rows: list[Row], delimiter: str) -> tuple[list[Row], set[int], set[int]]:
    """`rows` with points in numbers that have commas, and the columns of such: those of all numbers, some with commas.

    Last those whose commas may as well stand between thousands. The first row may be a header.
    """
    if delimiter == ",":
        return rows, set(), set()
    commas: set[int] = set()
    unsure: set[int] = set()
    for column in range(max(map(len, rows))):
        cells = [row[column].strip() for row in rows[1:] if column < len(row) and row[column].strip()]
        held = [cell for cell in cells if _COMMA.fullmatch(cell)]
        if held and all(is_number(pointed(cell)) for cell in cells):
            (unsure if all(map(_THOUSANDS.fullmatch, held)) else commas).add(column)
    both = commas | unsure
    pointed_rows = [[pointed(cell) if column in both else cell for column, cell in enumerate(row)] for row in rows]
    return pointed_rows, commas, unsure


def _thousands(columns: Columns, rows: list[Row], commas: set[int], unsure: set[int]) -> set[int]:
    """Those of the columns in question whose commas stand between thousands: where other coordinates are whole.

    How they are taken is among the notes, unless plain decimals tell.
    """
    if commas or not unsure:
        return set()
    coordinates = {column for role in COORDINATES for column in columns.roles.get(role, ())}
    cells = [row[column].strip() for row in rows for column in coordinates if column < len(row) and row[column].strip()]
    others = [cell for cell in cells if not _COMMA.fullmatch(cell)]
    are_thousands = bool(others) and all(cell.lstrip("+-").isdigit() for cell in others)
    cell = next(filter(_COMMA.fullmatch, cells))
    number = without_thousands(cell) if are_thousands else pointed(cell)
    columns.notes.append(f"taken: {cell!r} in {columns.listed(sorted(unsure))} as {number}")
    return unsure if are_thousands else set()


def without_thousands(cell: str) -> str:
    """A number without the comma between its thousands; any other cell as it is."""
    return cell.replace(",", "") if _THOUSANDS.fullmatch(cell.strip()) else cell


def pointed(cell: str) -> str:
    """A number with a point in place of its comma; any other cell as it is."""
    return cell.replace(",", ".") if _COMMA.fullmatch(cell.strip()) else cell


@dataclass(frozen=True, slots=True)
class _Head:
    """How a file is written, and what is before its first row; as `Table` has it."""

    encoding: str
    guessed_by: str
    skipped: int
    above: str


def _beginning(source: Path, options: Options) -> tuple[_Head, str, list[Row]]:
    """What is before the first row, delimiter and first rows."""
    try:
        with source.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError as error:
        raise LayoutError(f"{source}: cannot be read ({error.strerror})") from error
    encoding = options.encoding or encoding_of(beginning, source, is_whole=len(beginning) < _BEGINNING)
    guessed_by = "" if options.encoding or encoding.startswith("utf") else sample_of(beginning, encoding) or "…"
    try:
        text = beginning.decode(encoding, errors="ignore" if len(beginning) == _BEGINNING else "strict")
    except (LookupError, UnicodeDecodeError) as error:
        raise LayoutError(f"{source}: is not {encoding} text", hint="name its encoding with --encoding") from error
    lines = text.splitlines(keepends=True)
    if len(beginning) == _BEGINNING and len(lines) > 1:
        lines.pop()
    if not any(line.strip() for line in lines):
        raise LayoutError(f"{source}: is empty")
    lines, skipped, named = _without_head(lines)
    delimiter = options.delimiter or named or _delimiter(lines)
    if len(delimiter) != 1:
        raise SettingsError(f"--delimiter {delimiter!r}: a delimiter is one character")
    above = _above_header(lines, delimiter, {*options.columns.values()})
    lines = lines[len(above) :]
    rows = [row for row in itertools.islice(_rows(lines, delimiter, source), _LOOKED_AT) if row]
    if not rows:
        raise LayoutError(f"{source}: its first rows are empty")
    title = " ".join(text for line in above if (text := line.strip(f"{delimiter} \t\r\n")))
    return _Head(encoding, guessed_by, skipped + len(above), title[:_SHOWN]), delimiter, rows


def _above_header(lines: Sequence[str], delimiter: str, given: set[str]) -> Sequence[str]:
    """The lines above that which names the column of the images: a title, who made the table, when.

    None of them names an image or such a column, nor has more cells that are filled.

    Parameters
    ----------
    given : names of columns that options name
    """
    most = 0
    for number, line in enumerate(lines[:_MOST_ABOVE]):
        cells = [cell.strip() for row in csv_rows([line], delimiter) for cell in row if cell.strip()]
        if any(map(names_an_image, cells)):
            break
        if any(cell in given or role_of(cell) == "image" or plain_name(cell) in IDS.split() for cell in cells):
            return lines[:number] if len(cells) >= max(most, 2) else ()
        most = max(most, len(cells))
    return ()


def _without_head(lines: list[str]) -> tuple[list[str], int, str | None]:
    """The lines from the first row on, how many were before it, and the delimiter that Excel's first line names."""
    excel = _EXCEL.fullmatch(lines[0].strip())
    if excel and len(lines) > 1:
        return lines[1:], 1, excel[1]
    skipped = 0
    # The header itself may begin so: it has the cells of the rows below.
    while lines[skipped].startswith("#") and len(lines) > skipped + 1 and not _is_like(*lines[skipped : skipped + 2]):
        skipped += 1
    return lines[skipped:], skipped, None


def _is_like(line: str, below: str) -> bool:
    """Whether two lines have the same delimiters, or what is below is a comment of one more line."""
    return any(0 < line.count(delimiter) == below.count(delimiter) for delimiter in _DELIMITERS)


def _delimiter(lines: Sequence[str]) -> str:
    """What divides most of the first rows, with images' names in cells of their own, and into an even number of cells.

    Blanks where nothing else does.
    """

    def score(delimiter: str) -> tuple[int, int, int]:
        try:
            rows = [row for row in itertools.islice(csv_rows(lines, delimiter), _LOOKED_AT) if row]
        except csv.Error:
            return 0, 0, 0
        named = sum(any(map(names_an_image, row)) for row in rows)
        return sum(len(row) > 1 for row in rows), named, -len(set(map(len, rows)))

    best = max(_DELIMITERS, key=score)
    return BLANKS if _are_divided_by_blanks(lines, undivided=not score(best)[0], tabs=best == "\t") else best


def _are_divided_by_blanks(lines: Sequence[str], undivided: bool, tabs: bool) -> bool:
    """Whether blanks divide all first rows into as many cells each, and an image's name is one of them."""
    if not undivided and not tabs:
        return False
    rows = [line.split() for line in lines[:_LOOKED_AT] if line.strip()]
    widths = {len(row) for row in rows}
    if tabs and any(" " in line.strip() for line in lines[:_LOOKED_AT]):
        # Columns that were aligned with tabs and blanks; a lone blank is part of a cell.
        return len(widths) == 1 and any("  " in line or " \t" in line for line in lines[:_LOOKED_AT])
    if not undivided or len(widths) != 1 or widths <= {1}:
        return False
    # Without a name the blanks may as well be those of a text.
    named = [any(map(names_an_image, row)) for row in rows]
    return all(named[1:]) and (len(named) > 1 or named[0]) and not any(map(_is_one_name, lines[:_LOOKED_AT]))


def _is_one_name(line: str) -> bool:
    """Whether a whole line reads as a name with blanks in it: `my photo.jpg`."""
    return names_an_image(line) and not names_an_image(line.split()[0])


def divided_by_blanks(lines: Iterable[str]) -> Iterator[str]:
    """The lines with one blank in place of several, and none around."""
    return (" ".join(line.split()) + "\n" for line in lines)


def csv_rows(lines: Iterable[str], delimiter: str) -> "_csv.Reader":
    """The rows of a table; blanks behind a delimiter are no part of a cell, whose quotes come after them."""
    if delimiter == BLANKS:
        return csv.reader(divided_by_blanks(lines), delimiter=delimiter)
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _rows(lines: Sequence[str], delimiter: str, source: Path) -> Iterator[Row]:
    reader = csv_rows(lines, delimiter)
    try:
        yield from reader
    except csv.Error as error:
        raise LayoutError(f"{source}, line {reader.line_num}: {error}") from error


def _look_like_fractions(columns: Columns) -> bool:
    """Whether all coordinates of the first rows lie in 0..1, and not all of them are whole."""
    numbers = columns.coordinates
    return bool(numbers) and all(0 <= n <= 1 for n in numbers) and any(n not in (0, 1) for n in numbers)


def _look_like_percent(columns: Columns) -> bool:
    """Whether all coordinates of the first rows lie in 0..100, some beyond 1, and some with decimals."""
    numbers = columns.coordinates
    return bool(numbers) and min(numbers) >= 0 and 1 < max(numbers) <= _PERCENT and any(n % 1 for n in numbers)


def _are_whole(parts: list[str]) -> bool:
    return all(part.isdecimal() for part in parts)


def _made(columns: Columns) -> tuple[int, int] | None:
    """The columns of tasks and times, where each row is an annotation of Label Studio's, made by somebody."""
    names = [plain_name(name) for name in columns.names]
    time = next((name for name in ("updatedat", "createdat") if name in names), None)
    if time is None or not {"id", "annotator", "annotationid"} <= set(names):
        return None
    return names.index("id"), names.index(time)


def _unneeded(columns: Columns, options: Options) -> Iterator[str]:
    """Says which options nothing in the table has a use for, and what may be meant otherwise than it is taken."""
    if options.min_area != Options().min_area and "runs" not in columns.roles:
        yield "hold no run lengths, for which --min-area is: it is not used"
    if options.fractions is not None and columns.geometry is None and "bbox" not in columns.roles:
        yield "hold no boxes, for which --box-unit is: it is not used"
    if options.fractions is None and _look_like_percent(columns):
        yield "hold no coordinate over 100: taken as pixels, and not as per cent"
    blank = columns.roles.get("group", ())
    if "group" in options.columns and not any(map(str.strip, columns.cells[blank[0]])):
        yield f"taken: {columns.listed([*blank])} as group, which holds nothing in the first rows"


def _undivided(columns: Columns, separators: str) -> Iterator[str]:
    """Says where labels hold commas or blanks, which may be meant to divide them."""
    cells = [cell.strip() for cell in columns.label_cells if not cell.lstrip().startswith("[")]
    held = next((cell for cell in cells if "," in cell), None)
    if held is not None and "," not in separators:
        yield f"label {held!r} holds a comma and is taken as one (--label-separator , divides it)"
    several = any(columns.names[column].lower() in _SEVERAL for column in columns.roles.get("label", ()))
    held = next((cell for cell in cells if " " in cell and (several or _are_whole(cell.split()))), None)
    if columns.header and held is not None and not set(separators) & set(held):
        yield f"label {held!r} holds blanks and is taken as one (--label-separator ' ' divides it)"

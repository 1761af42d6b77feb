"""How a CSV file is laid out: its encoding, its delimiter, which column is what."""

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.files import is_image
from customlabels.datasets.layout import Options

ROLES = {
    "image": "image image_name imagename image_path imagepath image_file img img_path file filename file_name filepath "
    "file_path path name uri source-ref source_ref",
    "label": "label labels class classes class_name classname category categories tag tags",
    "side": "split subset set side partition usage",
    "group": "group",
    "xmin": "xmin x_min x1 xtl",
    "ymin": "ymin y_min y1 ytl",
    "xmax": "xmax x_max x2 xbr",
    "ymax": "ymax y_max y2 ybr",
    "left": "left x bbox_x box_left",
    "top": "top y bbox_y box_top",
    "box_width": "box_width bbox_width bbox_w w",
    "box_height": "box_height bbox_height bbox_h h",
    "width": "image_width img_width",
    "height": "image_height img_height",
}
"""What a column is for, and the names it goes by."""

CORNERS, SIZES = ("xmin", "ymin", "xmax", "ymax"), ("left", "top", "box_width", "box_height")

_DELIMITERS = ",;\t|"

_LOOKED_AT = 100

_AUTOML_SETS = {"train", "training", "validation", "validate", "test", "unassigned"}

_AUTOML_BOX = ("xmin", "ymin", None, None, "xmax", "ymax")
"""Its six or eight coordinates: two corners given, or all four."""

Row = list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """How a CSV file is to be read; `columns` gives the places of each role, several for labels."""

    encoding: str
    delimiter: str
    header: bool
    columns: dict[str, tuple[int, ...]]
    label_rest: int | None
    label_separators: str
    fractions: bool


def describe(source: Path, options: Options) -> Table:
    """How the file is to be read, from its first bytes and what the options say.

    Raises
    ------
    LayoutError : its columns cannot be told
    """
    try:
        with source.open("rb") as file:
            beginning = file.read(1 << 20)
    except OSError as error:
        raise LayoutError(f"{source}: cannot be read ({error.strerror})") from error
    encoding = options.encoding or _encoding(beginning, source)
    try:
        text = beginning.decode(encoding, errors="ignore" if len(beginning) == 1 << 20 else "strict")
    except (LookupError, UnicodeDecodeError) as error:
        raise LayoutError(f"{source}: is not {encoding} text", hint="name its encoding with --encoding") from error
    lines = text.splitlines(keepends=True)
    if len(beginning) == 1 << 20 and len(lines) > 1:
        lines.pop()
    if not any(line.strip() for line in lines):
        raise LayoutError(f"{source}: is empty")
    delimiter = options.delimiter or _delimiter(lines)
    if len(delimiter) != 1:
        raise SettingsError(f"--delimiter {delimiter!r}: a delimiter is one character")
    rows = [row for row in itertools.islice(_rows(lines, delimiter, source), _LOOKED_AT) if row]
    if not rows:
        raise LayoutError(f"{source}: its first rows are empty")
    header, columns, rest = _columns(rows, options, source)
    separators = options.label_separator if options.label_separator is not None else ("|;" if header else "")
    fractions = options.fractions
    if fractions is None:
        fractions = _look_like_fractions(rows[header:], columns)
    return Table(encoding, delimiter, header, columns, rest, separators.replace(delimiter, ""), fractions)


def _encoding(beginning: bytes, source: Path) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if beginning.startswith(mark):
            return encoding
    # The last character may be cut off; whatever else is wrong in it is no UTF-8.
    for end in (len(beginning), *(len(beginning) - cut for cut in (1, 2, 3) if len(beginning) == 1 << 20)):
        try:
            beginning[:end].decode()
        except UnicodeDecodeError:
            continue
        return "utf-8"
    from charset_normalizer import from_bytes

    best = from_bytes(beginning[: 1 << 16]).best()
    if best is None:
        raise LayoutError(f"{source}: is no text", hint="name its encoding with --encoding")
    return best.encoding


def _delimiter(lines: Sequence[str]) -> str:
    """The one that divides most of the first rows, and into the most even number of cells."""

    def score(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in itertools.islice(csv.reader(lines, delimiter=delimiter), _LOOKED_AT) if row]
        except csv.Error:
            return 0, 0
        return sum(width > 1 for width in widths), -len(set(widths))

    return max(_DELIMITERS, key=score)


def _columns(rows: list[Row], options: Options, source: Path) -> tuple[bool, dict[str, tuple[int, ...]], int | None]:
    """Whether there is a header, the places of each role, and from which place on every cell is a label."""
    first = [cell.strip() for cell in rows[0]]
    named = {role: name for role, name in options.columns.items() if not name.isdigit()}
    known = {place: role for place, cell in enumerate(first) if (role := _role(cell))}
    header = bool(named) or "image" in known.values() or not _names_an_image(first)
    if not header and not options.columns:
        automl = _automl(rows)
        return (False, automl, None) if automl else (False, {"image": (0,)}, 1)
    columns: dict[str, tuple[int, ...]] = {}
    if header:
        lowered = {cell.lower() for cell in first}
        for place, role in known.items():
            if role not in options.columns:
                columns[role] = (*columns.get(role, ()), place) if role == "label" else columns.get(role, (place,))
        # Plain width and height are the box's beside left and top, the image's beside corners.
        plain = ("box_width", "box_height") if lowered & {"left", "x"} else ("width", "height")
        for name, role in zip(("width", "height"), plain, strict=True):
            if name in lowered and role not in columns:
                columns[role] = ([cell.lower() for cell in first].index(name),)
    for role, text in options.columns.items():
        columns[role] = tuple(_place(part.strip(), first, header, source, role) for part in text.split(","))
    if "image" not in columns:
        raise LayoutError(
            f"{source}: no column is known to name the images; its columns are {', '.join(map(repr, first))}",
            hint="say which it is, by name or number: --column image=NAME --column label=NAME",
        )
    corners = [all(role in columns for role in roles) for roles in (CORNERS, SIZES)]
    some = [role for role in (*CORNERS, *SIZES) if role in columns]
    if any(corners) or not some:
        return header, columns, None
    missing = [role for role in (CORNERS if some[0] in CORNERS else SIZES) if role not in columns]
    raise LayoutError(
        f"{source}: columns of boxes are missing: {', '.join(missing)}",
        hint="a box takes xmin, ymin, xmax, ymax or left, top, width, height; name a column with --column ROLE=NAME",
    )


def _role(cell: str) -> str | None:
    return next((role for role, names in ROLES.items() if cell.lower() in names.split()), None)


def _place(text: str, header: Row, has_header: bool, source: Path, role: str) -> int:
    if role not in ROLES:
        raise SettingsError(f"--column {role}=…: the roles of columns are {', '.join(ROLES)}")
    if has_header and text in header:
        return header.index(text)
    if text.isdigit() and int(text) > 0:
        return int(text) - 1
    raise LayoutError(f"{source}: has no column {text!r}; its columns are {', '.join(map(repr, header))}")


def _names_an_image(row: Row) -> bool:
    return any(is_image(cell) or cell.startswith(("s3://", "gs://")) for cell in row[:2])


def _automl(rows: list[Row]) -> dict[str, tuple[int, ...]] | None:
    """The columns of Google AutoML's CSV: [set,] image, then labels, or a label and six or eight coordinates."""
    start = int(rows[0][0].strip().lower() in _AUTOML_SETS)
    boxed = any(_is_coordinate(row, start + 2) for row in rows)
    if not start and not boxed:
        return None
    columns: dict[str, tuple[int, ...]] = {"side": (0,)} if start else {}
    columns["image"] = (start,)
    if not boxed:
        return columns | {"label": tuple(range(start + 1, max(map(len, rows))))}
    columns["label"] = (start + 1,)
    return columns | {role: (start + 2 + place,) for place, role in enumerate(_AUTOML_BOX) if role}


def _is_coordinate(row: Row, place: int) -> bool:
    return len(row) >= place + 6 and all(map(_is_number, (row[place], row[place + 1], row[place + 4], row[place + 5])))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _look_like_fractions(rows: list[Row], columns: dict[str, tuple[int, ...]]) -> bool:
    """Whether all coordinates of the first rows lie in 0..1, and not all of them are whole."""
    places = [columns[role][0] for role in (*CORNERS, *SIZES) if role in columns]
    cells = [row[place] for row in rows for place in places if place < len(row) and _is_number(row[place])]
    numbers = [float(cell) for cell in cells]
    return bool(numbers) and all(0 <= n <= 1 for n in numbers) and any(n not in (0, 1) for n in numbers)


def _rows(lines: Sequence[str], delimiter: str, source: Path) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        yield from reader
    except csv.Error as error:
        raise LayoutError(f"{source}, line {reader.line_num}: {error}") from error

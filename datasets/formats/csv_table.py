"""CSV files: an image a row, or a label or a box a row; columns by name, by number, or as known tools write them."""

import csv
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.files import written_aside
from customlabels.datasets.files import is_image
from customlabels.datasets.layout import SUBSETS, Annotated, Format, Layout, Options, below_images
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

FILE = "labels.csv"
ENDINGS = {".csv", ".tsv", ".txt"}
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

_CORNERS, _SIZES = ("xmin", "ymin", "xmax", "ymax"), ("left", "top", "box_width", "box_height")
_DELIMITERS = ",;\t|"
_LOOKED_AT = 100
_LONGEST_ROW = 1_000_000
"""Characters."""

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
    rows = [row for row in itertools.islice(_parsed(lines, delimiter, source), _LOOKED_AT) if row]
    if not rows:
        raise LayoutError(f"{source}: its first rows are empty")
    header, columns, rest = _columns(rows, options, source)
    separators = options.label_separator if options.label_separator is not None else ("|;" if header else "")
    fractions = options.fractions
    if fractions is None:
        fractions = _look_like_fractions(rows[header:], columns)
    return Table(encoding, delimiter, header, columns, rest, separators.replace(delimiter, ""), fractions)


def joined(images: Iterable[Annotated], findings: list[Finding]) -> Iterator[Annotated]:
    """Each image once, with the labels and boxes of all its rows."""
    held: dict[str, Annotated] = {}
    for image in images:
        before = held.get(image.name)
        held[image.name] = image if before is None else _together(before, image, findings)
    yield from held.values()


def joined_neighbours(images: Iterable[Annotated], findings: list[Finding]) -> Iterator[Annotated]:
    """As `joined`, holding one image at a time and the names of all.

    Raises
    ------
    Scattered : rows of one image do not follow each other
    """
    seen: set[str] = set()
    held: Annotated | None = None
    for image in images:
        if held is not None and held.name == image.name:
            held = _together(held, image, findings)
            continue
        if held is not None:
            yield held
        if image.name in seen:
            raise Scattered
        seen.add(image.name)
        held = image
    if held is not None:
        yield held


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


def _parsed(lines: Iterable[str], delimiter: str, source: Path) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        yield from reader
    except csv.Error as error:
        raise LayoutError(f"{source}, line {reader.line_num}: {error}") from error


def _bounded(file: TextIO, source: Path) -> Iterator[str]:
    """The lines of a file, none of which may be endless."""
    for number in itertools.count(1):
        line = file.readline(_LONGEST_ROW)
        if not line:
            return
        if len(line) == _LONGEST_ROW and not line.endswith("\n"):
            raise LayoutError(f"{source}, line {number}: is longer than {_LONGEST_ROW:,} characters")
        yield line


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
    corners = [all(role in columns for role in roles) for roles in (_CORNERS, _SIZES)]
    some = [role for role in (*_CORNERS, *_SIZES) if role in columns]
    if any(corners) or not some:
        return header, columns, None
    missing = [role for role in (_CORNERS if some[0] in _CORNERS else _SIZES) if role not in columns]
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
    places = [columns[role][0] for role in (*_CORNERS, *_SIZES) if role in columns]
    cells = [row[place] for row in rows for place in places if place < len(row) and _is_number(row[place])]
    numbers = [float(cell) for cell in cells]
    return bool(numbers) and all(0 <= n <= 1 for n in numbers) and any(n not in (0, 1) for n in numbers)


def _images(source: Path, table: Table, findings: list[Finding]) -> Iterator[Annotated]:
    """An image a row; what is wrong with a row goes to `findings`."""
    columns, rest = table.columns, table.label_rest
    (image_place,) = columns["image"]
    label_places = columns.get("label", ())
    plain, separators = set(columns) <= {"image", "label"}, table.label_separators
    where = f"{source.name}, row "
    with source.open(newline="", encoding=table.encoding) as file:
        rows = _parsed(_bounded(file, source), table.delimiter, source)
        try:
            if table.header:
                next(rows, None)
            for number, row in enumerate(rows, 1 + table.header):
                if not row:
                    continue
                name = row[image_place].strip() if image_place < len(row) else ""
                if not name:
                    findings.append(Finding(f"{where}{number}", "names no image", fatal=True))
                    continue
                if plain:
                    cells = row[rest:] if rest is not None else [row[p] for p in label_places if p < len(row)]
                    for separator in separators:
                        if any(separator in cell for cell in cells):
                            cells = [part for cell in cells for part in cell.split(separator)]
                    labels = [cell.strip() for cell in cells]
                    if "" in labels:
                        labels = [label for label in labels if label]
                    if len(labels) > 1:
                        labels = list(dict.fromkeys(labels))
                    yield Annotated(name, f"{where}{number}", tuple(labels))
                    continue
                try:
                    yield _row(row, name, f"{where}{number}", columns, separators, table.fractions)
                except ValueError as error:
                    findings.append(Finding(f"{where}{number}", f"{name}: {error}", fatal=True))
        except UnicodeDecodeError as error:
            raise LayoutError(
                f"{source}: is not {table.encoding} text throughout ({error.reason})",
                hint="name its encoding with --encoding",
            ) from error


def _row(
    row: Row, name: str, where: str, columns: dict[str, tuple[int, ...]], separators: str, fractions: bool
) -> Annotated:
    """The image of one row.

    Raises
    ------
    ValueError : a sentence saying what is wrong with the row
    """

    def cell(role: str) -> str:
        place = columns.get(role, (len(row),))[0]
        return row[place].strip() if place < len(row) else ""

    parts = [row[place] for place in columns.get("label", ()) if place < len(row)]
    for separator in separators:
        parts = [part for text in parts for part in text.split(separator)]
    labels = [part.strip() for part in parts if part.strip()]
    image = Annotated(name, where, tuple(dict.fromkeys(labels)), group=cell("group") or None)
    side = cell("side").lower()
    if side and side != "unassigned":
        if side not in SUBSETS and side != "validate":
            raise ValueError(f"{side!r} is no part of a split; it takes train, validation or test")
        image = image._replace(subset=SUBSETS.get(side, "validation"))
    if cell("width") and cell("height"):
        image = image._replace(size=(int(_number(cell("width"))), int(_number(cell("height")))))
    roles = _CORNERS if "xmin" in columns else _SIZES
    if roles[0] not in columns:
        return image
    texts = [cell(role) for role in roles]
    if not any(texts):
        # A row without coordinates labels the image as a whole, or, without a label too, says that it is empty.
        return image if labels else image._replace(boxes=())
    if len(labels) != 1:
        raise ValueError("a box needs one label" if labels else "its box has no label")
    left, top, right, bottom = map(_number, texts)
    if roles is _SIZES:
        right, bottom = left + right, top + bottom
    box = Box(labels[0], left, top, right - left, bottom - top)
    return image._replace(labels=(), boxes=(box,), relative=fractions)


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
    return before._replace(
        labels=tuple(dict.fromkeys((*before.labels, *image.labels))),
        boxes=boxes,
        relative=before.relative or image.relative,
        size=before.size or image.size,
        subset=before.subset or image.subset,
        group=before.group or image.group,
    )


FORMAT = Format("csv", "a table of images, labels and boxes", recognises, read, place, save)

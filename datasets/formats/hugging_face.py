"""Hugging Face image folders: metadata.jsonl, .csv or .parquet beside the images; Parquet files with images in them.

A row names its image in `file_name`; `label` or `labels` are of the whole image, `objects` holds boxes (left, top,
width, height in pixels) and their categories. `--column label=NAME` and `--column objects=NAME` take others.
Source: https://huggingface.co/docs/datasets/image_dataset
"""

import csv
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import walk
from customlabels.datasets.formats.coco import CROWDS
from customlabels.datasets.formats.csv_names import plain_name
from customlabels.datasets.formats.csv_rows import labels_in
from customlabels.datasets.formats.documents import Document, beginning, below, first_object, is_number, objects
from customlabels.datasets.formats.label_names import label_name
from customlabels.datasets.layout import ELSEWHERE, Annotated, Format, Layout, Options, below_side, parts_of
from customlabels.datasets.model import Box, Dataset, Finding, Side

FILES = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
NAME = "file_name"
_WHAT = "metadata of a Hugging Face data set"
_OBJECTS = ("objects", "annotations")
_BOXES, _CATEGORIES = ("bbox", "bboxes", "boxes"), ("categories", "category", "labels", "label", "classes", "class")
_CROWD = "iscrowd"
_LOOKED_AT = 1000

Row = tuple[int, Document | str]
"""The number of a row, and it, or why it is none."""


def recognises(source: Path, _: Options) -> bool:
    return bool(_metadata(source)) or bool(_parquet(source))


def _metadata(source: Path) -> list[Path]:
    """The metadata files of a folder; `source` where it is one."""
    if source.is_file():
        return [source] if _is_metadata(source) else []
    if not source.is_dir():
        return []
    names = (name for name in walk(source) if name.rpartition("/")[2] in FILES)
    return [source / name for name in names if _is_metadata(source / name)]


def _is_metadata(path: Path) -> bool:
    ending = path.suffix.lower()
    if ending == ".jsonl":
        return _names_file(first_object(path))
    if ending == ".csv":
        first = beginning(path).decode(errors="replace").partition("\n")[0]
        return path.name in FILES and _names_file(dict.fromkeys(next(csv.reader([first.strip()]), [])))
    return path.name in FILES


def _names_file(row: Document) -> bool:
    return NAME in row or any(str(key).endswith(f"_{NAME}") for key in row)


def _parquet(source: Path) -> list[Path]:
    """The Parquet files of a folder that hold images; `source` where it is one."""
    if source.is_file():
        return [source] if source.suffix.lower() == ".parquet" and source.name not in FILES else []
    folders = [source, *(source / name for name in ("data", "default"))]
    files = (path for folder in folders if folder.is_dir() for path in folder.iterdir())
    return sorted(path for path in files if path.suffix.lower() == ".parquet" and path.name not in FILES)


def read(source: Path, options: Options) -> Layout:
    """The images that metadata describe, or that lie in Parquet files, which are unpacked for as long as it takes.

    Raises
    ------
    LayoutError : there are no metadata, or it is not plain which column holds the label
    """
    folder = source if source.is_dir() else source.parent
    files = _metadata(source)
    if not files and _parquet(source):
        from customlabels.datasets.formats.hugging_face_parquet import read_images

        return read_images(_parquet(source), folder, options)
    if not files:
        raise LayoutError(f"{source}: holds no {_WHAT}", hint="metadata.jsonl names an image in file_name a line")
    layout = Layout((options.images or folder).resolve(), ())
    names = [path.relative_to(folder).as_posix() for path in files]
    layout.files.update(names)
    subsets = parts_of(names)
    layout.images = _agreed(
        itertools.chain.from_iterable(
            images_of(_rows(path), name, subsets[name], options, layout.findings)
            for path, name in zip(files, names, strict=True)
        )
    )
    return layout


def _rows(path: Path) -> Iterator[Row]:
    ending = path.suffix.lower()
    if ending == ".csv":
        yield from _rows_of_csv(path)
    elif ending == ".parquet":
        from customlabels.datasets.formats.hugging_face_parquet import rows_of

        yield from rows_of(path)
    else:
        yield from objects(path, _WHAT)


def _rows_of_csv(path: Path) -> Iterator[Row]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.DictReader(file, skipinitialspace=True), 2):
                beyond = next((cell for cell in row.get(None) or () if cell.strip()), None)
                if beyond is not None:
                    yield number, f"{beyond!r} stands beyond the last column"
                else:
                    yield number, {str(key): _parsed(cell) for key, cell in row.items() if key is not None}
    except UnicodeDecodeError as error:
        raise LayoutError(f"{path}: is not UTF-8, as {_WHAT} are", hint="save it as UTF-8") from error
    except csv.Error as error:
        raise LayoutError(f"{path}: no {_WHAT}: {error}") from error


def _parsed(cell: Any) -> Any:
    """A cell that holds a list or an object, as JSON writes it; else its text."""
    if isinstance(cell, str) and cell.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return cell or None


def images_of(
    rows: Iterable[Row], file: str, subset: str | None, options: Options, findings: list[Finding]
) -> Iterator[Annotated]:
    """The images that rows describe; their names are seen from the folder of their file.

    Raises
    ------
    LayoutError : it is not plain which column holds the label
    """
    ahead = iter(rows)
    first = list(itertools.islice(ahead, _LOOKED_AT))
    columns = [key for _, row in first if isinstance(row, dict) for key, value in row.items() if value is not None]
    name = next((key for key in columns if key == NAME or key.endswith(f"_{NAME}")), NAME)
    placed = options.columns.get("objects") or next((key for key in columns if key in _OBJECTS), None)
    labelled = _label_columns(columns, name, placed, options, file)
    taken = {name, placed, *labelled}
    unread = ", ".join(repr(key) for key in dict.fromkeys(columns) if key not in taken)
    if labelled and not set(labelled) <= {"label", "labels"}:
        findings.append(Finding(file, f"columns taken: {', '.join(map(repr, labelled))} as label", fatal=False))
    if unread:
        findings.append(Finding(file, f"columns not read: {unread} (--column label=NAME)", fatal=False))
    separators = options.label_separator or ("|;" if file.endswith(".csv") else "")
    for number, row in itertools.chain(first, _watched(ahead, {*columns, name}, taken, file, findings)):
        where = f"{file}, row {number}"
        image = row if isinstance(row, str) else row.get(name)
        if isinstance(row, str) or not isinstance(image, str) or not image:
            findings.append(Finding(where, row if isinstance(row, str) else f"has no {name}", fatal=True))
        else:
            yield _image(row, below(image, file), where, subset, labelled, placed, separators)


def _watched(
    rows: Iterable[Row], known: set[str], taken: set[str | None], file: str, findings: list[Finding]
) -> Iterator[Row]:
    """The rows behind the first ones; a column that was blank before and is not read is named where it is filled."""
    for number, row in rows:
        if isinstance(row, dict) and not row.keys() <= known:
            late = [key for key, value in row.items() if value is not None and key not in known]
            known.update(late)
            if unread := ", ".join(repr(key) for key in late if key not in taken):
                message = f"columns not read, and blank in the first rows: {unread} (--column label=NAME)"
                findings.append(Finding(f"{file}, row {number}", message, fatal=False))
        yield number, row


def _label_columns(columns: list[str], name: str, placed: str | None, options: Options, file: str) -> list[str]:
    """The columns of labels; none where objects have their own."""
    free = [key for key in columns if key not in (name, placed)]
    plain: list[str] = [key for key in ("label", "labels") if key in free]
    if "label" not in options.columns and (plain or placed is not None):
        return plain
    chosen = label_name(free, options, file, "column")
    if chosen is None:
        raise LayoutError(f"{file}: has no column of labels beside {name}", hint="say which: --column label=NAME")
    if "label" not in options.columns and plain_name(chosen) == "text":
        raise LayoutError(f"{file}: 'text' describes images, and is no label", hint="--column label=text takes it")
    return [chosen]


def _image(
    row: Document,
    name: str,
    where: str,
    subset: str | None,
    labelled: list[str],
    placed: str | None,
    separators: str,
) -> Annotated:
    labels: list[str] = []
    faults = []
    for column in labelled:
        value = row.get(column)
        if isinstance(value, str):
            try:
                value = list(labels_in((value,), separators))
            except ValueError as error:
                faults.append(Finding(where, f"{name}: {column}: {error}", fatal=True))
                continue
        for label in value if isinstance(value, list) else [value]:
            text = label_of(label)
            if text:
                labels.append(text)
            elif label is not None and label != "":
                faults.append(Finding(where, f"{name}: {column} {label!r} is no label", fatal=True))
    boxes, crowds = None, 0
    if placed is not None and placed in row:
        boxes, wrong, crowds = _boxes(row[placed])
        faults += [Finding(where, f"{name}: {message}", fatal=True) for message in wrong]
    return Annotated(
        name,
        where,
        tuple(dict.fromkeys(labels)),
        boxes,
        subset=subset,
        faults=tuple(faults),
        left_out=(CROWDS,) * crowds,
    )


def label_of(value: object) -> str:
    """A label that is a text or a whole number; empty where it is neither."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _boxes(value: object) -> tuple[tuple[Box, ...], list[str], int]:
    """The boxes of `objects`, a table of lists or a list of tables, what is wrong with others, and how many are crowds.

    Those are no boxes of one thing, and are left out as COCO's are.
    """
    value = _parsed(value)
    if value is None or value == []:
        return (), [], 0
    entries = _entries(value)
    if entries is None:
        return (), ["its objects have to hold as many bbox as categories"], 0
    boxes, wrong, crowds = [], [], 0
    for number, (numbers, category, is_crowd) in enumerate(entries, 1):
        label = label_of(category)
        if is_crowd:
            crowds += 1
        elif not label:
            wrong.append(f"object {number} has no category")
        elif not isinstance(numbers, list) or len(numbers) != 4 or not all(map(is_number, numbers)):
            wrong.append(f"object {number}: bbox has to hold left, top, width and height")
        else:
            boxes.append(Box(label, *map(float, numbers)))
    return tuple(boxes), wrong, crowds


def _entries(value: object) -> list[tuple[object, object, object]] | None:
    if isinstance(value, dict):
        numbers, categories = _first(value, _BOXES), _first(value, _CATEGORIES)
        if isinstance(numbers, list) and isinstance(categories, list) and len(numbers) == len(categories):
            crowds = value.get(_CROWD)
            if not isinstance(crowds, list) or len(crowds) != len(numbers):
                crowds = [False] * len(numbers)
            return list(zip(numbers, categories, crowds, strict=True))
        return None
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return [(_first(entry, _BOXES), _first(entry, _CATEGORIES), entry.get(_CROWD)) for entry in value]
    return None


def _first(table: Document, keys: tuple[str, ...]) -> object:
    return next((table[key] for key in keys if key in table), None)


def _agreed(images: Iterable[Annotated]) -> Iterator[Annotated]:
    """Each image once, where several files that say the same describe it; a fault where they do not."""
    held: dict[str, Annotated] = {}
    for image in images:
        before = held.get(image.name)
        if before is None:
            held[image.name] = image
        elif (before.labels, before.boxes or (), before.faults) != (image.labels, image.boxes or (), ()):
            fault = Finding(image.where, f"{image.name}: is marked otherwise in {before.where}", fatal=True)
            held[image.name] = msgspec.structs.replace(before, faults=(*before.faults, *image.faults, fault))
    yield from held.values()


def save(dataset: Dataset) -> None:
    """Writes metadata.jsonl, one a side where there are sides."""
    for side in (None, *Side):
        records = [record for record in dataset.records if record.side is side]
        if not records:
            continue
        folder = f"{side.value}/" if side else ""
        with written_aside(dataset.root / folder / FILES[0]) as file:
            for record in records:
                line: Document = {NAME: record.name.removeprefix(folder)}
                if record.labels:
                    line["labels"] = record.labels
                if record.boxes is not None:
                    line["objects"] = {
                        "bbox": [[box.left, box.top, box.width, box.height] for box in record.boxes],
                        "categories": [box.label for box in record.boxes],
                    }
                file.write(msgspec.json.encode(line) + b"\n")


FORMAT = Format(
    "hugging-face",
    "Hugging Face's metadata.jsonl, Parquet",
    recognises,
    read,
    below_side,
    save,
    tells=True,
    takes=ELSEWHERE | {"label_separator"},
    roles=frozenset({"label", "objects"}),
)

"""JSON files of annotation tools: looked into, read within a limit, line by line where they are long."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeGuard

import msgspec

from customlabels.core.errors import LayoutError
from customlabels.datasets.files import read_bounded
from customlabels.datasets.layout import Annotated, Layout, Options, part_called, subset_of
from customlabels.datasets.model import Finding

MAX_BYTES = 1_000_000_000
MAX_LINE = 100_000_000
_PEEK = 1 << 16
_FIRST = 1 << 20
_MARK = b"\xef\xbb\xbf"

Document = dict[str, Any]
SideFile = tuple[Path, str, str | None]
"""A file, its name below the source, the side that it is for where there are several."""

ImagesOf = Callable[[Path, str, str | None, list[Finding]], Iterator[Annotated]]
"""The images of a side's file; what is wrong with it joins the findings."""


def beginning(path: Path, count: int = _PEEK) -> bytes:
    """The first bytes of a file; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(count).removeprefix(_MARK)
    except OSError:
        return b""


def first_object(path: Path) -> Document:
    """The first object of a file of objects, be they in an array or a line each; an empty one where there is none.

    Looked for in the first megabyte.
    """
    text = beginning(path, _FIRST).decode(errors="ignore").lstrip()
    start = text.find("{")
    if start < 0 or text[:start].strip() not in ("", "["):
        return {}
    try:
        document, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def whole(path: Path, what: str) -> Any:
    """All of a JSON file.

    Raises
    ------
    LayoutError : it is none, or too long
    """
    try:
        return msgspec.json.decode(read_bounded(path, MAX_BYTES).removeprefix(_MARK))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LayoutError(f"{path}: no {what}: {error}") from error


def objects(path: Path, what: str) -> Iterator[tuple[int, Document | str]]:
    """The objects of a file, an array or a line each, counted from 1; in place of what is none, why.

    Raises
    ------
    LayoutError : it cannot be read, or is an array with something wrong in it
    """
    if beginning(path).lstrip()[:1] == b"[":
        for number, document in enumerate(whole(path, what), 1):
            yield number, document if isinstance(document, dict) else "is no JSON object"
        return
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise LayoutError(f"{path}, line {number}: is longer than {MAX_LINE:,} bytes")
                if line.removeprefix(_MARK).strip():
                    yield number, _object(line.removeprefix(_MARK))
    except OSError as error:
        raise LayoutError(f"{path}: cannot be read ({error.strerror})") from error


def _object(line: bytes) -> Document | str:
    try:
        document = msgspec.json.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return f"is no JSON: {error}"
    return document if isinstance(document, dict) else "is no JSON object"


def looks_like(source: Path, endings: tuple[str, ...], is_one: Callable[[Path], bool]) -> bool:
    """Whether a file is of a format, or a folder holds files of it."""
    if source.is_file() and (source.suffix.lower() not in endings or not is_one(source)):
        return False
    return bool(files_of(source, endings, is_one))


def files_of(source: Path, endings: tuple[str, ...], is_one: Callable[[Path], bool]) -> list[Path]:
    """The files of a format: `source`, or those right in a folder and in the folders of its sides."""
    if source.is_file():
        return [source]
    if not source.is_dir():
        return []
    sides = [Path(entry) for entry in os.scandir(source) if entry.is_dir() and part_called(entry.name)]
    # Most files of a folder are images: they are not worth a look, nor a Path.
    names = ((folder, entry.name) for folder in (source, *sorted(sides)) for entry in os.scandir(folder))
    paths = [folder / name for folder, name in names if name.lower().endswith(endings)]
    return [path for path in sorted(paths) if path.is_file() and is_one(path)]


def layout_of_files(
    source: Path,
    options: Options,
    endings: tuple[str, ...],
    is_one: Callable[[Path], bool],
    what: str,
    *,
    is_of_image: Callable[[Path], bool] | None = None,
) -> tuple[Layout, list[SideFile]]:
    """The layout of a file, or of the files of a folder, one a side; and those files, whose images it has not got yet.

    Parameters
    ----------
    is_of_image : whether a file is that of one image; several of such are read together

    Raises
    ------
    LayoutError : there is no file, or several are of the same side
    """
    own = files_of(source, endings, is_one)
    each = is_of_image is not None and len(own) > 1 and all(map(is_of_image, own))
    files = _one_an_image(source, own) if each else _one_a_side(source, own, what)
    folder = source if source.is_dir() else source.parent
    layout = Layout((options.images or folder).resolve(), ())
    layout.files |= {name for _, name, _ in files}
    return layout, files


def read_files(
    source: Path,
    options: Options,
    endings: tuple[str, ...],
    is_one: Callable[[Path], bool],
    what: str,
    images_of: ImagesOf,
    *,
    is_of_image: Callable[[Path], bool] | None = None,
) -> Layout:
    """As `layout_of_files`, with the images of each file, made as they are asked for.

    Raises
    ------
    LayoutError : there is no file, or several are of the same side
    """
    layout, files = layout_of_files(source, options, endings, is_one, what, is_of_image=is_of_image)
    layout.images = (image for file, name, subset in files for image in images_of(file, name, subset, layout.findings))
    return layout


def _one_an_image(source: Path, files: list[Path]) -> list[SideFile]:
    names = [path.relative_to(source).as_posix() for path in files]
    return [(path, name, part_called(*name.split("/")[-2::-1])) for path, name in zip(files, names, strict=True)]


def _one_a_side(source: Path, files: list[Path], what: str) -> list[SideFile]:
    """Files with their names below the source, and the side of each where there are several.

    Raises
    ------
    LayoutError : there is none, or several are of the same side
    """
    if not files:
        raise LayoutError(f"{source}: holds no {what}")
    folder = source if source.is_dir() else source.parent
    names = [path.relative_to(folder).as_posix() for path in files]
    of_folders = [part_called(*reversed(path.relative_to(folder).parts[:-1])) for path in files]
    of_names = [subset_of(path.stem) if len(files) > 1 else part_called(path.stem) for path in files]
    sides = [own or other for own, other in zip(of_names, of_folders, strict=True)]
    if len(files) > 1 and (None in sides or len(set(sides)) < len(sides)):
        raise LayoutError(f"{source}: there are several: {', '.join(names)}", hint="name the one that is to be read")
    in_folders = [side if len(files) > 1 or "/" in name else None for name, side in zip(names, sides, strict=True)]
    return list(zip(files, names, in_folders, strict=True))


def below(name: str, file: str) -> str:
    """The name of an image as its file writes it, seen from the source: below the file's folder."""
    folder = file.rpartition("/")[0]
    if not folder or name.startswith((f"{folder}/", "/")) or "://" in name:
        return name
    return f"{folder}/{name}"


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value of a document is a number that can be a coordinate."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def numbers(document: object, keys: tuple[str, ...]) -> list[float]:
    """The numbers under some keys.

    Raises
    ------
    ValueError : one is missing or is none
    """
    if not isinstance(document, dict):
        raise ValueError(f"has no {', '.join(keys)}")
    for key in keys:
        if not is_number(document.get(key)):
            raise ValueError(f"{key}: {document[key]!r} is no number" if key in document else f"{key} is missing")
    return [float(document[key]) for key in keys]


def points(values: object) -> list[tuple[float, float]]:
    """Points out of a list of pairs, or of objects with x and y.

    Raises
    ------
    ValueError : there are none, or one is something else
    """
    if not isinstance(values, list) or not values:
        raise ValueError("has no points")
    pairs = []
    for value in values:
        pair = [value.get("x"), value.get("y")] if isinstance(value, dict) else value
        if not isinstance(pair, list) or len(pair) != 2 or not all(map(is_number, pair)):
            raise ValueError(f"{value!r} is no point")
        pairs.append((float(pair[0]), float(pair[1])))
    return pairs

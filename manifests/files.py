"""Manifest files read line by line, however large or odd they are; JSON of other shapes is told from them."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

import orjson

from customlabels.core.errors import LayoutError, ManifestError
from customlabels.datasets.files import read_bounded
from customlabels.manifests.entries import LONGEST_LINE
from customlabels.manifests.faults import PART, Fault
from customlabels.manifests.validation import MAX_BYTES

MAX_RELINED = 200_000_000
"""Bytes of a file that has to be held whole, as its lines are not those of a manifest."""

ARRAY, SPREAD = "one JSON array", "JSON objects over several lines"
"""What people have in the place of a JSON object a line."""

_CHUNK = 1 << 18
"""Bytes read at once."""

_BOM = b"\xef\xbb\xbf"


def manifest_lines(path: Path) -> Iterator[bytes]:
    """The lines of the file; of one that is too long only as much as shows that it is.

    Raises
    ------
    ManifestError : it cannot be read
    """
    try:
        with path.open("rb", _CHUNK) as file:
            yield from bounded_lines(file)
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror})") from error


def bounded_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, none longer than one byte over LONGEST_LINE and its line end."""
    most = LONGEST_LINE + 2
    for line in iter(partial(file.readline, most), b""):
        yield line
        while len(line) >= most and not line.endswith(b"\n"):
            # What is left of a line that is too long.
            line = file.readline(most)


def other_shape(path: Path) -> str | None:
    """What a file holds that is not one JSON object a line, so far as its beginning tells; None where it may be lines.

    Raises
    ------
    ManifestError : it cannot be read
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(_CHUNK).removeprefix(_BOM).lstrip()
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror})") from error
    if beginning.startswith(b"["):
        return ARRAY
    first = beginning.partition(b"\n")[0].rstrip()
    # The first line of an object that goes on breaks off where a key, a value or a comma ends.
    return SPREAD if first.startswith(b"{") and first.endswith((b"{", b"[", b",")) else None


def refuse_other_shape(path: Path) -> None:
    """
    Raises
    ------
    LayoutError : the file is not one JSON object a line, but can be made so
    """
    shape = other_shape(path)
    if shape is not None:
        raise LayoutError(
            f"{path}: holds {shape}, and a manifest is one object a line",
            hint=f"customlabels manifest validate {path} --fix NEW.manifest writes it so",
        )


def relined(path: Path) -> Iterator[bytes]:
    """The lines of a manifest, ending in newlines, made of a file that holds its objects in another shape.

    Raises
    ------
    ManifestError : it cannot be read, is too large to be held whole, or no JSON
    """
    try:
        data = read_bounded(path, MAX_RELINED).removeprefix(_BOM)
        values = orjson.loads(data) if data.lstrip().startswith(b"[") else _objects(data.decode())
        for value in values:
            yield orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: {error}") from error


def _objects(text: str) -> Iterator[object]:
    """JSON values that follow each other, with commas between them or without."""
    decoder, start = json.JSONDecoder(), 0
    while True:
        while start < len(text) and text[start] in " \t\r\n,":
            start += 1
        if start == len(text):
            return
        value, start = decoder.raw_decode(text, start)
        yield value


def file_fault(name: str, size: int) -> Fault | None:
    """The fault of a manifest file as a whole: its name (a path or key) or its size in bytes."""
    if not PurePosixPath(name).suffix:
        return Fault("ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT", PART)
    return Fault("ERROR_MANIFEST_SIZE_TOO_LARGE", PART) if size > MAX_BYTES else None

"""JSON lines that only ever grow: each is on disk before anyone is told that it was taken."""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from customlabels.core.errors import LayoutError

MOST_BYTES = 4_000_000
"""Of a line."""


def add(path: Path, documents: Iterable[Mapping[str, Any]]) -> None:
    """Adds a line each, all or none; on disk when this returns, whoever else adds at the same time.

    What was cut off by a crash, and so told to nobody, is taken away first; a whole document without its line's end,
    as a person leaves it, is ended.
    """
    lines = (json.dumps(document, ensure_ascii=False, allow_nan=False) for document in documents)
    body = b"".join(line.encode() + b"\n" for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path.with_name(f".{path.name}.lock")):
        is_new = not path.exists()
        with path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            whole = _whole(file, size)
            if whole != size:
                file.seek(whole)
                if _is_document(file.read()):
                    body = b"\n" + body
                else:
                    file.truncate(whole)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def read(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The number and the document of each line, in order; nothing where there is no file.

    A last line that was cut off is none; one that only lacks its end is.

    Raises
    ------
    LayoutError : another line that is no JSON object
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for number, line in enumerate(iter(lambda: file.readline(MOST_BYTES), b""), 1):
            if not line.endswith(b"\n"):
                if len(line) >= MOST_BYTES:
                    raise LayoutError(f"{path}, line {number}: is over {MOST_BYTES / 1e6:.0f} MB")
                if not _is_document(line):
                    return
            try:
                document = json.loads(line, parse_constant=_no_number)
            except (ValueError, RecursionError) as error:
                raise LayoutError(f"{path}, line {number}: is no JSON ({error})") from error
            if not isinstance(document, dict):
                raise LayoutError(f"{path}, line {number}: is no JSON object")
            yield number, document


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else is within such a block of that lock file; it is free again whatever ends the process."""
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_document(line: bytes) -> bool:
    """Whether a line that does not end is whole all the same: a JSON object is not one as long as its brace is open."""
    try:
        return isinstance(json.loads(line, parse_constant=_no_number), dict)
    except (ValueError, RecursionError):
        return False


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _whole(file: Any, size: int) -> int:
    """How many bytes there are up to the end of the last whole line."""
    end = size
    while end:
        start = max(0, end - (1 << 16))
        file.seek(start)
        position = file.read(end - start).rfind(b"\n")
        if position >= 0:
            return int(start + position + 1)
        end = start
    return 0

"""Manifest files read line by line, however large or odd they are."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from customlabels.core.errors import ManifestError
from customlabels.manifests.entries import LONGEST_LINE
from customlabels.manifests.faults import PART, Fault
from customlabels.manifests.validation import MAX_BYTES

_CHUNK = 1 << 18
"""Bytes read at once."""


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


def file_fault(name: str, size: int) -> Fault | None:
    """The fault of a manifest file as a whole: its name (a path or key) or its size in bytes."""
    if not PurePosixPath(name).suffix:
        return Fault("ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT", PART)
    return Fault("ERROR_MANIFEST_SIZE_TOO_LARGE", PART) if size > MAX_BYTES else None

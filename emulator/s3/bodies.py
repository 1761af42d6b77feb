"""Bodies of objects, each a file below the state; memory holds their names.

A body is written before the row that names it is committed, and deleted after the row is gone.
"""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from customlabels.emulator.server.address import OBJECTS_FOLDER


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of an object: their file's name, how many they are, and their MD5, which is an ETag."""

    name: str
    size: int
    md5: str


def path_of(state: Path, name: str) -> Path:
    return state / OBJECTS_FOLDER / name[:2] / name


def write(state: Path, content: bytes) -> Body:
    """Keeps bytes under a new name."""
    name = secrets.token_hex(16)
    path = path_of(state, name)
    try:
        path.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Body(name, len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())


def read(state: Path, name: str) -> bytes:
    return path_of(state, name).read_bytes()


def delete(state: Path, name: str) -> None:
    path_of(state, name).unlink(missing_ok=True)


def names(state: Path) -> set[str]:
    """Every body that lies there."""
    return {path.name for path in (state / OBJECTS_FOLDER).glob("*/*")}

"""Files below a folder: walked without following links out of it, matched, found by name, read within a limit."""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath

from customlabels.core.errors import LayoutError
from customlabels.datasets.layout import CONVERTIBLE_ENDINGS, IMAGE_ENDINGS, SUBSETS
from customlabels.datasets.model import Finding

ADDRESSES = ("s3://", "gs://", "https://", "http://")
_SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini"}
_PACKED = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a rar archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
}
_TAR = (257, b"ustar")
_SPREADSHEETS = {".xlsx", ".xlsm", ".ods"}
_ALL_ENDINGS = IMAGE_ENDINGS | CONVERTIBLE_ENDINGS
SYSTEM_FOLDERS = {"__macosx", "@eadir"}


def walk(root: Path, findings: list[Finding] | None = None) -> Iterator[str]:
    """Names of all files below `root` in order, with forward slashes; what is never looked at goes to `findings`."""

    def leave_out(name: str, why: str, *, fatal: bool = False) -> None:
        if findings is not None:
            findings.append(Finding(name, why, fatal))

    waiting = [""]
    while waiting:
        within = waiting.pop()
        try:
            # Entries of a folder know what they are: a look at each would take many times as long.
            with os.scandir(f"{root}/{within}") as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            leave_out(within or ".", f"cannot be read ({error.strerror})", fatal=True)
            continue
        folders = []
        for entry in entries:
            name = f"{within}/{entry.name}" if within else entry.name
            if entry.is_dir():
                if entry.name.startswith(".") or entry.name.lower() in SYSTEM_FOLDERS:
                    leave_out(name, "a hidden or system folder, left out")
                elif entry.is_symlink():
                    leave_out(name, "a link to a folder, left out: its images would be read twice", fatal=True)
                else:
                    folders.append(name)
            elif entry.name.startswith(".") or entry.name.lower() in _SYSTEM_FILES:
                leave_out(name, "a hidden or system file, left out")
            elif not name.isascii() and _undecodable(name):
                leave_out(ascii(name), "a name that is not UTF-8; rename it", fatal=True)
            elif entry.is_symlink() and not Path(entry).resolve().is_relative_to(root):
                leave_out(name, "a link that leaves the folder, left out", fatal=True)
            elif not entry.is_file():
                leave_out(name, "a broken link or no regular file, left out", fatal=True)
            else:
                yield name
        waiting += reversed(folders)


def _undecodable(name: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in name)


def wanted(name: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether a file's name, or the last part of it, matches one of `include`, or there is none, and no `exclude`."""

    def matches(patterns: Sequence[str]) -> bool:
        base = PurePosixPath(name).name
        return any(fnmatch(name, pattern) or fnmatch(base, pattern) for pattern in patterns)

    return (not include or matches(include)) and not matches(exclude)


def ending_of(name: str) -> str:
    """The ending of a file's name with its dot, in small letters; as a path's suffix, in a fraction of the time."""
    base = name[name.rfind("/") + 1 :]
    dot = base.rfind(".")
    return base[dot:].lower() if 0 < dot < len(base) - 1 else ""


def is_image(name: str) -> bool:
    """Whether a file's ending is that of an image, be it one that the service does not take."""
    return ending_of(name) in _ALL_ENDINGS


def packed_as(source: Path) -> str | None:
    """What a file is that has to be unpacked, or saved as something else, before it can be read; None of others."""
    try:
        with source.open("rb") as file:
            beginning = file.read(512)
    except OSError:
        return None
    kind = next((kind for mark, kind in _PACKED.items() if beginning.startswith(mark)), None)
    if kind == "a zip archive" and source.suffix.lower() in _SPREADSHEETS:
        return "a spreadsheet"
    return "a tar archive" if beginning[_TAR[0] :].startswith(_TAR[1]) else kind


def image_files(source: Path) -> list[tuple[str, Path]]:
    """(name, path) of every JPEG and PNG file below a folder, in order; of the file itself where `source` is one."""
    if source.is_file():
        return [(source.name, source)]
    root = source.resolve()
    names = (name for name in walk(root) if ending_of(name) in IMAGE_ENDINGS)
    return [(name, root / name) for name in names]


def read_bounded(path: Path, most: int) -> bytes:
    """The bytes of a file that has at most `most`.

    Raises
    ------
    ValueError : it has more, or cannot be read
    """
    try:
        size = path.stat().st_size
        if size > most:
            raise ValueError(f"{size / 1e6:.0f} MB; at most {most / 1e6:.0f} MB are read")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error


class Finder:
    """Finds the images that annotation files name, below one folder and nowhere else."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._base = str(self.root)

    def find(self, name: str, subset: str | None = None) -> Path:
        """The image's path: `name` below the root, else the one file whose path ends like it.

        An address is looked for by what follows its bucket or host.
        A name without the ending of an image is that of the one image whose path ends like it, but for its ending.

        Raises
        ------
        ValueError : a sentence saying why there is none
        """
        if "\0" in name:
            raise ValueError("its name holds a NUL character")
        if self._is_there(name):
            return self.root / name
        name = name.replace("\\", "/")
        is_address = name.startswith(ADDRESSES)
        if is_address:
            name = name.partition("://")[2].partition("/")[2].partition("?")[0]
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if not parts:
            raise ValueError("names no image")
        if not is_address and (name.startswith("/") or ".." in parts or ":" in parts[0]):
            # Only its last part can be trusted: many tools write the paths of the machine that they ran on.
            if not self._ending(parts[-1:]):
                raise ValueError(f"leads out of {self.root}")
            parts = parts[-1:]
        if self._is_there("/".join(parts)):
            return self.root.joinpath(*parts)
        for start in range(len(parts)):
            images = self._ending(parts[start:])
            if len(images) > 1 and subset:
                images = [other for other in images if _is_in(other, subset)] or images
            if len(images) == 1:
                return self.root / images[0]
            if images:
                raise ValueError(f"there are several images of that name: {', '.join(sorted(images)[:3])}")
        raise ValueError(f"no such image below {self.root}")

    def _is_there(self, name: str) -> bool:
        """Whether the root has a file of that name which lies below it, links followed."""
        if name.startswith("/") or ".." in name.split("/"):
            return False
        path = f"{self._base}/{name}"
        real = os.path.realpath(path)
        inside = real == path or real.startswith(f"{self._base}/")
        return inside and os.path.isfile(path)  # noqa: PTH113 - asked for each image; a Path costs more than the look

    def _ending(self, parts: Sequence[str]) -> list[str]:
        """Names of files below the root whose last parts are `parts`."""
        tail = "/" + "/".join(parts)
        if is_image(parts[-1]):
            return [name for name in self._by_base.get(parts[-1], ()) if f"/{name}".endswith(tail)]
        return [name for name in self._by_stem.get(parts[-1], ()) if f"/{name}".rpartition(".")[0].endswith(tail)]

    @cached_property
    def _by_base(self) -> dict[str, list[str]]:
        images: dict[str, list[str]] = {}
        for name in walk(self.root):
            if is_image(name):
                images.setdefault(name.rpartition("/")[2], []).append(name)
        return images

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        images: dict[str, list[str]] = {}
        for base, names in self._by_base.items():
            images.setdefault(base.rpartition(".")[0], []).extend(names)
        return images


def _is_in(name: str, subset: str) -> bool:
    return any(SUBSETS.get(part.lower().rstrip("0123456789")) == subset for part in PurePosixPath(name).parts[:-1])


def folder_of(source: Path, what: str) -> Path:
    """`source` resolved, which must be a folder.

    Raises
    ------
    LayoutError
    """
    if not source.is_dir():
        raise LayoutError(f"{source}: no such folder", hint=what)
    return source.resolve()

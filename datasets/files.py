"""Files below a folder: walked without following links out of it, matched, found by name, read within a limit."""

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.layout import CONVERTIBLE_ENDINGS, IMAGE_ENDINGS, SUBSETS
from customlabels.datasets.model import Finding
from customlabels.datasets.structure import is_structure, part_of

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
SPREADSHEETS = {".xlsx", ".xlsm", ".xls", ".ods"}
_ALL_ENDINGS = IMAGE_ENDINGS | CONVERTIBLE_ENDINGS
SYSTEM_FOLDERS = {"__macosx", "@eadir"}

MARKER = ".customlabels.json"
"""Lies in a folder of images that `dataset convert` or `review apply` wrote, and says so."""

_COPIES = (
    "tells that dataset convert or review apply wrote its folder: left out, its images may be copies of those beside "
    "it; move the folder elsewhere, or take this file away if it belongs here"
)


def walk(root: Path, findings: list[Finding] | None = None, *, copies: bool = False) -> Iterator[str]:
    """Names of all files below `root` in order, with forward slashes; what is never looked at goes to `findings`.

    Parameters
    ----------
    copies : whether folders below it that we wrote ourselves, of images that were read, are looked at as well
    """

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
        if within and not copies and any(entry.name == MARKER for entry in entries):
            leave_out(f"{within}/{MARKER}", _COPIES, fatal=True)
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
    if kind == "a zip archive" and source.suffix.lower() in SPREADSHEETS:
        return "a spreadsheet"
    return "a tar archive" if beginning[_TAR[0] :].startswith(_TAR[1]) else kind


def image_files(source: Path) -> list[tuple[str, Path]]:
    """(name, path) of every JPEG and PNG file below a folder, in order; of the file itself where `source` is one."""
    if source.is_file():
        return [(source.name, source)]
    root = source.resolve()
    names = (name for name in walk(root, copies=True) if ending_of(name) in IMAGE_ENDINGS)
    return [(name, root / name) for name in names]


def see_apart(target: Path, source: Path, flag: str = "--to") -> None:
    """Sees that images are not written into a folder of images: they would be among them when it is read again.

    Raises
    ------
    SettingsError
    """
    if source.is_dir() and target.resolve().is_relative_to(source.resolve()):
        raise SettingsError(
            f"{flag} {target}: lies in {source}, and would be read along with it the next time",
            hint="name a folder beside it",
        )


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


def _plain(name: str) -> str:
    """A name as file systems compare it that know neither case nor forms of Unicode, as those of Macs and Windows."""
    return (name if name.isascii() else unicodedata.normalize("NFC", name)).casefold()


_SPELLINGS: tuple[Callable[[str], str], ...] = (str, _plain)
"""How names are compared, the stricter way first."""


def meanings(folders: Sequence[str]) -> list[str]:
    """Of folders those that say something of an image: no structure, no part of a split; as they are compared."""
    return [_plain(folder) for folder in folders if not is_structure(folder) and part_of(folder) is None]


def lies_apart(name: str, path: str) -> bool:
    """Whether an image at `path` was taken for `name` though both lie in folders of their own, of other names."""
    folders, own = (_parted(text)[:-1] for text in (name, path))
    while folders and own and _plain(folders[-1]) == _plain(own[-1]):
        folders, own = folders[:-1], own[:-1]
    named = meanings(folders)
    return bool(named) and any(folder not in named for folder in meanings(own))


def _parted(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]


class Finder:
    """Finds the images that annotation files name, below one folder and nowhere else."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._base = str(self.root)
        self._indexes: dict[tuple[Callable[[str], str], Callable[[str], str]], dict[str, list[str]]] = {}

    def find(self, name: str, subset: str | None = None) -> Path:
        """The image's path: `name` below the root, else the one file whose path ends like it.

        An address is looked for by what follows its bucket or host, as it is or with its percent signs decoded.
        A name without the ending of an image is that of the one image whose path ends like it, but for its ending.
        Names that are the same but for case or the form of Unicode are tried after those that are the same.
        A file of that name in another folder is another image, where the folder that `name` tells of is there too, or
        both are in parts of a split.

        Raises
        ------
        ValueError : a sentence saying why there is none
        """
        try:
            return self._found(name, subset)
        except ValueError:
            decoded = unquote(name)
            if decoded != name:
                with suppress(ValueError):
                    return self._found(decoded, subset)
            raise

    def _found(self, name: str, subset: str | None) -> Path:
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
        least = 0
        if not is_address and (name.startswith("/") or ".." in parts or ":" in parts[0]):
            # Only its last part can be trusted: many tools write the paths of the machine that they ran on.
            if not any(self._ending(parts[-1:], spelt) for spelt in _SPELLINGS):
                raise ValueError(f"leads out of {self.root}")
            least = len(parts) - 1
        elif self._is_there("/".join(parts)):
            return self.root.joinpath(*parts)
        for start in range(least, len(parts)):
            for spelt in _SPELLINGS:
                images = self._ending(parts[start:], spelt)
                if len(images) > 1 and subset:
                    images = [other for other in images if _is_in(other, subset)] or images
                if len(images) == 1:
                    self._check_folders(parts[:start], images[0])
                    return self.root / images[0]
                if images:
                    raise ValueError(f"there are several images of that name: {', '.join(sorted(images)[:3])}")
        raise ValueError(f"no such image below {self.root}")

    def _check_folders(self, folders: Sequence[str], image: str) -> None:
        """Sees that an image which lies elsewhere than `folders` say is not another one of the same name.

        Raises
        ------
        ValueError
        """
        own = image.split("/")[:-1]
        there = {_plain(folder) for folder in own}
        named = meanings([folder for folder in folders if folder != ".."])[-1:]
        part, own_part = (next(filter(None, map(part_of, reversed(within))), None) for within in (folders, own))
        if (named and named[0] not in there and named[0] in self._folders) or (part and own_part and part != own_part):
            raise ValueError(f"no such image below {self.root}; {image} has its name, but lies in another folder")

    def _is_there(self, name: str) -> bool:
        """Whether the root has a file of that name which lies below it, links followed."""
        if name.startswith("/") or ".." in name.split("/"):
            return False
        path = f"{self._base}/{name}"
        real = os.path.realpath(path)
        inside = real == path or real.startswith(f"{self._base}/")
        return inside and os.path.isfile(path)  # noqa: PTH113 - asked for each image; a Path costs more than the look

    def _ending(self, parts: Sequence[str], spelt: Callable[[str], str]) -> list[str]:
        """Names of files below the root whose last parts, spelt so, are `parts`."""
        tail, last = spelt("/" + "/".join(parts)), spelt(parts[-1])
        if is_image(parts[-1]):
            bases = self._index(spelt, _base).get(last, ())
            return self._originals([name for name in bases if spelt(f"/{name}").endswith(tail)])
        stems = self._index(spelt, _stem).get(last, ())
        return self._originals([name for name in stems if spelt(f"/{name}").rpartition(".")[0].endswith(tail)])

    def _originals(self, names: list[str]) -> list[str]:
        """Of several images those outside folders that we wrote ourselves, where there are such."""
        if len(names) < 2:
            return names
        return [name for name in names if not name.startswith(self._copies)] or names

    @cached_property
    def _copies(self) -> tuple[str, ...]:
        findings: list[Finding] = []
        for _ in walk(self.root, findings):
            pass
        return tuple(finding.name.removesuffix(MARKER) for finding in findings if finding.name.endswith(f"/{MARKER}"))

    @cached_property
    def _names(self) -> list[str]:
        return [name for name in walk(self.root, copies=True) if is_image(name)]

    @cached_property
    def _folders(self) -> set[str]:
        """All folders of images, as they are compared."""
        return {_plain(folder) for name in self._names for folder in name.split("/")[:-1]}

    def _index(self, spelt: Callable[[str], str], end: Callable[[str], str]) -> dict[str, list[str]]:
        """Images by the end of their names, spelt so."""
        if (spelt, end) not in self._indexes:
            images: dict[str, list[str]] = {}
            for name in self._names:
                images.setdefault(end(spelt(name)), []).append(name)
            # Whole from the first on: other threads look for names meanwhile.
            self._indexes[spelt, end] = images
        return self._indexes[spelt, end]


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _stem(name: str) -> str:
    return _base(name).rpartition(".")[0]


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

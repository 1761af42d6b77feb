"""What speaks against taking folders for labels: structure of a tool, files that say what is on the images."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from customlabels.datasets.files import is_image
from customlabels.datasets.foreign import first_foreign
from customlabels.datasets.structure import (
    Folders,
    Places,
    folders_of,
    holds_masks,
    is_certain,
    is_structure,
    labels_inside,
    labels_of,
)

_OWN = {".txt", ".json", ".xml", ".csv", ".mat", ".npy", ".npz", ".yaml", ".yml"}
"""Endings of files that say of one image what is on it."""

_TABLES = {".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".manifest"}
_DOCUMENTS = {".json", ".jsonl", ".ndjson", ".xml"}
"""Of these those that are read tell of themselves."""

_FIRST = 1 << 16
"""Bytes of a file in which it names images, if it does."""

_MOST_FILES = 50
_FEW = 0.1
_ENDED = re.compile(r"[^\s,;|\"'<>/\\]+\.(?:jpe?g|jfif|png|bmp|tiff?|webp|gif|heic)\b", re.IGNORECASE)
_DELIMITER = re.compile(r"[,;|\t]")
_ALTERED = re.compile(r"(.+)[_-](\w+)")
_SHOWN = 60
_TABLE = "parts.csv with image,xmin,ymin,xmax,ymax,label or image,label"
_ANYWAY = "if the folders are labels all the same, say --format folder"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen, and what a person can give instead."""

    seen: str
    instead: str


def against_labels(
    source: Path, names: Iterable[str], label_from: str = "top", tells: Callable[[Path], bool] = lambda path: False
) -> Evidence | None:
    """Why the folders below `source` are no labels; None where nothing speaks against it.

    Parameters
    ----------
    names : of all files that are meant
    tells : whether a file is of a format that tells what it is, and so is offered to be read already
    """
    images: list[str] = []
    others: list[str] = []
    for name in names:
        (images if is_image(name) else others).append(name)
    if not images:
        return None
    if (strange := first_foreign(source, others)) is not None:
        name, tool = strange
        return Evidence(f"{name} is {tool.what}, which is not read", f"{tool.instead}; {_ANYWAY}")
    telling = [name for name in others if PurePosixPath(name).suffix.lower() in _TABLES and tells(source / name)]
    quiet = [name for name in others if name not in set(telling)]
    files = _own_files(source, images, quiet) or _naming_files(source, images, quiet, tells)
    folder = structure(images, label_from)
    if folder is None:
        return files or _uneven(images, label_from)
    return _of_structure(source, folder, images, telling, files)


def _uneven(images: Sequence[str], label_from: str) -> Evidence | None:
    """Whether folders that are labels lie in others that would be labels, too."""
    if label_from != "top":
        return None
    places = Places(map(folders_of, images))
    labelled: list[tuple[str, Folders]] = []
    for folders in dict.fromkeys(map(folders_of, images)):
        bare = places[folders].labels if places[folders].category else places.undivided(folders)
        labelled.append((labels_of(bare, label_from), tuple(bare[1:])))
    inside = labels_inside(labelled)
    if inside is None:
        return None
    label, folder = inside
    seen = f"images lie at several depths: {label}/ holds a folder {folder}/, and {folder} is the label of other images"
    return Evidence(seen, f"say --label-from parent where the innermost folders are the labels; {_ANYWAY}")


def structure(names: Sequence[str], label_from: str = "top") -> str | None:
    """The folder of a tool that would be taken for a label; None where there is none."""
    places = Places(map(folders_of, names))
    labels = Counter(
        labels_of(
            places[folders].labels if places[folders].category else places.undivided(folders),
            "parent" if label_from == "path" else label_from,
        )
        for folders in map(folders_of, names)
    )
    if labels.pop("", 0) and not labels:
        return next((folder for name in names for folder in reversed(folders_of(name)) if is_certain(folder)), None)
    certain = next((label for label in labels if is_certain(label)), None)
    return certain or (next(iter(labels)) if labels and all(map(is_structure, labels)) else None)


def _of_structure(
    source: Path, folder: str, images: Sequence[str], telling: Sequence[str], files: Evidence | None
) -> Evidence:
    folders = next(folders for folders in map(folders_of, images) if folder in folders)
    depth = folders.index(folder) + 1
    above = "/".join(folders[:depth])
    seen = f"images lie in {above}/, which is the structure of a tool, not a label"
    if telling:
        return Evidence(seen, f"name {source / telling[0]} as SOURCE, and the images' folder with --images; {_ANYWAY}")
    if files:
        return Evidence(f"{seen}; {files.seen}", files.instead)
    if len(folders) > depth:
        inner = f"if the folders below it are labels, name {source / above} as SOURCE, or say --label-from parent"
        return Evidence(seen, f"{inner}; {_ANYWAY}")
    masks = f"if they are masks, name their folder with --masks {above}; " if holds_masks(folder) else ""
    other = "name the file that says what is on the images, or make a folder for each label"
    return Evidence(seen, f"{masks}{other}; {_ANYWAY}")


def _own_files(source: Path, images: Sequence[str], others: Sequence[str]) -> Evidence | None:
    """Whether images have a file of their own, beside them or in a tree of its own."""
    files: dict[str, str] = {}
    for name in others:
        path = PurePosixPath(name)
        if path.suffix.lower() in _OWN:
            files.setdefault(path.stem, name)
    owned: list[str] = []
    for name in images if files else ():
        path = PurePosixPath(name)
        altered = _ALTERED.fullmatch(path.stem)
        file = files.get(path.stem) or files.get(path.name) or (altered and files.get(altered[1]))
        if file:
            owned.append(file)
    if len(owned) < max(_FEW * len(images), min(2, len(images))):
        return None
    seen = (
        f"{len(owned)} of {len(images)} images have a file of their own that says what is on them, in no known format"
    )
    example = f"{owned[0]}{_first_row(source / owned[0])}"
    return Evidence(f"{seen} ({example})", f"a table of them can be read, {_TABLE}; or name their format; {_ANYWAY}")


def _first_row(path: Path) -> str:
    """The beginning of a text file, as an example; empty where it has none."""
    try:
        with path.open("rb") as file:
            text = file.read(_SHOWN).decode("utf-8", errors="replace").strip()
    except OSError:
        return ""
    return f": {text.splitlines()[0]}" if text.isprintable() or "\n" in text else ""


def _naming_files(
    source: Path, images: Sequence[str], others: Sequence[str], tells: Callable[[Path], bool]
) -> Evidence | None:
    """Whether a table or list names the images."""
    bases = {PurePosixPath(name).name for name in images}
    stems = {PurePosixPath(name).stem for name in images}
    tables = [name for name in others if PurePosixPath(name).suffix.lower() in _TABLES]
    for name in tables[:_MOST_FILES]:
        if _names_images(source / name, bases, stems):
            seen, without = f"{name} names the images", f"to leave it out, --exclude '{name}'; {_ANYWAY}"
            if PurePosixPath(name).suffix.lower() in _DOCUMENTS and not tells(source / name):
                return Evidence(f"{seen}, in no known format", f"make a table of {source / name}, {_TABLE}; {without}")
            return Evidence(seen, f"to read it, name it as SOURCE: {source / name}; {without}")
    return None


def _bare(cell: str) -> str:
    return cell.strip(" \"'")


def _names_images(path: Path, bases: set[str], stems: set[str]) -> bool:
    try:
        with path.open("rb") as file:
            text = file.read(_FIRST)
    except OSError:
        return False
    rows = [row for row in text.decode("utf-8", errors="replace").splitlines() if row.strip()]
    named = [_ENDED.findall(row) for row in rows]
    if path.suffix.lower() in {".json", ".xml"}:
        # Lines mean nothing there: how many of the images are named does.
        return len(bases & {image for images in named for image in images}) >= min(5, max(2, len(bases) // 2))
    ended = sum(map(bool, named))
    cells = (map(_bare, _DELIMITER.split(row)) for row in rows) if path.suffix.lower() in {".csv", ".tsv"} else ()
    stemmed = sum(not stems.isdisjoint(row) for row in cells)
    return bool(rows) and max(ended, stemmed) * 2 >= len(rows)

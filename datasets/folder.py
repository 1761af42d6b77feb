"""The folder layout: the first folder below the root is the label; train/ and test/ there are the split."""

import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from customlabels.core.errors import LayoutError
from customlabels.datasets.limits import MAX_LABEL
from customlabels.datasets.model import Dataset, Finding, ImageRecord, Side
from customlabels.datasets.probe import probe_all

IMAGE_ENDINGS = {".jpg", ".jpeg", ".jpe", ".jfif", ".png"}
_CONVERTIBLE = {".bmp", ".gif", ".heic", ".heif", ".tif", ".tiff", ".webp"}
_SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini"}
_SYSTEM_FOLDERS = {"__macosx", "@eadir"}


def load_folder(
    root: Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    step: Callable[[], None] | None = None,
) -> Dataset:
    """The labelled images below `root`, and a finding for every file that is not among them.

    Parameters
    ----------
    include, exclude : shell patterns, matched against the path below `root` and against the file's name; a file
        is read when it matches one of `include` (or there is none) and none of `exclude`
    step : called after each image that was looked at

    Raises
    ------
    LayoutError : `root` is no folder, or holds no usable image
    """
    if not root.is_dir():
        raise LayoutError(f"{root}: no such folder", hint="name a folder that holds a folder of images a label")
    root = root.resolve()
    findings: list[Finding] = []
    names = [name for name in _walk(root, findings) if _wanted(name, include, exclude)]
    split = _is_split(root)
    candidates: dict[Path, tuple[str, str, Side | None]] = {}
    for name in names:
        placed = _place(name, split)
        if PurePosixPath(name).suffix.lower() not in IMAGE_ENDINGS:
            findings.append(_no_image(name))
        elif isinstance(placed, str):
            findings.append(Finding(name, placed, fatal=True))
        else:
            candidates[root / name] = (name, *placed)
    records = []
    for path, info in probe_all(candidates, step):
        name, label, side = candidates[path]
        if isinstance(info, str):
            findings.append(Finding(name, info, fatal=True))
        else:
            records.append(ImageRecord(name, path, (label,), info, side))
    if not records:
        raise LayoutError(
            f"{root}: holds no image that can be used",
            hint="it should hold a folder for each label, with that label's JPEG or PNG images in it",
            details=[f"{finding.name}: {finding.message}" for finding in findings],
        )
    return Dataset(root, tuple(records), tuple(sorted(findings, key=lambda finding: finding.name)))


def _walk(root: Path, findings: list[Finding]) -> Iterator[str]:
    """Names of all files below `root` in order; what is never looked at goes to `findings`."""

    def leave_out(path: Path, why: str, *, fatal: bool = False) -> None:
        findings.append(Finding(path.relative_to(root).as_posix(), why, fatal))

    def denied(error: OSError) -> None:
        leave_out(Path(error.filename), f"cannot be read ({error.strerror})", fatal=True)

    for folder, folders, files in os.walk(root, onerror=denied):
        here = Path(folder)
        for name in sorted(folders):
            if name.startswith(".") or name.lower() in _SYSTEM_FOLDERS:
                leave_out(here / name, "a hidden or system folder, left out")
            elif (here / name).is_symlink():
                leave_out(here / name, "a link to a folder, left out: its images would be read twice", fatal=True)
            else:
                continue
            folders.remove(name)
        folders.sort()
        for name in sorted(files):
            path = here / name
            if name.startswith(".") or name.lower() in _SYSTEM_FILES:
                leave_out(path, "a hidden or system file, left out")
            elif path.is_symlink() and not path.resolve().is_relative_to(root):
                leave_out(path, "a link that leaves the folder, left out", fatal=True)
            elif not path.is_file():
                leave_out(path, "a broken link or no regular file, left out", fatal=True)
            elif _undecodable(name):
                findings.append(Finding(ascii(name), "a name that is not UTF-8; rename it", fatal=True))
            else:
                yield path.relative_to(root).as_posix()


def _undecodable(name: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in name)


def _wanted(name: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    def matches(patterns: Sequence[str]) -> bool:
        base = PurePosixPath(name).name
        return any(fnmatch(name, pattern) or fnmatch(base, pattern) for pattern in patterns)

    return (not include or matches(include)) and not matches(exclude)


def _is_split(root: Path) -> bool:
    """Whether the folders of `root` are the sides of a split rather than labels."""
    folders = {path.name.lower() for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")}
    return {"train", "test"} <= folders or folders in ({"train"}, {"test"})


def _place(name: str, split: bool) -> tuple[str, Side | None] | str:
    """Label and side of a file by its path below the root, or why it has none."""
    parts = PurePosixPath(name).parts
    side = None
    if split:
        if parts[0].lower() not in {"train", "test"}:
            return "lies beside train/ and test/, not in one of them"
        side, parts = Side(parts[0].lower()), parts[1:]
    if len(parts) < 2:
        return "has no label: it does not lie in a label's folder"
    if len(parts[0]) > MAX_LABEL:
        return f"its label has more than {MAX_LABEL} characters"
    return parts[0], side


def _no_image(name: str) -> Finding:
    if PurePosixPath(name).suffix.lower() in _CONVERTIBLE:
        return Finding(name, "not a JPEG or PNG image; the service does not take it", fatal=True)
    return Finding(name, "no image, left out", fatal=False)


def image_files(source: Path) -> list[tuple[str, Path]]:
    """(name, path) of every image file below a folder, in order; of the file itself where `source` is one."""
    if source.is_file():
        return [(source.name, source)]
    root = source.resolve()
    names = (name for name in _walk(root, []) if PurePosixPath(name).suffix.lower() in IMAGE_ENDINGS)
    return [(name, root / name) for name in names]

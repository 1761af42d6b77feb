"""Where the images of a YOLO folder are, and what its classes are called: data.yaml, Darknet's obj.data, classes.txt.

Source: https://docs.ultralytics.com/datasets/detect/, https://docs.cvat.ai/docs/manual/advanced/formats/format-yolo/
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from customlabels.core.errors import LayoutError
from customlabels.datasets.files import read_bounded, walk
from customlabels.datasets.formats.class_lists import without_comments, without_numbers
from customlabels.datasets.layout import subset_of
from customlabels.datasets.model import Finding
from customlabels.datasets.structure import part_of

DESCRIPTION = "data.yaml"
CLASSES = "classes.txt"
_LISTS_OF_NAMES = {CLASSES, "classes.names", "obj.names", "_darknet.labels"}
_SHOWN = 8
_MAX_BYTES = 10_000_000
_SUBSETS = {"train": "train", "val": "validation", "valid": "validation", "test": "test"}


@dataclass(frozen=True, slots=True)
class Described:
    """What a YOLO folder says of itself.

    Parameters
    ----------
    names : of the classes
    parts : of the split, each with its folder or list of images; empty where all images below the root are meant
    files : names below the root of the files that said so
    findings : on parts that are not there
    points : numbers of key points in each row
    """

    names: Mapping[int, str]
    parts: tuple[tuple[str | None, Path], ...] = ()
    files: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = field(default=())
    points: int = 0


def description_of(folder: Path) -> Path | None:
    """The file that describes a YOLO folder: data.yaml, or another of its kind; obj.data or another of Darknet's."""
    for name in (DESCRIPTION, "data.yml", "dataset.yaml", "dataset.yml"):
        if (folder / name).is_file():
            return folder / name
    described = [path for path in sorted(folder.iterdir()) if path.is_file() and _describes(path)]
    return described[0] if described else None


def _describes(path: Path) -> bool:
    if path.suffix.lower() not in {".yaml", ".yml", ".data"}:
        return False
    try:
        text = read_bounded(path, _MAX_BYTES).decode("utf-8-sig", errors="replace")
    except ValueError:
        return False
    keys = {line.replace("=", ":").partition(":")[0].strip() for line in text.splitlines()}
    return {"names", "train"} <= keys or (path.suffix.lower() == ".data" and "names" in keys)


def names_below(root: Path) -> list[str]:
    """The files below a folder that list names of classes: classes.txt, obj.names, _darknet.labels."""
    return [name for name in walk(root) if name.rpartition("/")[2].lower() in _LISTS_OF_NAMES]


def describe(path: Path | None, root: Path) -> Described:
    """What data.yaml, obj.data or, where there is neither, the lists of names below `root` say.

    Raises
    ------
    LayoutError : they cannot be read, contradict each other, or lead to no images to train on
    """
    lists = names_below(root)
    if path is None:
        return _listed(root, lists)
    described = _darknet(path, root) if path.suffix.lower() == ".data" else _yaml(path, root)
    for name in lists:
        names, _ = _names(root / name)
        if names and list(names.values()) != [described.names[number] for number in sorted(described.names)]:
            raise LayoutError(f"{root}: {path.name} and {name} name the classes differently", hint="leave one of them")
    return described


def _listed(root: Path, lists: list[str]) -> Described:
    if not lists:
        return Described({})
    numbered: list[Finding] = []
    read: dict[str, dict[int, str]] = {}
    for name in lists:
        read[name], findings = _names(root / name)
        numbered += findings
    names = read[lists[0]]
    other = next((name for name in lists if read[name] != names), None)
    if other is not None:
        raise LayoutError(f"{root}: {lists[0]} and {other} name the classes differently", hint="leave one of them")
    return Described(names, files=frozenset(lists), findings=tuple(numbered))


def _names(path: Path) -> tuple[dict[int, str], list[Finding]]:
    """The names of a list by their numbers, and what is to be said of them."""
    try:
        text = read_bounded(path, _MAX_BYTES).decode("utf-8-sig")
    except ValueError as error:
        raise LayoutError(f"{path}: {error}") from error
    lines = without_comments(text)
    names = without_numbers([line for line in lines if line])
    if names is not None:
        shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        said = Finding(path.name, f"its lines are numbered; the names are taken without: {shown}", fatal=False)
        return dict(enumerate(names)), [said]
    return {class_id: name for class_id, name in enumerate(lines) if name}, []


def _darknet(path: Path, root: Path) -> Described:
    """Darknet: a key a line; its paths are seen from where it was run."""
    keys: dict[str, str] = {}
    for line in read_bounded(path, _MAX_BYTES).decode("utf-8-sig", errors="replace").splitlines():
        key, _, value = (part.strip() for part in line.partition("="))
        if key and keys.setdefault(key.lower(), value) != value:
            raise LayoutError(f"{path}: {key} stands twice, and says otherwise", hint="leave one of them")
    named = below(root, root, keys.get("names"))
    if named is None:
        raise LayoutError(
            f"{path}: names: {keys.get('names')!r} is not below {root}", hint="put it there: a name a line"
        )
    parts: list[tuple[str | None, Path]] = []
    findings: list[Finding] = []
    for key, subset in _SUBSETS.items():
        if key in keys:
            listed = below(root, root, keys[key], subset)
            if listed is None:
                missing = f"{key}: {keys[key]} is not there; all images below its folder are read"
                findings.append(Finding(path.name, missing, fatal=False))
            else:
                parts.append((subset, listed))
    files = {path.name, named.relative_to(root).as_posix()}
    if findings:
        parts = []
    elif len(parts) == 1:
        # A single list, as CVAT writes it where nobody has divided the images.
        parts = [(None, parts[0][1])]
    names, numbered = _names(named)
    return Described(names, tuple(parts), frozenset(files), (*findings, *numbered))


def _yaml(path: Path, root: Path) -> Described:
    import yaml

    try:
        text = read_bounded(path, _MAX_BYTES).decode("utf-8-sig")
        document: Any = yaml.safe_load(text)
        # A class that is called no, on, 012 or 1.10 is no truth and no number.
        written: Any = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but texts
        _refuse_twice(yaml.compose(text, Loader=yaml.BaseLoader), path, set())
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise LayoutError(f"{path}: no YAML: {error}") from error
    given: Any = written.get("names") if isinstance(written, dict) else None
    named = list(enumerate(given) if isinstance(given, list) else given.items() if isinstance(given, dict) else ())
    if not named or not all(str(key).isdecimal() and isinstance(name, str) for key, name in named):
        raise LayoutError(f"{path}: names has to be a list of the classes, or a table from number to class")
    names = {int(key): name.strip() for key, name in named}
    base = below(root, root, document.get("path")) or root
    parts: list[tuple[str | None, Path]] = []
    findings = []
    count = document.get("nc")
    if isinstance(count, int) and count not in (len(names), max(names) + 1):
        message = f"nc: {count} classes, but {len(names)} names: the rows may be numbered after another list"
        findings.append(Finding(path.name, message, fatal=True))
    for key, subset in _SUBSETS.items():
        listed = document.get(key)
        for text in listed if isinstance(listed, list) else [listed]:
            if not text:
                continue
            part = below(root, base, text, subset)
            if part is not None:
                parts.append((subset, part))
            elif key == "train":
                raise LayoutError(f"{path}: {key}: {text!r} is not below {root}")
            else:
                findings.append(Finding(path.name, f"{key}: {text} is not there, left out", fatal=False))
    if not parts:
        raise LayoutError(f"{path}: says nothing of train, val or test")
    if len(parts) > 1 and len({part for _, part in parts}) == 1:
        # The same images for all parts: nobody has divided them yet.
        parts = [(None, parts[0][1])]
    return Described(
        names, tuple(parts), frozenset({path.name}), tuple(findings), _points(document.get("kpt_shape"), path)
    )


def _points(shape: Any, path: Path) -> int:
    """Numbers of key points in a row, as kpt_shape tells: how many points, and how many numbers each.

    Raises
    ------
    LayoutError : it tells something else
    """
    if shape is None:
        return 0
    if isinstance(shape, list) and len(shape) == 2 and all(isinstance(number, int) for number in shape):
        return int(shape[0] * shape[1])
    raise LayoutError(f"{path}: kpt_shape: {shape!r} has to be how many key points, and 2 or 3 numbers each: [17, 3]")


def _refuse_twice(node: Any, path: Path, seen: set[int]) -> None:
    """Sees that no table has a key twice, of which a reader takes the last.

    Raises
    ------
    LayoutError
    """
    # An alias is the very node that it stands for: each is looked at once, however often it stands.
    if id(node) in seen or not isinstance(getattr(node, "value", None), list):
        return
    seen.add(id(node))
    keys = Counter(str(item[0].value) for item in node.value if isinstance(item, tuple))
    twice = next((key for key, count in keys.items() if count > 1), None)
    if twice is not None:
        raise LayoutError(f"{path}: {twice} stands twice", hint="leave one of them")
    for item in node.value:
        _refuse_twice(item[1] if isinstance(item, tuple) else item, path, seen)


def below(root: Path, base: Path, text: object, subset: str | None = None) -> Path | None:
    """The file or folder that a path of the description means, which may be seen from another place.

    Parameters
    ----------
    subset : the part of the split that it is of: a folder that is named after one is not left out of the path, but
        where the root is that folder
    """
    if not isinstance(text, str):
        return None
    parts = [part for part in PurePosixPath(text.replace("\\", "/")).parts if part not in ("..", ".", "/")]
    for start in range(len(parts)):
        dropped = parts[start - 1] if start else ""
        kept = any(subset_of(part) or part_of(part) for part in parts[start:])
        if subset and part_of(dropped) and not kept and dropped != root.name:
            return None
        for folder in (base, root):
            path = folder.joinpath(*parts[start:])
            if path.exists() and path.resolve().is_relative_to(root):
                return path
    return None

"""YOLO: data.yaml, images/ and, in the same shape, labels/ with a text file an image.

Source: https://docs.ultralytics.com/datasets/detect/
"""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import is_image, read_bounded, walk
from customlabels.datasets.formats.xml import number
from customlabels.datasets.layout import Annotated, Format, Layout, Options, below_side, rectangle
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord

DESCRIPTION = "data.yaml"
CLASSES = "classes.txt"
_MAX_BYTES = 10_000_000
_SUBSETS = {"train": "train", "val": "validation", "test": "test"}


def recognises(source: Path, _: Options) -> bool:
    if source.is_dir():
        return _description(source) is not None or (
            (source / CLASSES).is_file() and (source / "images").is_dir() and (source / "labels").is_dir()
        )
    return source.suffix.lower() in {".yaml", ".yml"} and source.is_file()


def read(source: Path, options: Options) -> Layout:
    """The images that data.yaml leads to, or, where there is classes.txt instead, those in images/.

    Raises
    ------
    LayoutError : neither is there, or it is not as YOLO has it
    """
    description = _description(source) if source.is_dir() else source
    root = source if source.is_dir() else source.parent
    root = root.resolve()
    layout = Layout((options.images or root).resolve(), ())
    if description is None:
        if not (root / CLASSES).is_file():
            raise LayoutError(f"{source}: holds neither {DESCRIPTION} nor {CLASSES}")
        layout.files.add(CLASSES)
        names = dict(enumerate((root / CLASSES).read_text(encoding="utf-8-sig").split("\n")))
        places: list[tuple[str | None, Path]] = [(None, root / "images")]
    else:
        layout.files.add(description.name)
        names, places = _described(description, root)
    layout.images = _images(layout, names, places)
    return layout


def _description(folder: Path) -> Path | None:
    for name in (DESCRIPTION, "data.yml", "dataset.yaml", "dataset.yml"):
        if (folder / name).is_file():
            return folder / name
    return None


def _described(path: Path, root: Path) -> tuple[dict[int, str], list[tuple[str | None, Path]]]:
    """The names of the classes, and each part of the split with its folder or list of images."""
    import yaml

    try:
        document: Any = yaml.safe_load(read_bounded(path, _MAX_BYTES).decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise LayoutError(f"{path}: no YAML: {error}") from error
    given: Any = document.get("names") if isinstance(document, dict) else None
    named = list(enumerate(given) if isinstance(given, list) else given.items() if isinstance(given, dict) else ())
    if not named or not all(isinstance(key, int) and isinstance(name, str | int | float) for key, name in named):
        raise LayoutError(f"{path}: names has to be a list of the classes, or a table from number to class")
    base = _below(root, root, document.get("path")) or root
    places: list[tuple[str | None, Path]] = []
    for key, subset in _SUBSETS.items():
        listed = document.get(key)
        for text in listed if isinstance(listed, list) else [listed]:
            if text:
                found = _below(root, base, text)
                if found is None:
                    raise LayoutError(f"{path}: {key}: {text!r} is not below {root}")
                places.append((subset, found))
    if not places:
        raise LayoutError(f"{path}: says nothing of train, val or test")
    if len(places) > 1 and len({place for _, place in places}) == 1:
        # The same images for all parts: nobody has divided them yet.
        places = [(None, places[0][1])]
    return {key: str(name).strip() for key, name in named}, places


def _below(root: Path, base: Path, text: object) -> Path | None:
    """The file or folder that a path of the description means, which may be seen from another place."""
    if not isinstance(text, str):
        return None
    parts = [part for part in PurePosixPath(text.replace("\\", "/")).parts if part not in ("..", ".", "/")]
    for start in range(len(parts)):
        for folder in (base, root):
            found = folder.joinpath(*parts[start:])
            if found.exists() and found.resolve().is_relative_to(root):
                return found
    return None


def _images(layout: Layout, names: dict[int, str], places: list[tuple[str | None, Path]]) -> Iterator[Annotated]:
    root = layout.root
    taken: dict[str, str] = {}
    for subset, place in places:
        for name in _listed(layout, place):
            where = _labels_name(name)
            if where in taken:
                fault = Finding(name, f"shares {where} with {taken[where]}", fatal=True)
                yield Annotated(name, name, subset=subset, faults=(fault,))
                continue
            taken[where] = name
            if not (root / where).is_file():
                yield Annotated(name, name, subset=subset)
                continue
            layout.files.add(where)
            boxes, faults = _boxes(root / where, where, names)
            yield Annotated(name, where, (), boxes, True, None, subset, faults=faults)


def _listed(layout: Layout, place: Path) -> Iterator[str]:
    root, findings = layout.root, layout.findings
    within = place.resolve().relative_to(root).as_posix()
    if place.is_dir():
        yield from (f"{within}/{name}".removeprefix("./") for name in walk(place) if is_image(name))
        return
    layout.files.add(within)
    for line in place.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.strip():
            found = _below(root, place.parent, line.strip())
            if found is None:
                findings.append(Finding(place.name, f"{line.strip()}: no such image below {root}", fatal=True))
            else:
                yield found.resolve().relative_to(root).as_posix()


def _labels_name(image: str) -> str:
    """The text file of an image: labels/ in the place of the last images/, else beside it."""
    parts = image.split("/")
    for place in range(len(parts) - 2, -1, -1):
        if parts[place].lower() in {"images", "imgs"}:
            parts[place] = "labels"
            break
    parts[-1] = f"{PurePosixPath(parts[-1]).stem}.txt"
    return "/".join(parts)


def _boxes(path: Path, where: str, names: dict[int, str]) -> tuple[tuple[Box, ...], tuple[Finding, ...]]:
    """The boxes of a text file, in fractions, and what is wrong with others.

    A row with more points is a polygon, and gives the box around it.
    """
    try:
        text = read_bounded(path, _MAX_BYTES).decode("utf-8-sig")
    except ValueError as error:
        return (), (Finding(where, f"cannot be read as text: {error}", fatal=True),)
    boxes, faults = [], []
    for line, row in enumerate(text.splitlines(), 1):
        cells = row.split()
        if not cells:
            continue
        try:
            boxes.append(_box(cells, names))
        except ValueError as error:
            faults.append(Finding(f"{where}, row {line}", str(error), fatal=True))
    return tuple(boxes), tuple(faults)


def _box(cells: list[str], names: dict[int, str]) -> Box:
    if not cells[0].isdigit() or int(cells[0]) not in names:
        raise ValueError(f"class {cells[0]} is not among the {len(names)} names")
    label = names[int(cells[0])]
    numbers = [number(cell) for cell in cells[1:]]
    if len(numbers) in (4, 5):
        # A fifth is a confidence, which predictions have.
        across, down, width, height = numbers[:4]
        return Box(label, across - width / 2, down - height / 2, width, height)
    if len(numbers) >= 6 and len(numbers) % 2 == 0:
        return rectangle(label, zip(numbers[::2], numbers[1::2], strict=True))
    raise ValueError(f"has {len(cells)} cells; a box has 5, a polygon an odd number from 7 on")


def place(record: ImageRecord) -> str:
    """images/, the side, where there are sides, and the name."""
    if record.labels:
        raise LayoutError(f"{record.name}: has labels of the whole image, which YOLO's boxes have no place for")
    return f"images/{below_side(record)}"


def save(dataset: Dataset) -> None:
    """Writes data.yaml and labels/."""
    labels = sorted({box.label for record in dataset.records for box in record.boxes or ()})
    taken: dict[str, str] = {}
    for record in dataset.records:
        path = _labels_name(record.name)
        if path in taken:
            raise LayoutError(f"{record.name}: would share {path} with {taken[path]}")
        taken[path] = record.name
        if record.boxes is not None:
            with written_aside(dataset.root / path) as file:
                for box in record.boxes:
                    file.write(f"{labels.index(box.label)} {_row(box, record)}\n".encode())
    sides = {record.side for record in dataset.records}
    lines = [f"{side.value}: images/{side.value}" for side in sorted(filter(None, sides), reverse=True)]
    if None in sides:
        lines = ["train: images", "val: images"]
    lines += ["names:", *(f"  {place}: {json.dumps(label, ensure_ascii=False)}" for place, label in enumerate(labels))]
    with written_aside(dataset.root / DESCRIPTION) as file:
        file.write("".join(f"{line}\n" for line in lines).encode())


def _row(box: Box, record: ImageRecord) -> str:
    width, height = record.info.width, record.info.height
    cells = (
        (box.left + box.width / 2) / width,
        (box.top + box.height / 2) / height,
        box.width / width,
        box.height / height,
    )
    return " ".join(f"{cell:.12g}" for cell in cells)


FORMAT = Format("yolo", "data.yaml and a text file an image", recognises, read, place, save)

"""YOLO: a text file an image, beside it or in labels/, in the shape of images/; data.yaml, obj.data or classes.txt.

Source: https://docs.ultralytics.com/datasets/detect/
"""

import json
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePosixPath

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.core.plurals import counted
from customlabels.datasets.files import is_image, walk
from customlabels.datasets.formats.yolo_rows import classes_in, looks_like_rows, read_rows
from customlabels.datasets.formats.yolo_sources import (
    CLASSES,
    DESCRIPTION,
    Described,
    below,
    describe,
    description_of,
    names_below,
)
from customlabels.datasets.layout import UNCONFIRMED, Annotated, Format, Layout, Options, below_side
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord
from customlabels.datasets.structure import Places, folders_of

_LABELS = ("labels", "labelTxt")
_LOOKED_AT, _MOST_LOOKED_AT = 5, 1000
_SHOWN = 10
_LIKE_POSES = 11
"""Cells from which on rows that are all as long as each other may be poses: polygons differ in their points."""


def recognises(source: Path, _: Options) -> bool:
    """A description, or a folder that has one, or names of classes, or images with text files like YOLO's."""
    if not source.is_dir():
        return source.suffix.lower() in {".yaml", ".yml", ".data"} and source.is_file()
    if description_of(source) is not None:
        return True
    if (source / CLASSES).is_file() and (source / "images").is_dir() and (source / "labels").is_dir():
        return True
    return any(looks_like_rows(source / name) for name in islice(_text_files(source.resolve()), _LOOKED_AT))


def _text_files(root: Path) -> Iterator[str]:
    """The text files of images below a folder."""
    names = list(walk(root))
    files = {name for name in names if _is_text(name)}
    if files:
        by_spelling = {text.lower(): text for text in files}
        texts = (_text_of(name, files, by_spelling) for name in names if is_image(name))
        yield from filter(None, texts)


def _is_text(name: str) -> bool:
    return name[-4:].lower() == ".txt"


def _text_of(image: str, texts: Container[str], by_spelling: Mapping[str, str]) -> str | None:
    """The text file of an image, in whatever case its folder and its ending are written."""
    names = list(_text_names(image))
    exact = next((text for text in names if text in texts), None)
    return exact or next((by_spelling[text] for text in map(str.lower, names) if text in by_spelling), None)


def read(source: Path, options: Options) -> Layout:
    """The images that data.yaml or obj.data lead to, or else all below the source.

    Raises
    ------
    LayoutError : nothing names the classes, or a description is not as YOLO has it
    """
    description = description_of(source) if source.is_dir() else source
    root = (source if source.is_dir() else source.parent).resolve()
    layout = Layout((options.images or root).resolve(), ())
    described = describe(description.resolve() if description else None, root)
    if not described.names:
        _need_names(source, root)
    layout.files |= described.files | ({*names_below(root)} if source.is_dir() else set())
    layout.findings += described.findings
    layout.images = _images(layout, root, described)
    return layout


def _need_names(source: Path, root: Path) -> None:
    """Sees that text files need no names of classes.

    Raises
    ------
    LayoutError : they have numbers for classes
    """
    classes: set[str] = set()
    for name in islice(_text_files(root), _MOST_LOOKED_AT):
        path = root / name
        if looks_like_rows(path) and read_rows(path, name, {}).relative:
            classes |= classes_in(path)
    if classes:
        raise LayoutError(
            f"{source}: holds neither {DESCRIPTION} nor {CLASSES}: nothing names the classes of its text files, "
            f"{', '.join(sorted(classes)[:_SHOWN])}{' …' if len(classes) > _SHOWN else ''}",
            hint=f"write {source / CLASSES}, a name a line, in the order of the numbers from 0 on",
        )


def _images(layout: Layout, root: Path, described: Described) -> Iterator[Annotated]:
    taken: dict[str, str] = {}
    names = list(walk(layout.root))
    texts = {name for name in names if _is_text(name)}
    # A text file that has an image of just its spelling is that one's.
    owned = {text for name in names if is_image(name) for text in _text_names(name)} & texts
    by_spelling = {text.lower(): text for text in texts - owned}
    sure, files = 0, 0
    lengths: Counter[int] = Counter()
    for subset, name in _named(layout, root, described):
        where = _text_of(name, texts, by_spelling)
        if where is None:
            yield Annotated(name, name, subset=subset)
            continue
        if where in taken:
            fault = Finding(name, f"shares {where} with {taken[where]}", fatal=True)
            yield Annotated(name, name, subset=subset, faults=(fault,))
            continue
        taken[where] = name
        layout.files.add(where)
        rows = read_rows(layout.root / where, where, described.names, described.points)
        sure, files = sure + rows.sure, files + bool(rows.sure)
        lengths.update(rows.lengths)
        yield Annotated(
            name, where, (), rows.boxes, rows.relative, None, subset, faults=rows.faults, left_out=rows.left_out
        )
    if sure:
        message = f"{counted(sure, 'box')} of {counted(files, 'text file')} with a confidence: {UNCONFIRMED}"
        layout.findings.append(Finding(".", message, fatal=False, count=sure))
    if len(lengths) == 1 and min(lengths) >= _LIKE_POSES:
        (cells,) = lengths
        rows_of_it = "all rows have" if lengths.total() > 1 else "the only row of more than a box has"
        message = (
            f"{rows_of_it} {cells} cells: taken for polygons of {cells // 2} points; "
            f"of boxes with key points {DESCRIPTION} has to say so (kpt_shape)"
        )
        layout.findings.append(Finding(".", message, fatal=False, count=lengths.total()))
    folders = {folders_of(name) for name in taken}
    for name in sorted(texts - layout.files):
        if folders_of(name) in folders and looks_like_rows(layout.root / name):
            layout.files.add(name)
            layout.findings.append(Finding(name, "its image is not there", fatal=True))


def _named(layout: Layout, root: Path, described: Described) -> Iterator[tuple[str | None, str]]:
    """The images that are meant, each with its part of the split."""
    if not described.parts:
        names = [name for name in walk(layout.root) if is_image(name)]
        places = Places(map(folders_of, names))
        yield from ((places[folders_of(name)].subset, name) for name in names)
    listed = [(subset, part.name, [*_listed(layout, root, part)]) for subset, part in described.parts]
    seen: dict[str, str | None] = {}
    for subset, part, names in _divided(listed, layout):
        for name in names:
            if name not in seen:
                seen[name] = subset
                yield subset, name
            elif seen[name] == subset:
                layout.findings.append(Finding(f"{part}, {name}", "named before, left out", fatal=False))
            else:
                torn = f"is in {seen[name]} and in {subset}: it can be trained on or tested on"
                layout.findings.append(Finding(f"{part}, {name}", torn, fatal=True))


_Part = tuple[str | None, str, list[str]]
"""Of the split, the name of its file or folder, and its images."""


def _divided(parts: list[_Part], layout: Layout) -> list[_Part]:
    """`parts` without those that name just the images of an earlier one, as Darknet's do where nobody has divided."""
    kept: list[_Part] = []
    for subset, part, names in parts:
        same = next((earlier for earlier, _, others in kept if names and set(names) == set(others)), None)
        if same is None:
            kept.append((subset, part, names))
        else:
            layout.findings.append(Finding(part, f"{subset} has the same images as {same}, left out", fatal=False))
    return [(None, *kept[0][1:])] if len(kept) == 1 and len({subset for subset, *_ in parts}) > 1 else kept


def _listed(layout: Layout, root: Path, part: Path) -> Iterator[str]:
    within = part.resolve().relative_to(root).as_posix()
    if part.is_dir():
        base = layout.root / within
        start = "" if within == "." else f"{within}/"
        yield from (f"{start}{name}" for name in walk(base if base.is_dir() else part) if is_image(name))
        return
    layout.files.add(within)
    for line in part.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.strip():
            path = below(layout.root, part.parent, line.strip())
            if path is None:
                missing = f"{line.strip()}: no such image below {layout.root}"
                layout.findings.append(Finding(part.name, missing, fatal=True))
            else:
                yield path.resolve().relative_to(layout.root).as_posix()


def _text_names(image: str) -> Iterator[str]:
    """Where the text file of an image may be: labels/ in the place of the last images/, or beside it."""
    parts = image.split("/")
    parts[-1] = f"{PurePosixPath(parts[-1]).stem}.txt"
    at = next((at for at in range(len(parts) - 2, -1, -1) if parts[at].lower() in {"images", "imgs"}), None)
    if at is not None:
        yield from ("/".join((*parts[:at], labels, *parts[at + 1 :])) for labels in _LABELS)
    yield "/".join(parts)


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
        path = next(_text_names(record.name))
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
    lines += [
        "names:",
        *(f"  {class_id}: {json.dumps(label, ensure_ascii=False)}" for class_id, label in enumerate(labels)),
    ]
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

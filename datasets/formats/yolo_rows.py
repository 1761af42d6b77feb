"""YOLO's text files: a row a box, a polygon or a turned box.

`class across down width height` and `class x y x y …` in fractions of the image; and as DOTA has them, in pixels,
`x y x y x y x y name difficulty`. Source: https://docs.ultralytics.com/datasets/obb/
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from customlabels.core.plurals import counted
from customlabels.datasets.files import read_bounded
from customlabels.datasets.formats.xml import number
from customlabels.datasets.layout import rectangle
from customlabels.datasets.model import Box, Finding

_MAX_BYTES = 10_000_000
_CELLS = re.compile(r"[\s,]+")
_ABOUT = re.compile(r"(imagesource|gsd):", re.IGNORECASE)
"""Lines before DOTA's rows."""

_TRACK = 7
"""Cells of a box with a confidence and the number of a tracked object, and of a triangle."""

_OVER = 0.5
"""How far over the image's edge, in fractions of it, a row's numbers may be and still be fractions."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The boxes of a text file, whether they are in fractions of the image's sides, and what is wrong with others.

    Parameters
    ----------
    left_out : what its rows hold beside boxes, in the plural
    sure : how many rows have a confidence, as predictions have it
    lengths : cells of the rows that were taken for polygons
    """

    boxes: tuple[Box, ...]
    relative: bool
    faults: tuple[Finding, ...]
    left_out: tuple[str, ...] = ()
    sure: int = 0
    lengths: tuple[int, ...] = ()


def read_rows(path: Path, where: str, names: Mapping[int, str], points: int = 0) -> Rows:
    """The boxes of a text file.

    Parameters
    ----------
    where : the file's name in findings
    names : of the classes
    points : numbers of key points that follow the box in each row, as rows of poses have them
    """
    try:
        text = read_bounded(path, _MAX_BYTES).decode("utf-8-sig")
    except ValueError as error:
        return Rows((), True, (Finding(where, f"cannot be read as text: {error}", fatal=True),))
    boxes: list[Box] = []
    faults = []
    kinds = set()
    sure, lengths = 0, list[int]()
    rows = [(line, [cell for cell in _CELLS.split(row) if cell]) for line, row in enumerate(_rows(text), 1)]
    tracked = not points and _are_tracks([cells for _, cells in rows if len(cells) == _TRACK])
    for line, cells in rows:
        if not cells:
            continue
        if tracked and len(cells) == _TRACK:
            # The number of the object that a tracker followed says nothing of the box.
            del cells[-1]
        in_pixels = _names_its_class(cells)
        try:
            boxes.append(_turned_box(cells) if in_pixels else _box(cells, names, points))
            kinds.add(in_pixels)
            if not in_pixels:
                sure += len(cells) == (6 + points)
                lengths += [len(cells)] if not points and len(cells) > _TRACK - 1 else []
        except ValueError as error:
            faults.append(Finding(f"{where}, row {line}", str(error), fatal=True))
    if len(kinds) > 1:
        faults.append(Finding(where, "has rows in pixels and in fractions", fatal=True))
    left_out = ("key points",) * (len(boxes) if points else 0)
    left_out += ("numbers of tracked objects",) * (sure if tracked else 0)
    return Rows(tuple(boxes), True not in kinds, tuple(faults), left_out, sure, tuple(lengths))


def _rows(text: str) -> list[str]:
    """The rows of a text file, those empty that only tell of the image."""
    return ["" if _ABOUT.match(row) else row for row in text.splitlines()]


def _are_tracks(rows: list[list[str]]) -> bool:
    """Whether rows of six numbers are boxes with a confidence and the number of a tracked object, and no triangles."""
    try:
        last = [number(cells[-1]) for cells in rows]
    except ValueError:
        return False
    # A triangle that touches the lower edge ends in 1, and in no larger number.
    return bool(last) and all(value >= 1 and value == int(value) for value in last) and max(last) > 1


def looks_like_rows(path: Path) -> bool:
    """Whether the first row of a file is one of a class in numbers and fractions, or a turned box."""
    try:
        with path.open("rb") as file:
            lines = file.read(4096).decode("utf-8-sig", errors="replace").splitlines()
    except OSError:
        return False
    rows = (_CELLS.split(line.strip()) for line in lines if line.strip() and not _ABOUT.match(line))
    cells = next(rows, [])
    if _names_its_class(cells):
        return True
    try:
        numbers = [number(cell) for cell in cells[1:]]
        inside = all(-_OVER <= value <= 1 + _OVER for value in numbers)
        return len(numbers) >= 4 and _class(cells[0]) >= 0 and (inside or _are_key_points(numbers[4:]))
    except ValueError:
        return False


def classes_in(path: Path) -> set[str]:
    """The classes that a file's rows name, as they stand there."""
    try:
        text = read_bounded(path, _MAX_BYTES).decode("utf-8-sig", errors="replace")
    except ValueError:
        return set()
    return {cells[0] for row in text.splitlines() if (cells := [cell for cell in _CELLS.split(row) if cell])}


def _names_its_class(cells: list[str]) -> bool:
    """Whether a row is one of DOTA's: eight numbers, a name, and how difficult it is to see."""
    if len(cells) not in (9, 10):
        return False
    try:
        for cell in cells[:8]:
            number(cell)
    except ValueError:
        return False
    return len(cells) == 10 or not _is_number(cells[8])


def _is_number(cell: str) -> bool:
    try:
        number(cell)
    except ValueError:
        return False
    return True


def _turned_box(cells: list[str]) -> Box:
    numbers = [number(cell) for cell in cells[:8]]
    return rectangle(cells[8], zip(numbers[::2], numbers[1::2], strict=True))


def _class(cell: str) -> int:
    """The number of a class; some tools write it as 1.0 or 0.000000e+00.

    Raises
    ------
    ValueError
    """
    value = number(cell)
    if value != int(value):
        raise ValueError(f"class {cell} is no whole number")
    return int(value)


def _box(cells: list[str], names: Mapping[int, str], points: int) -> Box:
    try:
        label = names[_class(cells[0])]
    except (ValueError, KeyError) as error:
        raise ValueError(f"class {cells[0]} is not among the {len(names)} names") from error
    numbers = [number(cell) for cell in cells[1:]]
    if points and len(numbers) not in (4 + points, 5 + points):
        raise ValueError(f"has {len(cells)} cells; a box with its key points (kpt_shape) has {5 + points}")
    if points or len(numbers) in (4, 5):
        if len(numbers) == 5 + points and not 0 <= numbers[-1] <= 1:
            raise ValueError(
                f"ends in {cells[-1]}, which is no confidence (0 to 1); a turned box is written as its four corners"
            )
        across, down, width, height = numbers[:4]
        return Box(label, across - width / 2, down - height / 2, width, height)
    if _are_key_points(numbers[4:]):
        seen = counted(len(numbers[4:]) // 3, "key point")
        raise ValueError(f"is a box with {seen}, of which data.yaml has to say so (kpt_shape)")
    if len(numbers) >= 6 and len(numbers) % 2 == 0:
        if len(cells) == _TRACK and numbers[-1] == 1:
            raise ValueError("can be a triangle, or a box with a confidence and the number of a tracked object")
        return rectangle(label, zip(numbers[::2], numbers[1::2], strict=True))
    poses = "; of a box with key points data.yaml has to say so (kpt_shape)" if len(numbers) > _TRACK else ""
    raise ValueError(f"has {len(cells)} cells; a box has 5, a polygon an odd number from 7 on{poses}")


def _are_key_points(numbers: list[float]) -> bool:
    """Whether numbers are key points for sure: each ends in how well it is seen, 0 to 2, and 2 is no fraction."""
    seen = {*numbers[2::3]}
    return len(numbers) % 3 == 0 and seen <= {0, 1, 2} and 2 in seen

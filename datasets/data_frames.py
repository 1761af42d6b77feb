"""Datasets from and to pandas' data frames, for tables that are at hand in a program or a notebook.

pandas is imported by whoever has a frame; nothing here asks for it before that.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.core.errors import LayoutError
from customlabels.datasets.formats.csv_names import CENTRES, CORNERS, SIZES, roles_of
from customlabels.datasets.formats.text_lists import listed
from customlabels.datasets.layout import SUBSETS, Annotated, Layout, Options
from customlabels.datasets.model import Box, Dataset
from customlabels.datasets.reading import Policy, make_dataset

if TYPE_CHECKING:
    import pandas


_FLAGS = {"0", "1", "0.0", "1.0", "True", "False"}


def dataset_from_frame(
    frame: "pandas.DataFrame",
    *,
    image: str,
    label: str | None = None,
    box: Sequence[str] | None = None,
    side: str | None = None,
    group: str | None = None,
    root: str | Path = ".",
    allow_unlabelled: bool = False,
) -> Dataset:
    """The dataset of a table with a row a label, or a row a box; images are looked at below `root`.

    Parameters
    ----------
    image : the column of paths, below `root`
    label : the column of labels; several rows of an image give it several
    box : four columns, in pixels: left, top, width and height, unless their names say that they are corners or centres
    side : the column that says train or test
    group : the column of groups, which stay on one side of a split
    allow_unlabelled : keeps images without a label

    Raises
    ------
    LayoutError : a column is lacking, or no image can be used; what is wrong with others is among the findings
    """
    if frame.columns.nlevels > 1:
        raise LayoutError(
            "the table has columns of several levels", hint="name each by one text: frame.columns = map('_'.join, …)"
        )
    wanted = [name for name in (image, label, side, group, *(box or ())) if name is not None]
    if lacking := [name for name in wanted if name not in frame.columns]:
        columns = ", ".join(map(str, frame.columns))
        raise LayoutError(f"the table has no column {', '.join(map(repr, lacking))}", hint=f"it has {columns}")
    if box is not None and (len(box) != 4 or label is None):
        raise LayoutError("boxes take four columns, left, top, width and height, and that of their labels")
    several = [name for name in dict.fromkeys(wanted) if list(frame.columns).count(name) > 1]
    if several:
        raise LayoutError(f"the table has several columns {', '.join(map(repr, several))}", hint="rename all but one")
    rows = frame[list(dict.fromkeys(wanted))].to_dict("records")
    layout = Layout(Path(root).resolve(), list(_annotated(rows, image, label, box, side, group)))
    return make_dataset(layout, Options(), Policy(allow_unlabelled=allow_unlabelled))


def frame_of_dataset(dataset: Dataset) -> "pandas.DataFrame":
    """A row a label of an image, or a row a box; an image without either has one row.

    Columns: image, label, left, top, width, height (of the box, in pixels), side, group.
    """
    import pandas

    rows: list[dict[str, Any]] = []
    for record in dataset.records:
        about = {"image": record.name, "side": record.side and record.side.value, "group": record.group}
        marks: list[dict[str, Any]] = [{"label": label} for label in record.labels]
        for box in record.boxes or ():
            sides = {"left": box.left, "top": box.top, "width": box.width, "height": box.height}
            marks.append({"label": box.label, **sides})
        rows += [{**about, **mark} for mark in marks or [{"label": None}]]
    return pandas.DataFrame(rows, columns=["image", "label", "left", "top", "width", "height", "side", "group"])


def _annotated(
    rows: list[dict[str, Any]],
    image: str,
    label: str | None,
    box: Sequence[str] | None,
    side: str | None,
    group: str | None,
) -> Iterator[Annotated]:
    """The images of a table, each with all of its rows."""
    by_image: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    place = _placing(box or ())
    for number, row in enumerate(rows, 1):
        name = _cell(number, row, image)
        if name is None:
            raise LayoutError(f"row {number} of the table: {image} is empty")
        by_image.setdefault(name, []).append((number, row))
    for name, own in by_image.items():
        number, _ = own[0]
        labels: list[str] = []
        boxes: list[Box] = []
        for at, row in own:
            texts = _texts(at, row, label) if label is not None else []
            sides = [row[column] for column in box or ()]
            if box is None or all(_cell(at, row, column) is None for column in box):
                labels += texts
                continue
            if len(texts) > 1:
                raise LayoutError(f"row {at} of the table: its box has {len(texts)} labels")
            try:
                numbers = [float(value) for value in sides]
            except (TypeError, ValueError) as error:
                raise LayoutError(f"row {at} of the table: its box holds what is no number") from error
            boxes.append(Box(texts[0] if texts else "", *place(numbers)))
        word = _agreed(own, side)
        if word is not None and word.lower() not in SUBSETS:
            raise LayoutError(f"row {number} of the table: {side} is {word!r}, neither train nor test")
        yield Annotated(
            name,
            f"row {number}",
            tuple(dict.fromkeys(labels)),
            boxes=tuple(boxes) if box is not None and (boxes or not labels) else None,
            subset=SUBSETS[word.lower()] if word else None,
            group=_agreed(own, group),
        )


def _agreed(rows: list[tuple[int, dict[str, Any]]], column: str | None) -> str | None:
    """What all rows of an image say in a column, those with nothing in it aside.

    Raises
    ------
    LayoutError : they contradict each other
    """
    if column is None:
        return None
    values = {text: number for number, row in rows if (text := _cell(number, row, column)) is not None}
    if len(values) > 1:
        (text, first), (other, second), *_ = values.items()
        raise LayoutError(f"rows {first} and {second} of the table: one image has {column} {text!r} and {other!r}")
    return next(iter(values), None)


def _placing(box: Sequence[str]) -> Callable[[Sequence[float]], tuple[float, float, float, float]]:
    """Makes left, top, width and height of a row's four numbers, which are what the names of their columns say."""
    roles = roles_of([str(name) for name in box])
    geometry = next((four for four in (CORNERS, SIZES, CENTRES) if set(four) <= roles.keys()), SIZES)
    order = [roles[role][0] for role in geometry] if set(geometry) <= roles.keys() else range(len(SIZES))

    def place(numbers: Sequence[float]) -> tuple[float, float, float, float]:
        first, second, third, fourth = (numbers[column] for column in order)
        if geometry == CORNERS:
            return first, second, third - first, fourth - second
        if geometry == CENTRES:
            return first - third / 2, second - fourth / 2, third, fourth
        return first, second, third, fourth

    return place


def _texts(number: int, row: dict[str, Any], column: str) -> list[str]:
    """The texts in a cell that holds one, or a list or an array of them, or such a list as text.

    Raises
    ------
    LayoutError : it holds something else
    """
    value = row[column]
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        text = _cell(number, row, column)
        try:
            return [] if text is None else [part.strip() for part in listed(text) if part.strip()]
        except ValueError as error:
            raise LayoutError(f"row {number} of the table: {error}") from error
    parts = list(value)
    if len(parts) > 1 and all(not isinstance(part, str) and str(part) in _FLAGS for part in parts):
        flags = ", ".join(map(str, parts))
        raise LayoutError(
            f"row {number} of the table: {column} holds {flags[:40]}, of which class each tells is not said",
            hint="put the labels themselves into the column",
        )
    return [text for part in parts if (text := _cell(number, {column: part}, column)) is not None]


def _cell(number: int, row: dict[str, Any], column: str) -> str | None:
    """A cell as text; None where pandas has nothing in it.

    Raises
    ------
    LayoutError : it holds several things
    """
    value = row[column]
    if isinstance(value, Iterable) and not isinstance(value, str):
        raise LayoutError(f"row {number} of the table: {column} holds {repr(value)[:40]}, which is no text")
    if _is_nothing(value):
        return None
    if isinstance(value, float) and value.is_integer():
        # pandas makes decimals of whole numbers beside cells with nothing in them.
        value = int(value)
    return str(value).strip() or None


def _is_nothing(value: object) -> bool:
    if value is None:
        return True
    try:
        # What is not a number is not equal to itself.
        return bool(value != value)
    except TypeError:
        # Of pandas' NA nobody can tell.
        return True

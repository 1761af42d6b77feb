"""Datasets from and to pandas' data frames, for tables that are at hand in a program or a notebook.

pandas is imported by whoever has a frame; nothing here asks for it before that.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.core.errors import LayoutError
from customlabels.datasets.layout import SUBSETS, Annotated, Layout, Options
from customlabels.datasets.model import Box, Dataset
from customlabels.datasets.reading import Policy, make_dataset

if TYPE_CHECKING:
    import pandas


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
    box : four columns: left, top, width and height in pixels
    side : the column that says train or test
    group : the column of groups, which stay on one side of a split
    allow_unlabelled : keeps images without a label

    Raises
    ------
    LayoutError : a column is lacking, or no image can be used; what is wrong with others is among the findings
    """
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
    for number, row in enumerate(rows, 1):
        name = _text(row[image])
        if name is None:
            raise LayoutError(f"row {number} of the table: {image} is empty")
        by_image.setdefault(name, []).append((number, row))
    for name, own in by_image.items():
        number, _ = own[0]
        labels: list[str] = []
        boxes: list[Box] = []
        for at, row in own:
            texts = _texts(row[label]) if label is not None else []
            sides = [row[column] for column in box or ()]
            if box is None or all(_text(value) is None for value in sides):
                labels += texts
                continue
            if len(texts) > 1:
                raise LayoutError(f"row {at} of the table: its box has {len(texts)} labels")
            try:
                left, top, width, height = (float(value) for value in sides)
            except (TypeError, ValueError) as error:
                raise LayoutError(f"row {at} of the table: its box holds what is no number") from error
            boxes.append(Box(texts[0] if texts else "", left, top, width, height))
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
    values = {text: number for number, row in rows if (text := _text(row[column])) is not None}
    if len(values) > 1:
        (text, first), (other, second), *_ = values.items()
        raise LayoutError(f"rows {first} and {second} of the table: one image has {column} {text!r} and {other!r}")
    return next(iter(values), None)


def _texts(value: object) -> list[str]:
    """The texts in a cell that holds one, or a list or an array of them."""
    if not isinstance(value, str) and isinstance(value, Iterable):
        return [text for part in value if (text := _text(part)) is not None]
    text = _text(value)
    return [] if text is None else [text]


def _text(value: object) -> str | None:
    """A cell as text; None where pandas has nothing in it."""
    # What is not a number is not equal to itself.
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        # pandas makes decimals of whole numbers beside cells with nothing in them.
        value = int(value)
    return str(value).strip() or None

"""Datasets from and to pandas' data frames, for tables that are at hand in a program or a notebook.

pandas is imported by whoever has a frame; nothing here asks for it before that.
"""

from collections.abc import Iterator, Sequence
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
        number, first = own[0]
        labels: list[str] = []
        boxes: list[Box] = []
        for at, row in own:
            text = _text(row[label]) if label is not None else None
            sides = [row[column] for column in box or ()]
            if box is None or all(_text(value) is None for value in sides):
                labels += [text] if text is not None else []
                continue
            try:
                left, top, width, height = (float(value) for value in sides)
            except (TypeError, ValueError) as error:
                raise LayoutError(f"row {at} of the table: its box holds what is no number") from error
            boxes.append(Box(text or "", left, top, width, height))
        word = _text(first[side]) if side is not None else None
        if word is not None and word.lower() not in SUBSETS:
            raise LayoutError(f"row {number} of the table: {side} is {word!r}, neither train nor test")
        yield Annotated(
            name,
            f"row {number}",
            tuple(dict.fromkeys(labels)),
            boxes=tuple(boxes) if box is not None else None,
            subset=SUBSETS[word.lower()] if word else None,
            group=_text(first[group]) if group is not None else None,
        )


def _text(value: object) -> str | None:
    """A cell as text; None where pandas has nothing in it."""
    # What is not a number is not equal to itself.
    if value is None or value != value:
        return None
    return str(value).strip() or None

"""Which columns of a table hold its labels, where nobody says so."""

import re

from customlabels.core.errors import LayoutError
from customlabels.datasets.formats.csv_kinds import COUNTED, NUMERIC, WORDS, YES, Kind, is_various
from customlabels.datasets.formats.csv_names import (
    CORNERS,
    LABELS,
    ONE_HOT,
    keeps_record,
    may_be_coordinate,
    plain_name,
    role_of,
)
from customlabels.datasets.formats.csv_shape import Columns

_SHOWN = 40
_LABELLED_BOXES = re.compile(r"(?:[^\W\d]\S*(?:\s+-?\d+(?:\.\d+)?){4,5}(?:\s+|$))+")
_AREA = '"original_width"'
"""What Label Studio tells of each area; it writes them into cells as JSON."""


def find_labels(columns: Columns, source: str) -> None:
    """The columns of labels, where no name tells."""
    boxed = columns.geometry or {"bbox", "runs"} & columns.roles.keys()
    kinds, free = columns.kinds, columns.free
    records = {column for column, name in enumerate(columns.heading) if keeps_record(name)}
    likely = [column for column in free if column not in records and not is_various(columns.cells[column])]
    words = [column for column in likely if kinds[column] in WORDS]
    counted = [column for column in likely if kinds[column] in COUNTED]
    if not columns.header:
        _unnamed_labels(columns, source, words, counted, bool(boxed))
        return
    named = [column for name in LABELS.split() for column in free if plain_name(columns.names[column]) == name]
    flags = [column for column in free if kinds[column] is Kind.FLAG and column not in records]
    # Nothing but ones tells no class from another: numbers of versions and of attempts look so too.
    one_hot = len(flags) > 1 and any(
        cell.strip().lower() not in YES for column in flags for cell in columns.cells[column]
    )
    candidates = words or counted
    if named:
        columns.roles["label"] = (named[0],)
    elif not boxed and (one_hot or (flags and source.endswith(ONE_HOT))):
        columns.roles["flag"] = tuple(flags)
    elif len(candidates) == 1 and not boxed:
        columns.roles["label"] = (candidates[0],)
    elif blank := _called_labels(columns):
        # What comes in later rows is read.
        columns.roles["label"] = tuple(blank)
        return
    elif boxed or candidates or any(kinds[column] is Kind.NUMBER for column in free):
        raise _no_labels(columns, source, candidates, bool(boxed))
    columns.guessed |= {"label", "flag"}


def narrow_labels(columns: Columns, source: str) -> None:
    """Of columns that are called labels by different words, those that are read: names, and not the numbers of these.

    Raises
    ------
    LayoutError : several may hold the label of a box
    """
    called, kinds = columns.roles.get("label", ()), columns.kinds
    if len({_word(columns.names[column]) for column in called}) < 2:
        return
    names = [column for column in called if kinds[column] in WORDS]
    numbers = {
        column: name
        for column in called
        for name in names
        if kinds[column] in COUNTED and _are_one_to_one(columns.cells[column], columns.cells[name])
    }
    for number, name in numbers.items():
        columns.notes.append(f"taken: {columns.titled(name)} as label, of which {columns.titled(number)} is the number")
    labels = [column for column in called if column not in numbers]
    boxed = columns.geometry or {"bbox", "runs"} & columns.roles.keys()
    if boxed:
        labels = [column for column in labels if kinds[column] is not Kind.EMPTY]
    columns.roles["label"] = tuple(labels)
    if len({_word(columns.names[column]) for column in labels}) < 2:
        return
    hint = f"--column label={columns.names[labels[0]]}"
    if boxed:
        raise LayoutError(
            f"{source}: {columns.listed(labels)} may each hold the label of a box, which has one",
            hint=f"say which does: {hint}",
        )
    columns.notes.append(f"taken: {columns.listed(labels)} as labels, all of them ({hint} takes one)")


def _word(name: str) -> str:
    """What a column of labels is called, without its number, and in the singular."""
    word = re.sub(r"\d+", "", plain_name(name))
    return {"labels": "label", "classes": "class", "categories": "category", "tags": "tag"}.get(word, word)


def _are_one_to_one(cells: list[str], others: list[str]) -> bool:
    pairs = {(cell.strip(), other.strip()) for cell, other in zip(cells, others, strict=True)}
    return len(pairs) == len({cell for cell, _ in pairs}) == len({other for _, other in pairs})


def refuse_areas(columns: Columns, source: str) -> None:
    """Sees that no cells hold Label Studio's areas: in percent, and each with its own label, they are no boxes here.

    Raises
    ------
    LayoutError : some do
    """
    for column in range(len(columns.names)):
        if any(_AREA in cell for cell in columns.cells[column]):
            raise LayoutError(
                f"{source}: {columns.titled(column)} holds areas that Label Studio drew, which a table is not read for",
                hint="export JSON from Label Studio, which says the same, and name that",
            )


def refuse_labelled_boxes(columns: Columns, source: str) -> None:
    """Sees that no label is the label of a box with its numbers behind it, as ImageNet's and Kaggle's tables have them.

    Raises
    ------
    LayoutError : one is
    """
    for column in columns.roles.get("label", ()):
        cell = next(filter(_LABELLED_BOXES.fullmatch, map(str.strip, columns.cells[column])), None)
        if cell is not None:
            held = f"{columns.titled(column)} holds boxes behind their labels, {cell[:_SHOWN]!r}"
            raise LayoutError(
                f"{source}: {held}, which is not read",
                hint="make a row a box of them: image,xmin,ymin,xmax,ymax,label; or say which column holds labels: "
                "--column label=NAME",
            )


def refuse_boxes(columns: Columns, source: str) -> None:
    """Sees that no columns are left unread that sound and look like boxes.

    Raises
    ------
    LayoutError : four beside each other do
    """
    free = set(columns.free)
    for start in range(len(columns.heading) - 3):
        four = range(start, start + 4)
        if all(column in free and columns.kinds[column] in (Kind.WHOLE, Kind.NUMBER) for column in four) and all(
            may_be_coordinate(columns.names[column]) for column in four
        ):
            raise LayoutError(
                f"{source}: {columns.listed([*four])} may be boxes, by names that are not known",
                hint=f"say which is which: --column xmin={columns.names[start]} …, or left, top, box_width, "
                "box_height; --column label=NAME reads labels alone",
            )


def _called_labels(columns: Columns) -> list[int]:
    return [column for column in columns.free if role_of(columns.names[column]) == "label"]


def _unnamed_labels(columns: Columns, source: str, words: list[int], counted: list[int], boxed: bool) -> None:
    """The labels of a table without a header: all other cells, as in the guide's sample, but none that is a number."""
    image = columns.roles["image"][0]
    others = [column for column in columns.free if columns.kinds[column] not in (*WORDS, Kind.EMPTY)]
    if not others and image == 0 and not boxed and columns.roles.keys() == {"image"}:
        columns.label_rest, columns.numbers_are_labels = 1, False
        return
    chosen = words or (counted if len(counted) == 1 else [])
    numeric = [column for column in others if columns.kinds[column] in NUMERIC]
    if not boxed and len(numeric) >= len(CORNERS):
        raise LayoutError(
            f"{source}: {columns.listed(numeric)} hold numbers, four of which may be boxes",
            hint="say which: --column xmin=3 --column ymin=4 --column xmax=5 --column ymax=6; to read labels alone: "
            "--column image=1 --column label=2",
        )
    if (not chosen and (boxed or others)) or (boxed and len(chosen) > 1):
        raise _no_labels(columns, source, words or counted, boxed)
    if chosen:
        columns.roles["label"] = tuple(chosen)
        columns.guessed.add("label")


def _no_labels(columns: Columns, source: str, candidates: list[int], boxed: bool) -> LayoutError:
    what = "its boxes have no label: " if boxed else ""
    which = f"; it may be {' or '.join(map(columns.titled, candidates))}" if candidates else ""
    name = (columns.names[candidates[0]] if columns.header else str(candidates[0] + 1)) if candidates else "NAME"
    numbers = [column for column in columns.free if columns.kinds[column] is Kind.NUMBER]
    rule = "where all are of one kind, name it: --label-rule LABEL"
    if numbers and not boxed:
        rule = f"--label-rule 'LABEL: {columns.names[numbers[0]]} >= 0.5' makes labels of numbers"
    return LayoutError(
        f"{source}: {what}no column is known to hold labels{which}; its columns are {columns.listed()}",
        hint=f"say which it is, by name or number: --column label={name}; {rule}",
    )

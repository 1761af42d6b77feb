"""Tables as lines of text: as wide as they are, or fitted to a terminal's width.

A word is never broken: names of versions, dates and codes have to be copied and searched for. Where a table is too
wide, first columns of several words are folded between these, then columns are left out in the order that the caller
gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_BEFORE, _BETWEEN = " ", "   "
_READABLE = 24
"""Characters to which a column of sentences is folded at most, before another is left out."""


@dataclass(frozen=True, slots=True)
class Laid:
    """The lines of a table, and the columns that found no room."""

    lines: tuple[str, ...]
    left_out: tuple[str, ...]


def lay_out(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[bool],
    rule: str = "─",
    width: int | None = None,
    give_way: Sequence[str] | None = None,
) -> Laid:
    """A table's lines, none longer than `width` unless single words are.

    Parameters
    ----------
    rows : each as many cells as there are columns
    right : whether a column is aligned to the right
    rule : the character below the heads
    width : of the terminal, in cells; None: nothing is folded or left out
    give_way : names of columns, the first to be left out first; None: from the right, all but the first
    """
    chosen = [*range(len(columns))]
    cells = [[columns[column], *(row[column] for row in rows)] for column in chosen]
    natural = [max(map(_cells, column)) for column in cells]
    least = [min(whole, max(_READABLE, _longest_word(column))) for whole, column in zip(natural, cells, strict=True)]
    tightest = [_longest_word(column) for column in cells]
    order = [*reversed(columns[1:])] if give_way is None else [*give_way]
    left_out: list[str] = []
    if width is not None:
        for name in order:
            if _total(least, chosen) <= width:
                break
            index = next((number for number in chosen if columns[number] == name), None)
            if index is not None and len(chosen) > 1:
                chosen.remove(index)
                left_out.append(name)
        floor = least if _total(least, chosen) <= width else tightest
        widths = _narrowed(natural, floor, chosen, width)
    else:
        widths = natural
    lines: list[str] = []
    for number, row in enumerate(zip(*(cells[column] for column in chosen), strict=True)):
        parts = [_folded(cell, widths[column]) for cell, column in zip(row, chosen, strict=True)]
        for line in range(max(map(len, parts))):
            texts = [part[line] if line < len(part) else "" for part in parts]
            aligned = [_aligned(text, widths[at], right[at]) for text, at in zip(texts, chosen, strict=True)]
            lines.append((_BEFORE + _BETWEEN.join(aligned)).rstrip())
        if number == 0:
            lines.append(_BEFORE + rule * (_total(widths, chosen) - len(_BEFORE)))
    return Laid(tuple(lines), tuple(left_out))


def _total(widths: Sequence[int], chosen: Sequence[int]) -> int:
    return len(_BEFORE) + sum(widths[column] for column in chosen) + len(_BETWEEN) * (len(chosen) - 1)


def _narrowed(natural: Sequence[int], floor: Sequence[int], chosen: Sequence[int], width: int) -> list[int]:
    """Widths that fit: the widest column is taken from first, none beyond its floor."""
    widths = list(natural)
    while (surplus := _total(widths, chosen) - width) > 0:
        loose = [column for column in chosen if widths[column] > floor[column]]
        if not loose:
            break
        widest = max(loose, key=lambda column: widths[column])
        others = [widths[column] for column in loose if column != widest and widths[column] < widths[widest]]
        lowest = max([floor[widest], *others]) if others else floor[widest]
        widths[widest] -= max(1, min(surplus, widths[widest] - lowest))
    return widths


def _folded(text: str, width: int) -> list[str]:
    """The text on lines of that width, between words."""
    if _cells(text) <= width:
        return [text]
    lines: list[str] = []
    for word in text.split():
        if lines and _cells(lines[-1]) + 1 + _cells(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def _longest_word(texts: Sequence[str]) -> int:
    return max((_cells(word) for text in texts for word in text.split()), default=0)


def _aligned(text: str, width: int, right: bool) -> str:
    blank = " " * (width - _cells(text))
    return blank + text if right else text + blank


def _cells(text: str) -> int:
    """Cells of a terminal that a text takes; East Asian characters take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)

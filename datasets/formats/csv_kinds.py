"""What the cells of a CSV column look like: names of images, numbers, boxes, words."""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum

from customlabels.datasets.files import ADDRESSES, is_image
from customlabels.datasets.formats.csv_cells import is_number, runs_of, shapes_of
from customlabels.datasets.layout import SUBSETS


class Kind(Enum):
    """What a column's cells look like; of several kinds the first."""

    EMPTY = "empty"
    IMAGE = "names of images"
    FILE = "names of files"
    SIDE = "parts of a split"
    FLAG = "0 or 1"
    WHOLE = "whole numbers"
    NUMBER = "numbers"
    BOX = "boxes"
    RUNS = "run lengths"
    DOCUMENT = "JSON"
    WORDS = "words"


WORDS = (Kind.WORDS, Kind.SIDE)
COUNTED = (Kind.FLAG, Kind.WHOLE)
NUMERIC = (*COUNTED, Kind.NUMBER)
SIDE_WORDS = {*SUBSETS, "validate", "unassigned"}
_TRUE = """true wahr vrai verdadero vero verdadeiro waar prawda pravda igaz sant sand tosi doğru истина 真 참
yes y x ✓ ✔ ☑ ja oui sí si sì sim tak ano igen kyllä evet да 是 はい 예"""
_FALSE = """false falsch faux falso onwaar fałsz nepravda hamis falskt falsk epätosi yanlış ложь 假 거짓
no n ☐ ✗ ✘ nein non não nao nee nie ne nem nej nei ei hayır нет 否 いいえ 아니오 아니요"""
YES, NO = {"1", "1.0", *_TRUE.split()}, {"0", "0.0", "", *_FALSE.split()}
"""As spreadsheets write truth, and people, in their languages."""

UNSURE = {"-1", "-1.0"}
"""As CheXpert and its kind mark what nobody could tell."""

_FILE = re.compile(r"\S+\.(txt|xml|json|csv|npy|mat|html?|pdf|zip|mp4|avi|mov|wav)", re.IGNORECASE)
_MOST = 0.9
"""Part of the cells that have to look like a kind; of names the others may lack their ending."""


def kind_of(cells: Iterable[str]) -> Kind:
    """What the cells of a column look like, blank ones aside."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return Kind.EMPTY
    if _part(filled, names_an_image) >= _MOST:
        return Kind.IMAGE
    if _part(filled, lambda cell: bool(_FILE.fullmatch(cell)) or cell.startswith(ADDRESSES)) >= _MOST:
        return Kind.FILE
    lowered = {cell.lower() for cell in filled}
    if lowered <= SIDE_WORDS:
        return Kind.SIDE
    if lowered <= YES | NO | UNSURE:
        return Kind.FLAG
    if all(cell.lstrip("+-").isdigit() for cell in filled):
        return Kind.WHOLE
    if all(map(is_number, filled)):
        return Kind.NUMBER
    return _of_lists(filled)


def _of_lists(filled: Sequence[str]) -> Kind:
    """Boxes, run lengths, or words; four numbers in each cell are rather a box than two runs."""
    if _part(filled, lambda cell: shapes_of(cell) is not None) >= _MOST:
        return Kind.BOX
    if _part(filled, lambda cell: runs_of(cell) is not None) >= _MOST:
        return Kind.RUNS
    if _part(filled, lambda cell: cell[0] in "[{" and cell[-1] in "]}") >= _MOST:
        return Kind.DOCUMENT
    return Kind.WORDS


def _part(cells: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(1 for cell in cells if holds(cell)) / len(cells)


def names_an_image(cell: str) -> bool:
    """Whether a cell reads as the name or address of an image file."""
    text = cell.strip()
    return is_image(text.partition("?")[0].replace("\\", "/")) and not text.startswith(("[", "{"))


def is_address(cell: str) -> bool:
    """Whether a cell is an address, of whatever it may be."""
    return cell.strip().startswith(ADDRESSES)


def is_side(cell: str) -> bool:
    """Whether a cell names a part of a split."""
    return cell.strip().lower() in SIDE_WORDS


def is_various(cells: Sequence[str]) -> bool:
    """Whether hardly a cell is there twice, as with times, remarks and numbers of parts: no labels."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return len(filled) >= 10 and len(set(filled)) > 0.5 * len(filled)

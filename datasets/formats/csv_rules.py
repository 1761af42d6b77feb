"""Labels by rules over the columns of a table: 'defect: probability >= 0.5'."""

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from customlabels.core.errors import SettingsError

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION = re.compile(r"\s*(?P<column>.+?)\s*(?P<operator>>=|<=|==|!=|>|<)\s*(?P<value>.+?)\s*")


@dataclass(frozen=True, slots=True)
class Condition:
    """A column, by name or by its number from 1, beside a number or a word."""

    column: str
    operator: str
    value: float | str


@dataclass(frozen=True, slots=True)
class Rule:
    """A label for the rows in which all conditions hold; for all of them where there is none."""

    label: str
    conditions: tuple[Condition, ...]


def parse_rule(text: str) -> Rule:
    """The rule in `LABEL: COLUMN >= VALUE [and COLUMN < VALUE …]`, or in `LABEL`.

    Raises
    ------
    SettingsError : it is of another form
    """
    label, colon, conditions = text.partition(":")
    parts = re.split(r"\s+and\s+", conditions) if colon else []
    matches = [_CONDITION.fullmatch(part) for part in parts]
    if not label.strip() or not all(matches):
        raise SettingsError(
            f"--label-rule {text!r}: has to be LABEL: COLUMN >= NUMBER, or LABEL where all are of one kind",
            hint="also >, <, <=, == and !=, and several conditions with 'and' between them",
        )
    return Rule(label.strip(), tuple(_condition(match, text) for match in matches if match))


def _condition(match: "re.Match[str]", text: str) -> Condition:
    value = match["value"]
    try:
        number = float(value)
    except ValueError:
        if match["operator"] not in {"==", "!="}:
            raise SettingsError(f"--label-rule {text!r}: {value!r} is no number") from None
        return Condition(match["column"], match["operator"], value.strip("\"'"))
    return Condition(match["column"], match["operator"], number)


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule whose columns were found: (number from 0, name, operator, value) of each condition."""

    label: str
    conditions: tuple[tuple[int, str, str, float | str], ...]


def labels_by(rules: Sequence[PlacedRule], row: Sequence[str]) -> tuple[str, ...]:
    """The labels whose rules hold for a row.

    Raises
    ------
    ValueError : a cell that has to be a number is none
    """
    return tuple(dict.fromkeys(rule.label for rule in rules if all(_holds(part, row) for part in rule.conditions)))


def _holds(condition: tuple[int, str, str, float | str], row: Sequence[str]) -> bool:
    column, name, sign, value = condition
    cell = row[column].strip() if column < len(row) else ""
    if isinstance(value, str):
        return _OPERATORS[sign](cell, value)
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise ValueError(f"{cell!r} in {name} is no number, as --label-rule needs it")
    return _OPERATORS[sign](number, value)

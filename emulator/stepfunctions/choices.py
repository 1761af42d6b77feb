"""Choice states: rules that pick the next state.

Source: Step Functions developer guide, "Choice workflow state".
"""

import operator
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from customlabels.emulator.stepfunctions import paths
from customlabels.emulator.stepfunctions.errors import StateError

Rule = dict[str, Any]

_KINDS: dict[str, tuple[str, ...]] = {
    "String": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    "Numeric": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    "Timestamp": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    "Boolean": ("Equals",),
}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_COMPARISONS = {
    f"{kind}{order}{path}": (kind, order)
    for kind, orders in _KINDS.items()
    for order in orders
    for path in ("", "Path")
}
_TESTS = ("IsPresent", "IsNull", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")
_ALL = {*_COMPARISONS, *_TESTS, "StringMatches"}
_TOGETHER = ("And", "Or", "Not")


def picked(state: dict[str, Any], given: Any, context: Any) -> str:
    """The state that comes next.

    Raises
    ------
    StateError : States.NoChoiceMatched; States.Runtime where a variable is not there
    """
    for rule in state["Choices"]:
        if _holds(rule, given, context):
            return str(rule["Next"])
    if "Default" not in state:
        raise StateError("States.NoChoiceMatched", "No choice rule matches, and there is no Default.")
    return str(state["Default"])


def faults(rule: Any, where: str, *, top: bool = True) -> Iterator[tuple[str, str]]:
    """(place, fault) of all that is wrong in a rule."""
    if not isinstance(rule, dict):
        yield where, "a rule is an object"
        return
    if top and not isinstance(rule.get("Next"), str):
        yield where, "a rule needs Next"
    elif not top and "Next" in rule:
        yield where, "only the outermost rule has Next"
    beside = rule.keys() - {"Next", "Comment", "Variable"}
    if len(beside) != 1 or not beside <= {*_ALL, *_TOGETHER}:
        unknown = sorted(beside - _ALL - {*_TOGETHER})
        yield where, f"{', '.join(unknown)} is not known" if unknown else "a rule has one comparison"
        return
    (name,) = beside
    if name == "Not":
        yield from faults(rule["Not"], f"{where}/Not", top=False)
    elif name in _TOGETHER:
        if not isinstance(rule[name], list) or not rule[name]:
            yield f"{where}/{name}", "takes a list of rules"
            return
        for number, part in enumerate(rule[name]):
            yield from faults(part, f"{where}/{name}[{number}]", top=False)
    else:
        if wrong := paths.fault(rule.get("Variable")):
            yield f"{where}/Variable", wrong
        yield from _comparison_faults(name, rule[name], f"{where}/{name}")


def _comparison_faults(name: str, value: Any, where: str) -> Iterator[tuple[str, str]]:
    if name.endswith("Path"):
        if wrong := paths.fault(value):
            yield where, wrong
    elif name in _TESTS or name.startswith("Boolean"):
        if not isinstance(value, bool):
            yield where, "takes true or false"
    elif name.startswith("Numeric"):
        if not _is_number(value):
            yield where, "takes a number"
    elif not isinstance(value, str):
        yield where, "takes a text"
    elif name.startswith("Timestamp") and _time(value) is None:
        yield where, f"{value!r} is no time"


def _holds(rule: Rule, given: Any, context: Any) -> bool:
    if "And" in rule:
        return all(_holds(part, given, context) for part in rule["And"])
    if "Or" in rule:
        return any(_holds(part, given, context) for part in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], given, context)
    (name,) = rule.keys() & _ALL
    if name == "IsPresent":
        return (paths.look_up(rule["Variable"], given, context) is not paths.MISSING) is rule[name]
    value = paths.at(rule["Variable"], given, context)
    if name in _TESTS:
        return _TESTED[name](value) is rule[name]
    if name == "StringMatches":
        return isinstance(value, str) and _matches(rule[name], value)
    kind, order = _COMPARISONS[name]
    other = paths.at(rule[name], given, context) if name.endswith("Path") else rule[name]
    first, second = _of_kind(kind, value), _of_kind(kind, other)
    return first is not None and second is not None and _ORDERS[order](first, second)


def _of_kind(kind: str, value: Any) -> Any:
    """The value as it is compared; None where it is of another kind."""
    if kind == "String":
        return value if isinstance(value, str) else None
    if kind == "Numeric":
        return value if _is_number(value) else None
    if kind == "Boolean":
        return value if isinstance(value, bool) else None
    return _time(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _time(value: Any) -> float | None:
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


def _matches(pattern: str, text: str) -> bool:
    """Whether a text is like a pattern, in which * is any text, and a backslash takes that from it."""
    parts = re.findall(r"\\.|\*|[^\\*]+", pattern, re.DOTALL)
    said = "".join(".*" if part == "*" else re.escape(part[1:] if part.startswith("\\") else part) for part in parts)
    return re.fullmatch(said, text, re.DOTALL) is not None


_TESTED: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": _is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: _time(value) is not None,
}

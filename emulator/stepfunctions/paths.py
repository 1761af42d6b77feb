"""Paths into documents, as states name their inputs and outputs.

Source: Step Functions developer guide, "Using JSONPath paths": a reference path names exactly one node; others give a
list of what they match. Expressions beyond reference paths are read by jsonpath-ng.
"""

import copy
import re
from functools import cache
from typing import Any

from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext import parse

from customlabels.emulator.stepfunctions.errors import StateError

_STEP = re.compile(r"""\.([^\s.\[\]'"*?()@,:$]+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]""")

MISSING = object()
"""What a path gives where nothing lies."""


def fault(path: Any, *, reference: bool = False) -> str:
    """What is wrong with a path; empty where nothing is.

    Parameters
    ----------
    reference : whether it has to name one node of the input
    """
    if not isinstance(path, str) or not path.startswith("$"):
        return f"{path!r} is no path: it does not begin with $"
    if _steps(path) is not None:
        return "the context is not written to" if reference and path.startswith("$$") else ""
    if reference:
        return f"{path!r} is no reference path: it may only have names and numbers"
    try:
        _expression(path)
    except (JSONPathError, ValueError) as error:
        return f"{path!r} is no path: {error}"
    except Exception as error:
        return f"{path!r} is no path: {type(error).__name__}: {error}"
    return ""


def look_up(path: str, given: Any, context: Any) -> Any:
    """What lies at a path of the input, or of the context where it begins with $$; MISSING where nothing does."""
    document = context if path.startswith("$$") else given
    steps = _steps(path)
    if steps is None:
        return [match.value for match in _expression(path).find(document)] or MISSING
    for step in steps:
        fits = isinstance(document, dict) and step in document if isinstance(step, str) else _has(document, step)
        if not fits:
            return MISSING
        index: Any = step
        document = document[index]
    return document


def at(path: str, given: Any, context: Any, error: str = "States.Runtime") -> Any:
    """What lies at a path.

    Raises
    ------
    StateError : nothing does; it is named `error`
    """
    value = look_up(path, given, context)
    if value is MISSING:
        raise StateError(error, f"The JSONPath '{path}' could not be found in the input.")
    return value


def placed(path: str | None, given: Any, value: Any) -> Any:
    """The input with `value` at a reference path; the input alone where the path is null.

    Raises
    ------
    StateError : States.ResultPathMatchFailure
    """
    if path is None:
        return given
    steps = _steps(path)
    if not steps:
        return value
    result = copy.deepcopy(given)
    node: Any = result
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        fits = isinstance(node, dict) if isinstance(step, str) else _has(node, step)
        if not fits:
            raise StateError("States.ResultPathMatchFailure", f"Unable to apply ResultPath {path} to the input.")
        index: Any = step
        if following is None:
            node[index] = value
        else:
            node = node.setdefault(index, {}) if isinstance(step, str) else node[index]
    return result


def _has(document: Any, number: int) -> bool:
    return isinstance(document, list) and number < len(document)


@cache
def _steps(path: str) -> list[str | int] | None:
    """Names and numbers of a path that has nothing else; None of any other."""
    rest, steps = path.removeprefix("$").removeprefix("$"), list[str | int]()
    while rest:
        match = _STEP.match(rest)
        if match is None:
            return None
        name, single, double, number = match.groups()
        quoted = single if single is not None else double
        steps.append(name or int(number) if quoted is None and (name or number) else re.sub(r"\\(.)", r"\1", quoted))
        rest = rest[match.end() :]
    return steps


@cache
def _expression(path: str) -> Any:
    return parse(path[1:] if path.startswith("$$") else path)

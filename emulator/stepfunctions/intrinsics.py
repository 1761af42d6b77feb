"""Intrinsic functions: what a template computes of its input.

Source: Step Functions developer guide, "Intrinsic functions for JSONPath states in Step Functions".
"""

import base64
import binascii
import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from customlabels.emulator.stepfunctions import paths
from customlabels.emulator.stepfunctions.errors import StateError

_FAILED = "States.IntrinsicFailure"
_NAME = re.compile(r"States\.[A-Za-z0-9]+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 10
_LONGEST_ARRAY = 1000


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Path:
    path: str


def fault(text: str) -> str:
    """What is wrong with an expression; empty where nothing is."""
    try:
        _parsed(text)
    except ValueError as error:
        return str(error)
    return ""


def evaluate(text: str, given: Any, context: Any) -> Any:
    """What an expression comes to.

    Raises
    ------
    StateError : States.IntrinsicFailure, or what a path in it raises
    """
    return _value(_parsed(text), given, context)


def _value(part: Any, given: Any, context: Any) -> Any:
    if isinstance(part, _Path):
        return paths.at(part.path, given, context, "States.ParameterPathFailure")
    if not isinstance(part, _Call):
        return part
    arguments = [_value(argument, given, context) for argument in part.arguments]
    try:
        return _FUNCTIONS[part.name](*arguments)
    except StateError:
        raise
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, binascii.Error) as error:
        raise StateError(_FAILED, f"{part.name} failed: {error}") from error


@cache
def _parsed(text: str) -> Any:
    part, rest = _part(text.strip(), 0)
    if rest.strip():
        raise ValueError(f"{text!r}: nothing may follow {rest!r}")
    if not isinstance(part, _Call):
        raise ValueError(f"{text!r} is no intrinsic function")
    return part


def _part(text: str, depth: int) -> tuple[Any, str]:
    """The argument that a text begins with, and what follows it."""
    if depth > _DEEPEST:
        raise ValueError(f"intrinsic functions may be {_DEEPEST} deep")
    text = text.lstrip()
    if text.startswith("'"):
        return _text(text)
    if text.startswith("$"):
        path, rest = _until_end(text)
        wrong = paths.fault(path)
        if wrong:
            raise ValueError(wrong)
        return _Path(path), rest
    name = _NAME.match(text)
    if name:
        return _call(name[0], text[name.end() :], depth)
    number = _NUMBER.match(text)
    if number:
        return json.loads(number[0]), text[number.end() :]
    for word, value in _WORDS.items():
        if text.startswith(word):
            return value, text[len(word) :]
    raise ValueError(f"{text!r} is no argument of an intrinsic function")


def _call(name: str, rest: str, depth: int) -> tuple[Any, str]:
    if name not in _FUNCTIONS:
        raise ValueError(f"{name} is no intrinsic function")
    if not rest.startswith("("):
        raise ValueError(f"{name} has no arguments")
    rest, arguments = rest[1:].lstrip(), []
    while not rest.startswith(")"):
        argument, rest = _part(rest, depth + 1)
        arguments.append(argument)
        rest = rest.lstrip()
        if rest.startswith(","):
            rest = rest[1:].lstrip()
        elif not rest.startswith(")"):
            raise ValueError(f"{name}: its arguments do not end")
    return _Call(name, tuple(arguments)), rest[1:]


def _text(text: str) -> tuple[str, str]:
    """A text in single quotes; a backslash keeps what follows it, and itself before a brace, which Format reads."""
    said, position = "", 1
    while position < len(text):
        character = text[position]
        if character == "'":
            return said, text[position + 1 :]
        if character == "\\" and position + 1 < len(text):
            position += 1
            character = text[position] if text[position] in "'\\" else "\\" + text[position]
        said += character
        position += 1
    raise ValueError(f"{text!r} does not end")


def _until_end(text: str) -> tuple[str, str]:
    """A path, up to the comma or bracket behind it."""
    deep, quoted = 0, False
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character in "[(":
            deep += 1
        elif character in "])" and deep:
            deep -= 1
        elif character in ",)":
            return text[:position].rstrip(), text[position:]
    return text.rstrip(), ""


def _format(template: str, *values: Any) -> str:
    parts = re.split(r"(?<!\\)\{\}", template)
    if len(parts) != len(values) + 1:
        raise ValueError(f"{len(parts) - 1} places for {len(values)} values")
    said = [_shown(value) for value in values] + [""]
    joined = "".join(part + value for part, value in zip(parts, said, strict=True))
    return joined.replace("\\{", "{").replace("\\}", "}")


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _partition(array: list[Any], size: int) -> list[list[Any]]:
    if size < 1:
        raise ValueError("parts have at least one item")
    return [array[start : start + size] for start in range(0, len(array), size)]


def _range(first: int, last: int, step: int) -> list[int]:
    values = range(first, last + (1 if step > 0 else -1), step)
    if len(values) > _LONGEST_ARRAY:
        raise ValueError(f"an array has at most {_LONGEST_ARRAY} items")
    return list(values)


def _unique(array: list[Any]) -> list[Any]:
    return list({_json(value): value for value in reversed(array)}.values())[::-1]


def _merge(first: dict[str, Any], second: dict[str, Any], deep: bool) -> dict[str, Any]:
    if deep:
        raise ValueError("deep merging is not supported")
    return {**first, **second}


def _split(text: str, characters: str) -> list[str]:
    return [part for part in re.split("[" + re.escape(characters) + "]", text) if part]


_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "States.Array": lambda *values: list(values),
    "States.ArrayPartition": _partition,
    "States.ArrayContains": lambda array, value: _json(value) in {_json(item) for item in array},
    "States.ArrayRange": _range,
    "States.ArrayGetItem": lambda array, index: array[index],
    "States.ArrayLength": len,
    "States.ArrayUnique": _unique,
    "States.Base64Encode": lambda text: base64.b64encode(text.encode()).decode(),
    "States.Base64Decode": lambda text: base64.b64decode(text, validate=True).decode(),
    "States.Format": _format,
    "States.Hash": lambda value, algorithm: hashlib.new(_HASHES[algorithm], _shown(value).encode()).hexdigest(),
    "States.JsonMerge": _merge,
    "States.JsonToString": _json,
    "States.MathAdd": lambda first, second: int(first) + int(second),
    "States.MathRandom": lambda first, last, seed=None: random.Random(seed).randrange(first, last),  # noqa: S311
    "States.StringSplit": _split,
    "States.StringToJson": json.loads,
    "States.UUID": lambda: str(uuid.uuid4()),
}

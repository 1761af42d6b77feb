"""What is wrong with a settings file, in its own terms: lines, keys as they are written, entries counted from 1."""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from customlabels.core.errors import SettingsError

if TYPE_CHECKING:
    from pydantic import ValidationError

Location = Sequence[str | int]
"""Keys and, from 0, numbers of entries, from the file's root."""

_KEY = re.compile(r"[a-z_]+\.[a-z_]+(?=[: ])")

_LONGEST = 2_000
"""Lines up to which those of faults are looked for: each is parsed with all before it."""


def faults_in_words(text: str, kind: type, error: "ValidationError") -> list[str]:
    """A sentence a fault, in the order of the file.

    Parameters
    ----------
    text : of the file
    kind : the class that the whole file is read as
    """
    faults = {
        _key(kind, fault["loc"]): (_sentence(kind, fault), fault["loc"])
        for fault in reversed(error.errors(include_url=False))
    }
    lines = _lines(text, [location for _, location in faults.values()])
    placed = sorted(
        (line or 0, f"{f'line {line}, ' if line else ''}{key}: {sentence}")
        for (key, (sentence, _)), line in zip(faults.items(), lines, strict=True)
    )
    return [sentence for _, sentence in placed]


def with_lines(text: str, faults: Sequence[str]) -> list[str]:
    """The faults in the order of the file, each with the line on which its key stands, which it begins with.

    Parameters
    ----------
    text : of the file
    faults : as `inspection.keep: …`, `gate.min_label crack: …`; where a key is not there, its section's line is told
    """
    keys = [_KEY.match(fault) for fault in faults]
    lines = _lines(text, [key[0].split(".") if key else () for key in keys])
    placed = sorted(enumerate(zip(lines, faults, strict=True)), key=lambda each: (each[1][0] or 0, each[0]))
    return [f"line {line}, {fault}" if line else fault for _, (line, fault) in placed]


def in_file(path: Path, faults: Sequence[str]) -> SettingsError:
    """The faults of a settings file, each with its line."""
    first, *others = with_lines(path.read_text(encoding="utf-8-sig"), faults)
    return SettingsError(f"{path}: {first}", details=others, hint="customlabels init DIR writes a commented example")


def _sentence(kind: type, fault: Mapping[str, Any]) -> str:
    match fault["type"]:
        case "unexpected_keyword_argument":
            *above, name = fault["loc"]
            known = _names(kind, above)
            close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.6)
            meant = f"did you mean {close[0]}?" if close else f"it takes {', '.join(known)}"
            return f"there is no such {'section' if not above else 'key'}; {meant}"
        case "missing":
            return "is missing"
        case _:
            message: str = fault["msg"]
            for before, after in (("Input should be", "has to be"), ("String should", "has to"), ("Input ", "")):
                if message.startswith(before):
                    message = after + message[len(before) :]
                    break
            given = fault.get("input")
            shown = f"{given!r}: " if isinstance(given, str | int | float) else ""
            if isinstance(given, bool):
                shown = shown.lower()
            return f"{shown}{message[:1].lower()}{message[1:]}"


def _key(kind: type, location: Location) -> str:
    """The key as a person names it: schedule.window 2.start."""
    described = ""
    for part, known in zip(location, _known(kind, location), strict=True):
        if isinstance(part, int):
            described += f" {part + 1}"
        elif known:
            described += f"{'.' if described else ''}{part}"
    return described


def _known(kind: type, location: Location) -> list[bool]:
    """Whether each part stands in the file; pydantic also names the kinds of a value that may be of several."""
    known: list[bool] = []
    inside: Any = kind
    for part in location:
        if isinstance(part, int):
            known.append(True)
            inside = _entries(inside)
        elif is_dataclass(inside) and isinstance(inside, type):
            known.append(True)
            inside = get_type_hints(inside).get(part)
        else:
            known.append(_is_table(inside) and part != "[key]")
            inside = inside if not known[-1] else None
    return known


def _entries(hint: Any) -> Any:
    """The class of a list's entries."""
    kinds = [argument for argument in get_args(hint) if is_dataclass(argument)]
    return kinds[0] if kinds else None


def _is_table(hint: Any) -> bool:
    return getattr(hint, "__origin__", None) is Mapping


def _names(kind: type, location: Location) -> list[str]:
    """Keys of the section there."""

    def inside(hint: Any, part: str | int) -> Any:
        return _entries(hint) if isinstance(part, int) else get_type_hints(hint)[part]

    section: Any = reduce(inside, location, kind)
    return [field.name for field in fields(section)]


def _lines(text: str, locations: Sequence[Location]) -> list[int | None]:
    """The line from 1 on which each begins, or its section where it is missing; None where that is not known.

    Each beginning of the file is parsed: what a key is in TOML (dotted, quoted, in a table of a line) is left to the
    parser.
    """
    rows = text.splitlines()
    deepest: dict[int, tuple[int, int]] = {}
    begun = 0
    for number in range(1, len(rows) + 1 if len(rows) <= _LONGEST else 0):
        try:
            document = tomllib.loads("\n".join(rows[:number]))
        except tomllib.TOMLDecodeError:
            continue
        for index, location in enumerate(locations):
            depth = _depth(document, location)
            if depth > deepest.get(index, (0, 0))[0]:
                deepest[index] = (depth, begun + 1)
        begun = number
    return [deepest[index][1] if index in deepest else None for index in range(len(locations))]


def _depth(document: Any, location: Location) -> int:
    """How many parts of the location are there."""
    for depth, part in enumerate(location):
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return depth
    return len(location)

"""Text made such that it can be printed: whatever the stream's encoding, and whatever names hold.

Names come from files and from the service: an escape character in one would command the terminal, a character that
turns the direction of writing would show another name than the one that is there.
"""

import codecs
import json
import re
import sys
from typing import Any

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Controls, lone surrogates, line separators, what turns the direction and what is not seen.

Joiners (U+200C, U+200D) and selectors of form stay: scripts and emoji are written with them.
Source: Unicode Standard Annex #9, "Directional Formatting Characters", and Technical Report #36, 2.10.
"""

_PLAIN = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "·": "-",
        "×": "x",
        "→": "->",
        "─": "-",
        "≥": ">=",
        "≤": "<=",
        "±": "+-",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
    }
)
"""What our own sentences hold beyond ASCII, in characters that each encoding has."""

_HANDLER = "customlabels.plain"


def printable(text: str, *, encoding: str = "utf-8", kept: str = "") -> str:
    r"""`text` on one line, with what would not be seen written as \x1b, and in characters of the encoding.

    Parameters
    ----------
    encoding : of the stream that it is printed to
    kept : hidden characters that stay, such as "\n" where lines are meant
    """
    shown = _HIDDEN.sub(lambda match: match[0] if match[0] in kept else _escaped(match[0]), text)
    try:
        shown.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _in_characters_of(encoding, shown)
    return shown


def printable_json(value: Any, *, encoding: str = "utf-8", indent: int | None = None) -> str:
    """`value` as JSON that gives it back, of printable characters of the encoding alone."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if _HIDDEN.search(text.replace("\n", "")) is None and _holds(encoding, text):
        return text
    return json.dumps(value, indent=indent, ensure_ascii=True).replace("\x7f", "\\u007f")


def never_fail() -> None:
    """From now on standard output and standard error take any text, in plain characters where they have to."""
    codecs.register_error(_HANDLER, _replace)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def _escaped(characters: str) -> str:
    return characters.encode("unicode_escape").decode()


def _in_characters_of(encoding: str, text: str) -> str:
    def in_them(character: str) -> str:
        if _holds(encoding, character):
            return character
        plain = character.translate(_PLAIN)
        return plain if plain.isascii() and plain != character else _escaped(character)

    return "".join(map(in_them, text))


def _holds(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _replace(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that a stream cannot take; those that came past `printable`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return _in_characters_of("ascii", lost), error.end

"""Whatever a name holds and whatever the stream takes, something is printed, on one line, and it hides nothing."""

import io
import json
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.console import Console
from customlabels.core.errors import CustomLabelsError
from customlabels.core.plurals import counted
from customlabels.core.printable import printable, printable_json

ENCODINGS = ("utf-8", "cp1252", "latin-1", "ascii", "cp437", "shift_jis")
NAMES = st.text(st.characters(codec=None, categories=None))
"""Any text: with controls, what turns the direction, and lone surrogates as names that are no UTF-8 have them."""

VALUES = st.recursive(st.none() | st.booleans() | st.integers() | NAMES, lambda inner: st.lists(inner), max_leaves=5)


def printed(encoding: str, write: Any) -> tuple[str, str]:
    """What is written to standard output and standard error that are strict about an encoding."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        write()
    for stream in streams:
        stream.flush()
        stream.seek(0)
    return streams[0].read(), streams[1].read()


@given(NAMES, st.sampled_from(ENCODINGS))
def test_a_name_is_one_line_of_visible_characters_of_the_encoding(name: str, encoding: str) -> None:
    shown = printable(name, encoding=encoding)
    shown.encode(encoding)
    assert not [character for character in shown if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [character for character in shown if unicodedata.bidirectional(character) in BIDIRECTIONAL]


BIDIRECTIONAL = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@given(VALUES, st.sampled_from(ENCODINGS), st.sampled_from([None, 2]))
def test_json_gives_back_what_it_was_made_of(value: Any, encoding: str, indent: int | None) -> None:
    text = printable_json(value, encoding=encoding, indent=indent)
    assert json.loads(text.encode(encoding).decode(encoding)) == value
    assert printable(text.replace("\n", ""), encoding=encoding) == text.replace("\n", "")


@given(NAMES, st.sampled_from(ENCODINGS))
def test_a_console_prints_any_name_to_any_stream(name: str, encoding: str) -> None:
    console = Console()

    def write() -> None:
        console.text(name)
        console.table((name, "F1"), [(name, 0.5), (None, 1)], title=name)
        console.document(name)
        console.note(name)
        console.warn(name)
        console.error(CustomLabelsError(name, hint=name, details=[name]))
        with console.step(name):
            pass
        Console(output="json").error(CustomLabelsError(name))

    output, errors = printed(encoding, write)
    assert "F1" in output
    *_, last = errors.splitlines()
    assert json.loads(last)["error"] == name


@pytest.mark.parametrize(
    ("name", "encoding", "shown"),
    [
        ("\x1b]0;title\x07.jpg", "utf-8", r"\x1b]0;title\x07.jpg"),
        ("gpj\u202egnp.exe", "utf-8", r"gpj\u202egnp.exe"),
        ("a\nerror: b", "utf-8", r"a\nerror: b"),
        ("\udcff.jpg", "utf-8", r"\udcff.jpg"),
        ("Größe 3–5 × 2 …", "utf-8", "Größe 3–5 × 2 …"),
        ("Größe 3–5 × 2 …", "latin-1", "Größe 3-5 × 2 ..."),
        ("Größe 3–5 × 2 …", "ascii", r"Gr\xf6\xdfe 3-5 x 2 ..."),
        ("👩‍🔧", "utf-8", "👩‍🔧"),
    ],
)
def test_names_are_shown_so(name: str, encoding: str, shown: str) -> None:
    assert printable(name, encoding=encoding) == shown


def test_lines_of_a_template_stay_lines() -> None:
    assert printed("utf-8", lambda: Console().document("a:\n\tb\x1b"))[0] == "a:\n\tb\\x1b\n"


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [(0, "image", "0 images"), (1, "image", "1 image"), (2, "box", "2 boxes"), (1, "entry", "1 entry")],
)
def test_nouns_go_with_their_number(count: int, noun: str, words: str) -> None:
    assert counted(count, noun) == words

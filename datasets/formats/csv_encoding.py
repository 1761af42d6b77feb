"""In which encoding a table is written, where it does not say so: what is plain is read, what is not is asked for.

Text is of an encoding where its bytes are characters there that people use: of two that look so, neither is believed.
Sources: GB 2312 and KS X 1001, which have the frequent characters before the rare ones; JIS X 0208; Big5.
"""

import re
from codecs import getincrementaldecoder
from pathlib import Path

from customlabels.core.errors import LayoutError

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_HIGH = re.compile(rb"[\x80-\xff]+")
_LETTER, _SMALL = rb"[\x8a\x8c\x8e\x9a\x9c\x9e\x9f\xc0-\xd6\xd8-\xf6\xf8-\xff]", rb"[\xdf-\xf6\xf8-\xff]"
_QUOTES, _SIGNS = (
    rb"[\x84\x91-\x94\xab\xbb]?",
    rb"[\x80\x84\x85\x91-\x97\xa0\xa3\xa7\xaa\xab\xb0-\xb3\xb5\xba-\xbe\xd7]+",
)
_WESTERN = re.compile(rb"%b%b%b?%b|%b" % (_QUOTES, _LETTER, _SMALL, _QUOTES, _SIGNS))
"""What Western words have beyond ASCII: a letter, or two of which the last is a small one; quotes, dashes, units."""

_MOSTLY_WESTERN = 0.8
_FREQUENT = {
    "shift_jis": re.compile(rb"[\x82\x83\x88-\x97].|\x81.", re.DOTALL),
    "gb2312": re.compile(rb"[\xa1\xa3\xb0-\xd7]."),
    "big5": re.compile(rb"[\xa1\xa4-\xc6]."),
    "euc_kr": re.compile(rb"[\xa1\xa3\xb0-\xc8]."),
    "euc_jp": re.compile(rb"[\xa1\xa4\xa5\xb0-\xcf]."),
    "cp1251": re.compile(rb"[\xa8\xb8\xc0-\xff]"),
    "cp1253": re.compile(rb"[\xa2\xb8-\xba\xbc\xbe\xbf\xc1-\xdf\xe1-\xfe]"),
}
"""Of each encoding the bytes of its frequent characters."""

_WHOLE = {"gb2312": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
"""What holds an encoding's characters and others besides."""

_MOST, _MOST_OF_LETTERS = 0.7, 0.95
"""Part of the characters beyond ASCII that has to be frequent ones: of thousands, and of an alphabet."""

_KANA = re.compile("[\u3041-\u30fe]")
_MIXED_CASE = re.compile(r"[a-zа-яёά-ώ][А-ЯЁΆ-Ϋ]")
_KOREAN = 12
"""Different characters, all of them Korean, from which on a text is no Chinese: two of five of that lie elsewhere."""

_LOOKED_AT = 1 << 16
_SHOWN = 30


def encoding_of(beginning: bytes, source: Path, *, is_whole: bool) -> str:
    """The encoding of a text of which that is the beginning, or all.

    Raises
    ------
    LayoutError : it is no text, or may be written in several
    """
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    if _decoded(beginning, "utf-8", is_whole=is_whole) is not None:
        return "utf-8"
    if _is_western(beginning):
        return "cp1252"
    text = beginning[:_LOOKED_AT]
    likely = [encoding for encoding in _FREQUENT if _may_be(text, encoding)]
    if "euc_kr" in likely and len({*_beyond(_decoded(text, "euc_kr") or "")}) >= _KOREAN:
        likely = ["euc_kr"]
    if len(likely) == 1:
        return _WHOLE.get(likely[0], likely[0])
    if likely:
        samples = ", ".join(f"{encoding} ({sample_of(text, encoding)})" for encoding in likely)
        raise LayoutError(
            f"{source}: is not UTF-8, and may be written in several encodings: {samples}",
            hint=f"say which one reads as it should: --encoding {likely[0]}; or save the file as UTF-8",
        )
    from charset_normalizer import from_bytes

    best = from_bytes(text).best()
    if best is None:
        raise LayoutError(f"{source}: is no text", hint="name its encoding with --encoding")
    return best.encoding


def sample_of(text: bytes, encoding: str) -> str:
    """The first word beyond ASCII, as it reads in the encoding."""
    word = re.search(r"[^\W\d_]*[^\x00-\x7f][^\s,;|\t\"]*", _decoded(text, encoding) or "")
    return word[0][:_SHOWN] if word else ""


def _is_western(text: bytes) -> bool:
    """Whether what is beyond ASCII are letters alone among others of words, or signs; elsewhere it is whole words."""
    runs = _HIGH.findall(text)
    return sum(_WESTERN.fullmatch(run) is not None for run in runs) >= _MOSTLY_WESTERN * len(runs)


def _decoded(text: bytes, encoding: str, *, is_whole: bool = False) -> str | None:
    """The text; None where it is none in that encoding. Its last character may be cut off."""
    try:
        return getincrementaldecoder(encoding)().decode(text, final=is_whole)
    except UnicodeDecodeError:
        return None


def _beyond(text: str) -> list[str]:
    return [character for character in text if ord(character) >= 128]


def _may_be(text: bytes, encoding: str) -> bool:
    """Whether most characters beyond ASCII are frequent ones of the encoding."""
    decoded = _decoded(text, encoding)
    if decoded is None or (encoding == "euc_jp" and not _KANA.search(decoded)):
        return False
    beyond = _beyond(decoded)
    frequent = sum(_FREQUENT[encoding].fullmatch(character.encode(encoding)) is not None for character in beyond)
    if encoding.startswith("cp"):
        return frequent >= _MOST_OF_LETTERS * len(beyond) and not _MIXED_CASE.search(decoded)
    return frequent >= _MOST * len(beyond)

"""Lists of texts that stand in a cell as text, as JSON, Python and NumPy write them."""

import json
import re

_QUOTED = r"""(?:'[^'\\]*'|"[^"\\]*")"""
_TEXTS = re.compile(rf"\[\s*{_QUOTED}(?:\s*,\s*{_QUOTED}|\s+{_QUOTED})*\s*,?\s*\]")
_TEXT = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_ARRAY = re.compile(r"\[[\s\d.+-]+\]")
"""Of numbers, as NumPy writes it."""


def listed(cell: str) -> list[str]:
    """The texts of a cell that holds a list of them, as JSON or as Python writes it, or Label Studio's choices.

    Raises
    ------
    ValueError : other JSON, which is no label
    """
    text = cell.strip()
    if text[:1] + text[-1:] not in ("[]", "{}"):
        return [cell]
    if _TEXTS.fullmatch(text):
        # As Python and NumPy write lists: in either kind of quotes, with commas between them or blanks alone.
        return [first or second for first, second in _TEXT.findall(text)]
    for candidate in (text, text.replace("'", '"')):
        try:
            document = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        texts = document.get("choices") if isinstance(document, dict) else document
        if isinstance(texts, list) and all(isinstance(part, str | int) for part in texts):
            if any(isinstance(part, bool) for part in texts) or ({*texts} <= {0, 1} and len(texts) > 2):
                raise ValueError(f"{text[:40]!r}: of which class each tells is not said")
            return [str(part) for part in texts]
        raise ValueError(
            f"{text[:40]!r}… is JSON, not a label (from Label Studio export JSON, not CSV; "
            "--column label=NAME says which cells are labels)"
        )
    if text[0] == "[" and ("," in text or _ARRAY.fullmatch(text)):
        raise ValueError(f"{text[:40]!r} is a list that cannot be read; its texts have to stand in quotes")
    return [cell]

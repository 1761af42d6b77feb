"""A fault in a manifest: where it stands, and which field and value it is about."""

import re
from typing import Any, Final, NamedTuple

import orjson

from customlabels.manifests.codes import message

LINE, VALUE, METADATA, BOX, PART, BOTH = "line", "attribute", "metadata", "box", "part", "both"
"""Scopes: the line, the attribute's value, its metadata, one of its boxes; a whole manifest, or both together."""

_LONGEST = 60
"""Characters of a value, or of a key, that are shown."""

_NUMBER = re.compile(r"/\d+(?=/|$)")


class Missing:
    """The value of a field that is not there."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = Missing()


class Cause(NamedTuple):
    """A field that is wrong.

    Parameters
    ----------
    field : a JSON pointer from the line, as in /boxes/annotations/3/left; "/" is the line itself
    value : as the line has it, or MISSING
    why : a clause that says what is wrong
    """

    field: str
    value: Any
    why: str = ""

    @property
    def shown(self) -> str:
        """The value as JSON, cut where it is long."""
        if self.value is MISSING:
            return repr(MISSING)
        return cut(self.value.decode(errors="replace")) if type(self.value) is bytes else cut(as_json(self.value))

    @property
    def sentence(self) -> str:
        return f"{self.field}: {self.shown}" + (f" ({self.why})" if self.why else "")

    @property
    def kind(self) -> str:
        """The field, whichever box, object or class it is about."""
        return _NUMBER.sub("/*", self.field)


def wrong(field: str, value: Any, wanted: str) -> Cause:
    """The cause that `field` is not what has to be there."""
    return Cause(field, value, f"has to be {wanted}")


class Fault(NamedTuple):
    """The service's code, its scope, the attribute it is about, which of its boxes (counted from 0), and why."""

    code: str
    scope: str
    attribute: str = ""
    box: int = -1
    causes: tuple[Cause, ...] = ()

    @property
    def is_warning(self) -> bool:
        return self.code.startswith("WARNING")

    @property
    def message(self) -> str:
        return message(self.code, self.attribute)

    @property
    def sentence(self) -> str:
        """Fields and values, and the service's message."""
        return "; ".join([*(cause.sentence for cause in self.causes), self.message])

    @property
    def described(self) -> dict[str, str]:
        """Code and message, as the service writes faults."""
        return {"code": self.code, "message": self.message}


def pointer(*keys: str | int) -> str:
    """The JSON pointer to a field; in keys that people gave, what is not printable is escaped as JSON does it."""
    return "".join(f"/{cut(str(key)).replace('~', '~0').replace('/', '~1')}" for key in map(_printable, keys))


def cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def as_json(value: Any) -> str:
    try:
        return _printable(orjson.dumps(value).decode())
    except TypeError:
        return _printable(repr(value))


def _printable(key: str | int) -> str:
    text = str(key)
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)

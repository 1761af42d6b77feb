"""Time spans as people write them: 90s, 25m, 2h, 1h30m, 3d."""

import re
from datetime import timedelta

from customlabels.core.errors import SettingsError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])\s*")


def parse_span(text: str) -> timedelta:
    """The span that `text` says.

    Raises
    ------
    SettingsError : it is none
    """
    parts = _PART.findall(text.strip().lower())
    try:
        if parts and not _PART.sub("", text.strip().lower()):
            return sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        pass
    raise SettingsError(f"{text!r} is no time span", hint="write 90s, 25m, 8h, 2d or 1h30m")

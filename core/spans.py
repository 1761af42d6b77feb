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


def parse_minutes(text: str, *, least: timedelta = timedelta(), most: timedelta = timedelta.max) -> timedelta:
    """The span that `text` says, which is one of whole minutes; nothing is rounded.

    Raises
    ------
    SettingsError : it is none, has seconds, or is shorter or longer than it may be
    """
    span = parse_span(text)
    if span % timedelta(minutes=1):
        raise SettingsError(f"{text!r} is not whole minutes", hint="write 25m, 8h or 1h30m")
    if span < least:
        raise SettingsError(f"{text!r} is shorter than {_in_words(least)}")
    if span > most:
        raise SettingsError(f"{text!r} is longer than {_in_words(most)}")
    return span


def _in_words(span: timedelta) -> str:
    hours, minutes = divmod(span // timedelta(minutes=1), 60)
    return f"{hours} hours" if hours and not minutes else f"{minutes + 60 * hours} minutes"

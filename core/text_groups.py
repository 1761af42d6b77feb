"""Groups named by what is written in a picture: the pattern that is looked for, and what it finds."""

import re
from collections.abc import Iterable

from customlabels.core.errors import SettingsError

PREFIX = "text:"
"""Of a `group_by` that is looked for in the pictures, not in their names."""


def text_pattern(group_by: str | None) -> re.Pattern[str] | None:
    """The pattern of a `group_by` that is looked for in texts; None of any other.

    Raises
    ------
    SettingsError : it is no regular expression, or empty
    """
    if group_by is None or not group_by.startswith(PREFIX):
        return None
    pattern = group_by.removeprefix(PREFIX)
    try:
        if not pattern:
            raise re.error("there is none")
        return re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"--group-by {group_by!r} has no regular expression after {PREFIX} ({error})") from error


def groups_in(lines: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    """What the pattern finds in lines, each once, in order: its first group, or all it matches."""
    matches = (pattern.search(line) for line in lines)
    return [*dict.fromkeys(match[1 if pattern.groups else 0] or "" for match in matches if match)]

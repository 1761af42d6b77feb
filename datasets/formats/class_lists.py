"""Lists of classes, a name a line, with the comments and numbers that people write into them."""

import re

_COMMENT = re.compile(r"#(\s|$)")
_NUMBERED = re.compile(r"(\d+)(?:\s*[:=.)]\s*|\s+)(\S.*)")


def without_comments(text: str) -> list[str]:
    """The lines of a list, blank ones too, without blanks around them; `# …` is none of them."""
    return [line.strip() for line in text.splitlines() if not _COMMENT.match(line)]


def without_numbers(lines: list[str]) -> list[str] | None:
    """The names of lines that are all numbered from 0 on, 0 crack, 1 pit; None where they are not."""
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    names = [parts[2] for at, parts in enumerate(numbered) if parts and int(parts[1][:9]) == at]
    return names if names and len(names) == len(lines) else None

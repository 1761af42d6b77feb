"""Images grouped by what is written in them: a serial number, a lot; read from what DetectText saw before."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from customlabels.core.errors import LayoutError
from customlabels.core.text_groups import groups_in
from customlabels.datasets.model import ImageRecord

_HINT = "customlabels detect SOURCE --with text --no-model --to FILE.jsonl reads them; run again, it goes on"


@dataclass(frozen=True, slots=True)
class Texts:
    """The lines that were read in images, the surest first, by the images' names; and what was said of each in vain."""

    lines: Mapping[str, tuple[str, ...]]
    faults: Sequence[str] = ()


def read_texts(path: Path) -> Texts:
    """What `customlabels detect --with text` wrote as JSON lines.

    Raises
    ------
    LayoutError : it is no such file
    """
    lines: dict[str, tuple[str, ...]] = {}
    faults = []
    try:
        body = path.read_bytes()
    except OSError as error:
        raise LayoutError(f"{path}: cannot be read ({error.strerror})", hint=_HINT) from error
    for number, line in enumerate(body.splitlines(), 1):
        try:
            document = json.loads(line.decode(errors="surrogateescape"))
            name, seen = str(document["name"]), (document.get("beside") or {})["text"]
            if seen["refusal"] is not None:
                faults.append(f"{name}: its text could not be read: {seen['refusal']}")
                continue
            surest = sorted(seen["seen"], key=lambda thing: -float(thing["confidence"]))
            lines[name] = tuple(str(thing["label"]) for thing in surest)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LayoutError(f"{path}, line {number}: tells no text of an image", hint=_HINT) from error
    return Texts(lines, [fault for fault in faults if fault.partition(": ")[0] not in lines])


@dataclass(frozen=True, slots=True)
class TextGroups:
    """Groups of images by name, those in which nothing was found, and those in which several things were."""

    groups: Mapping[str, str]
    without: Sequence[str]
    several: Sequence[str]


def text_groups(records: Iterable[ImageRecord], texts: Texts, pattern: re.Pattern[str], path: Path) -> TextGroups:
    """The group of each image by its text; of several, that in the surest line. One without is a group by itself.

    Parameters
    ----------
    path : where the texts were read from

    Raises
    ------
    LayoutError : of an image no text was read; all of them in one go
    """
    names = [record.name for record in records]
    unread = [name for name in names if name not in texts.lines]
    if unread:
        reasons = {fault.partition(": ")[0]: fault for fault in texts.faults}
        details = [reasons.get(name, f"{name}: {path} does not tell its text") for name in unread]
        raise LayoutError(f"{path}: lacks {len(unread)} of {len(names)} images", details=details, hint=_HINT)
    found = {name: groups_in(texts.lines[name], pattern) for name in names}
    return TextGroups(
        {name: f"group {groups[0]}" if groups else name for name, groups in found.items()},
        [name for name, groups in found.items() if not groups],
        [name for name, groups in found.items() if len(groups) > 1],
    )

"""Several manifests made into one: the same image on several lines becomes one line."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from customlabels.core.addresses import bucket_and_key
from customlabels.core.errors import ManifestError
from customlabels.core.plurals import counted
from customlabels.manifests.attributes import may_be_attribute
from customlabels.manifests.entries import read_entry
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL, MULTI_LABEL
from customlabels.manifests.rewriting import attributes

_METADATA = "-metadata"

Line = dict[str, Any]


def merged(
    manifests: Iterable[tuple[str, Iterable[bytes]]], warn: Callable[[str], None] = lambda _: None
) -> Iterator[bytes]:
    """The lines of all manifests, ending in newlines, an image once, where it stood first.

    Attributes of the same image are put together, each with its metadata from the same line. They contradict each
    other where the same attribute says different things; whether one label more contradicts is the attributes' matter:
    label_0 and label_1 do not.

    Parameters
    ----------
    manifests : names and lines
    warn : is told where the images lie in several buckets, where attributes of several lines have the same boxes, and
        of halves of attributes that are left out

    Raises
    ------
    ManifestError : lines contradict each other, or name no image; nothing has been given by then
    """
    held: dict[str, tuple[str, bytes]] = {}
    faults: list[str] = []
    halves, again = Counter[str](), Counter[str]()
    for name, lines in manifests:
        for number, line in enumerate(lines, 1):
            where = f"{name}, line {number}"
            entry = read_entry(number, line.rstrip(b"\r\n"))
            if entry.source_ref is None:
                faults.append(f"{where}: {entry.faults[0].message}")
                continue
            faults += [f"{where}: {entry.source_ref}: {cause.sentence}" for cause in entry.doubled]
            before = held.get(entry.source_ref)
            if before is None:
                held[entry.source_ref] = (where, entry.line)
            elif before[1] != entry.line:
                first, second = orjson.loads(before[1]), orjson.loads(entry.line)
                both, contradictions, gone = _together(first, second)
                halves.update(gone)
                again.update(_same_boxes(first, second))
                faults += [
                    f"{where}: {entry.source_ref}: {contradiction}, unlike {before[0]}"
                    for contradiction in contradictions
                ]
                held[entry.source_ref] = (before[0], orjson.dumps(both))
    if faults:
        raise ManifestError(
            f"{counted(len(faults), 'line')} cannot be merged: {faults[0]}",
            details=faults[1:],
            hint="take out the one that is wrong; customlabels manifest validate --fix drops broken lines",
        )
    for half, count in halves.items():
        warn(f"{half}, half an attribute, is left out of {counted(count, 'line')}: another says it otherwise")
    for names, count in again.items():
        warn(f"{counted(count, 'box')} named twice now, in {names}: manifest convert --attribute NAME takes one alone")
    buckets = sorted({bucket_and_key(source_ref)[0] for source_ref in held})
    if len(buckets) > 1:
        warn(
            f"the images lie in {len(buckets)} buckets, {', '.join(buckets)}, and Custom Labels imports from one alone "
            "(ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS): copy them into one, and change the lines"
        )
    for _, line in held.values():
        yield line + b"\n"


def _together(first: Line, second: Line) -> tuple[Line, list[str], list[str]]:
    """Both lines in one, what contradicts, and the keys that are left out.

    An attribute and its metadata are taken from one line: half of one never comes to stand beside half of another.
    """
    result, faults, gone = dict(first), list[str](), list[str]()
    for name in dict.fromkeys(key.removesuffix(_METADATA) for key in second):
        earlier, later = _keys_of(first, name), _keys_of(second, name)
        if not earlier or len(later) > len(earlier):
            gone += earlier
            for key in earlier:
                del result[key]
            result |= {key: second[key] for key in later}
        elif len(later) == 2 and _meaning(first, name) != _meaning(second, name):
            faults.append(f"{name} says {_in_words(second, name)}, not {_in_words(first, name)}")
        elif len(later) == 1:
            gone += [key for key in later if may_be_attribute(key) and first.get(key) != second[key]]
    return result, faults, gone


def _keys_of(line: Line, name: str) -> list[str]:
    """Those of an attribute's two keys that a line has."""
    return [key for key in (name, f"{name}{_METADATA}") if key in line]


def _same_boxes(first: Line, second: Line) -> dict[str, int]:
    """How many boxes two lines have alike, in attributes of different names; by the names."""
    same: dict[str, int] = {}
    for name, _ in attributes(first, BOXES):
        for other, _ in attributes(second, BOXES):
            if other != name and not (other in first and name in second):
                earlier, later = _meaning(first, name), _meaning(second, other)
                if isinstance(earlier, list) and isinstance(later, list):
                    count = sum(box in earlier for box in later)
                    same |= {f"{name} and {other}": count} if count else {}
    return same


def _meaning(line: Line, name: str) -> object:
    """What an attribute says of the image, leaving aside who said it when, and in which numbers."""
    metadata = line.get(f"{name}{_METADATA}")
    if not isinstance(metadata, dict):
        return line[name]
    if metadata.get("type") == IMAGE_LEVEL:
        return metadata.get("class-name")
    classes = metadata.get("class-map")
    try:
        if metadata.get("type") == BOXES and isinstance(classes, dict):
            sides = ("left", "top", "width", "height")
            marked = line[name]["annotations"]
            return sorted((classes.get(str(box["class_id"])), *(box[side] for side in sides)) for box in marked)
        if metadata.get("type") == MULTI_LABEL and isinstance(classes, dict):
            return sorted(str(classes.get(str(number))) for number in line[name])
    except (KeyError, TypeError):
        pass
    return line[name]


def _in_words(line: Line, name: str) -> str:
    meaning = _meaning(line, name)
    if isinstance(meaning, list) and dict(attributes(line, BOXES)).get(name):
        return counted(len(meaning), "box")
    return repr(meaning)

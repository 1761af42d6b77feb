"""Several manifests made into one: the same image on several lines becomes one line."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from customlabels.core.addresses import bucket_and_key
from customlabels.core.errors import ManifestError
from customlabels.core.plurals import counted
from customlabels.manifests.entries import read_entry
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL, MULTI_LABEL
from customlabels.manifests.rewriting import attributes

_METADATA = "-metadata"


def merged(
    manifests: Iterable[tuple[str, Iterable[bytes]]], warn: Callable[[str], None] = lambda _: None
) -> Iterator[bytes]:
    """The lines of all manifests, ending in newlines, an image once, where it stood first.

    Attributes of the same image are put together. They contradict each other where the same attribute says
    different things; whether one label more contradicts is the attributes' matter: label_0 and label_1 do not.

    Parameters
    ----------
    manifests : names and lines
    warn : is told where the images lie in several buckets, which none of the manifests may have said for itself

    Raises
    ------
    ManifestError : lines contradict each other, or name no image; nothing has been given by then
    """
    held: dict[str, tuple[str, bytes]] = {}
    faults: list[str] = []
    for name, lines in manifests:
        for number, line in enumerate(lines, 1):
            where = f"{name}, line {number}"
            entry = read_entry(number, line.rstrip(b"\r\n"))
            if entry.source_ref is None:
                faults.append(f"{where}: {entry.faults[0].message}")
                continue
            before = held.get(entry.source_ref)
            if before is None:
                held[entry.source_ref] = (where, entry.line)
            elif before[1] != entry.line:
                both, contradictions = _together(orjson.loads(before[1]), orjson.loads(entry.line))
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
    buckets = sorted({bucket_and_key(source_ref)[0] for source_ref in held})
    if len(buckets) > 1:
        warn(
            f"the images lie in {len(buckets)} buckets, {', '.join(buckets)}, and Custom Labels imports from one alone "
            "(ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS): copy them into one, and change the lines"
        )
    for _, line in held.values():
        yield line + b"\n"


def _together(first: dict[str, Any], second: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Both lines in one, and what contradicts."""
    result, faults = dict(first), []
    for name, content in second.items():
        if name not in first:
            result[name] = content
        elif f"{name}{_METADATA}" in second and _meaning(first, name) != _meaning(second, name):
            faults.append(f"{name} says {_in_words(second, name)}, not {_in_words(first, name)}")
    return result, faults


def _meaning(line: dict[str, Any], name: str) -> object:
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


def _in_words(line: dict[str, Any], name: str) -> str:
    meaning = _meaning(line, name)
    if isinstance(meaning, list) and dict(attributes(line, BOXES)).get(name):
        return counted(len(meaning), "box")
    return repr(meaning)

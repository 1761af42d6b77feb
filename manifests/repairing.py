"""Manifests repaired where that takes no guess: what is not read is filled in, what would be dropped is dropped."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from customlabels.manifests.entries import Entry, read_entry
from customlabels.manifests.faults import BOX, LINE, METADATA
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL, MULTI_LABEL
from customlabels.manifests.rewriting import split_labels

_METADATA = "-metadata"
_BOM = b"\xef\xbb\xbf"
_BOX_NUMBERS = ("class_id", "left", "top", "width", "height")


class Repair(NamedTuple):
    """The line that stays, None where it does not, and what was changed, in words."""

    number: int
    line: bytes | None
    changes: tuple[str, ...]


def repaired(lines: Iterable[bytes]) -> Iterator[Repair]:
    """Each line as it should be, in order."""
    seen: dict[str, int] = {}
    for number, raw in enumerate(lines, 1):
        line, changes = _mended(raw.rstrip(b"\r\n"))
        if not line.strip():
            yield Repair(number, None, (*changes, "a blank line, dropped"))
            continue
        entry = read_entry(number, line)
        if entry.source_ref is None:
            yield Repair(number, None, (*changes, f"dropped: {entry.faults[0].message}"))
        elif entry.source_ref in seen:
            yield Repair(number, None, (*changes, f"dropped: its image is on line {seen[entry.source_ref]} already"))
        else:
            seen[entry.source_ref] = number
            line, more = _without_faults(entry)
            yield Repair(number, line, (*changes, *more))


def _mended(line: bytes) -> tuple[bytes, list[str]]:
    """The line with what can be told without a guess, and what that was."""
    changes = []
    if line.startswith(_BOM):
        line, changes = line.removeprefix(_BOM), ["took off a byte order mark"]
    try:
        value = orjson.loads(line)
    except ValueError:
        return line, changes
    if not isinstance(value, dict):
        return line, changes
    added = [name for name in value if name.startswith("cl-")]
    for name in added:
        del value[name]
        changes.append(f"took out {name}, which the service adds by itself")
    for name in list(value):
        metadata = value.get(f"{name}{_METADATA}")
        if not isinstance(metadata, dict):
            continue
        kind = metadata.get("type")
        if kind == MULTI_LABEL:
            try:
                value = split_labels(value)
                changes.append(f"made an attribute a label of {name}")
            except ValueError:
                pass
        elif kind == IMAGE_LEVEL and _mend_image_level(value, name, metadata):
            changes.append(f"{name}: filled in a value that is not read")
        elif kind == BOXES:
            changes += [f"{name}: {change}" for change in _mend_boxes(value[name], metadata)]
    return (orjson.dumps(value), changes) if changes else (line, changes)


def _mend_image_level(value: dict[str, Any], name: str, metadata: dict[str, Any]) -> bool:
    """Fills in the identifier and the confidence, which are required and not used."""
    changed = False
    if type(value[name]) is not int:
        value[name], changed = 0, True
    confidence: Any = metadata.get("confidence")
    if type(confidence) not in (int, float) or not 0 <= confidence <= 1:
        metadata["confidence"], changed = 1, True
    return changed


def _mend_boxes(content: Any, metadata: dict[str, Any]) -> list[str]:
    changes: list[str] = []
    if not isinstance(content, dict):
        return changes
    size, boxes = content.get("image_size"), content.get("annotations")
    if isinstance(size, dict):
        content["image_size"] = size = [size]
        changes.append("put image_size into a list")
    one = size[0] if isinstance(size, list) and len(size) == 1 else None
    if isinstance(one, dict) and type(one.get("depth")) is not int:
        one["depth"] = 3
        changes.append("filled in depth, which is not read")
    if not isinstance(boxes, list):
        return changes
    rounded = [_round(box) for box in boxes]
    if any(rounded):
        changes.append("rounded coordinates to whole pixels")
    objects = metadata.get("objects")
    given = objects if isinstance(objects, list) else []
    wanted: list[dict[str, Any]] = [
        one if isinstance(one, dict) and type(one.get("confidence")) in (int, float) else {"confidence": 1}
        for one in [*given[: len(boxes)], *[None] * (len(boxes) - len(given))]
    ]
    if wanted != objects:
        metadata["objects"] = wanted
        changes.append("made objects as long as annotations, with confidences, which are not read")
    return changes


def _round(box: Any) -> bool:
    """Rounds the edges of a box in place; whether something changed."""
    if not isinstance(box, dict) or not any(type(box.get(name)) is float for name in _BOX_NUMBERS):
        return False
    numbers: list[Any] = [box.get(name) for name in _BOX_NUMBERS]
    if not all(type(number) in (int, float) and abs(number) < 1e9 for number in numbers):
        return False
    number, left, top, width, height = numbers
    if number != int(number):
        return False
    box.update(class_id=int(number), left=round(left), top=round(top))
    box.update(width=round(left + width) - round(left), height=round(top + height) - round(top))
    return True


def _without_faults(entry: Entry) -> tuple[bytes, list[str]]:
    """The entry's line without the attributes and boxes that the service would drop."""
    errors = [fault for fault in entry.faults if not fault.is_warning and fault.place != LINE]
    if not errors:
        return entry.line, []
    value = orjson.loads(entry.line)
    changes: list[str] = []
    boxes: dict[str, set[int]] = {}
    whole = {fault.attribute: fault for fault in errors if fault.place != BOX and fault.attribute}
    for fault in errors:
        if fault.place == BOX and fault.attribute not in whole:
            boxes.setdefault(fault.attribute, set()).add(fault.box)
            changes.append(f"{fault.attribute}, box {fault.box + 1} taken out: {fault.message}")
    for name, fault in whole.items():
        value.pop(name, None)
        value.pop(f"{name}{_METADATA}", None)
        place = " (in its metadata)" if fault.place == METADATA else ""
        changes.append(f"{name} taken out{place}: {fault.message}")
    for name, gone in boxes.items():
        content, metadata = value[name], value[f"{name}{_METADATA}"]
        kept = [place for place in range(len(content["annotations"])) if place not in gone]
        content["annotations"] = [content["annotations"][place] for place in kept]
        metadata["objects"] = [metadata["objects"][place] for place in kept]
    return orjson.dumps(value), changes

"""Manifests repaired where that takes no guess: what is not read is filled in, what would be dropped is dropped."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from customlabels.manifests.attributes import NUMBERS, is_metadata
from customlabels.manifests.entries import Entry, is_path, read_entry
from customlabels.manifests.faults import BOX, LINE, MISSING, Cause, pointer
from customlabels.manifests.ground_truth import resolved
from customlabels.manifests.lines import BOXES, CREATION_DATE, IMAGE_LEVEL, MULTI_LABEL

_METADATA = "-metadata"
_BOM = b"\xef\xbb\xbf"
_BOX_NUMBERS = ("class_id", "left", "top", "width", "height")
_UNREAD = "which is required and not read"

Look = Callable[[str], bool]


class Repair(NamedTuple):
    """The line that stays, None where it does not, and what was changed, in words."""

    number: int
    line: bytes | None
    changes: tuple[str, ...]


def repaired(lines: Iterable[bytes], is_there: Look | None = None) -> Iterator[Repair]:
    """Each line as it should be, in order.

    Parameters
    ----------
    is_there : whether a source-ref that is a path names an image; such lines stay, and are for `dataset inspect`,
        `train` and `manifest build`, which give the image its address
    """
    seen: dict[str, int] = {}
    for number, raw in enumerate(lines, 1):
        before = raw.rstrip(b"\r\n")
        line, changes = _mended(before)
        if not line.strip():
            yield Repair(number, None, (*changes, "a blank line, dropped"))
            continue
        entry = read_entry(number, line, paths=is_there is not None)
        source_ref = entry.source_ref
        if source_ref is None:
            yield Repair(number, None, (*changes, f"dropped: {entry.faults[0].sentence}"))
            continue
        given = entry if not changes else read_entry(number, before.removeprefix(_BOM), paths=True)
        if given.doubled:
            twice = "; ".join(cause.sentence for cause in given.doubled)
            yield Repair(number, None, (*changes, f"dropped: {twice}"))
            continue
        if is_there is not None and is_path(source_ref):
            cause = Cause(pointer("source-ref"), source_ref)
            if not is_there(source_ref):
                yield Repair(number, None, (*changes, f"dropped: {cause.sentence}: no such image"))
                continue
            changes.append(f"kept with its path, {cause.sentence}; an import needs its address in S3")
        if source_ref in seen:
            yield Repair(number, None, (*changes, f"dropped: its image is on line {seen[source_ref]} already"))
        else:
            seen[source_ref] = number
            line, more = _without_faults(entry)
            yield Repair(number, line, (*changes, *more))


def is_mended(line: bytes) -> bool:
    """Whether a line has no error any more after what can be told without a guess, nothing dropped."""
    mended, _ = _mended(line)
    return not read_entry(1, mended, paths=True).has_errors


def _mended(line: bytes) -> tuple[bytes, list[str]]:
    """The line with what can be told without a guess, and what that was."""
    changes = []
    if line.startswith(_BOM):
        line, changes = line.removeprefix(_BOM), ["took off a byte order mark"]
    try:
        before = orjson.loads(line)
    except ValueError:
        return line, changes
    if not isinstance(before, dict):
        return line, changes
    changes += _as_one_label(before)
    output = resolved(line)
    changes += [f"took out {kind}" for kind in output.left_out]
    changes += [
        f"took out {pointer(mask.attribute)}: no masks are taken; customlabels manifest build makes boxes of them"
        for mask in output.masks
    ]
    value: dict[str, Any] = orjson.loads(output.line)
    for name in [name for name in value if name.startswith("cl-")]:
        del value[name]
        changes.append(f"took out {name}, which the service adds by itself")
    for name, content in list(value.items()):
        metadata = value.get(f"{name}{_METADATA}")
        if not isinstance(metadata, dict):
            continue
        metadata_field = pointer(f"{name}{_METADATA}")
        if "type" not in metadata and (kind := _kind_of(content, metadata)):
            changes += _filled(metadata, "type", kind, metadata_field, "as what it holds tells")
        if metadata.get("type") not in (IMAGE_LEVEL, BOXES):
            continue
        if not is_metadata(metadata):
            changes += _mend_metadata(metadata, metadata_field)
        if metadata["type"] == IMAGE_LEVEL:
            changes += _mend_image_level(value, name, metadata)
        else:
            changes += _mend_boxes(content, metadata, pointer(name), metadata_field)
    return (orjson.dumps(value), changes) if changes else (line, changes)


def _as_one_label(value: dict[str, Any]) -> list[str]:
    """What is told of the multi-label attributes of a line."""
    several = [name for name in value if _type_of(value, name) == MULTI_LABEL and isinstance(value[name], list)]
    return [f"made an attribute a label of {name}" for name in several]


def _type_of(value: dict[str, Any], name: str) -> Any:
    metadata = value.get(f"{name}{_METADATA}")
    return metadata.get("type") if isinstance(metadata, dict) else None


def _kind_of(content: Any, metadata: dict[str, Any]) -> str | None:
    """The type of an attribute by what it holds; None where that does not tell."""
    if isinstance(content, dict) and "annotations" in content and "class-map" in metadata:
        return BOXES
    return IMAGE_LEVEL if isinstance(metadata.get("class-name"), str) and "class-map" not in metadata else None


def _filled(table: dict[str, Any], field: str, value: Any, parent: str, why: str = _UNREAD) -> list[str]:
    """Fills in a field; what is told of it."""
    before = Cause(f"{parent}/{field}", table.get(field, MISSING))
    table[field] = value
    instead = "" if before.value is MISSING else f" in the place of {before.shown}"
    return [f"filled in {Cause(before.field, value).sentence}{instead}, {why}"]


def _mend_metadata(metadata: dict[str, Any], parent: str) -> list[str]:
    changes = []
    if metadata.get("human-annotated") not in ("yes", "no"):
        changes += _filled(metadata, "human-annotated", "yes", parent)
    if not is_metadata(metadata):
        changes += _filled(metadata, "creation-date", CREATION_DATE, parent)
    return changes


def _mend_image_level(value: dict[str, Any], name: str, metadata: dict[str, Any]) -> list[str]:
    """Fills in the identifier and the confidence, which are required and not used."""
    changes = []
    if type(value[name]) is not int:
        changes += _filled(value, name, 0, "")
    confidence: Any = metadata.get("confidence")
    if type(confidence) not in NUMBERS or not 0 <= confidence <= 1:
        changes += _filled(metadata, "confidence", 1, pointer(f"{name}{_METADATA}"))
    return changes


def _mend_boxes(content: Any, metadata: dict[str, Any], field: str, metadata_field: str) -> list[str]:
    changes: list[str] = []
    if not isinstance(content, dict):
        return changes
    sizes, boxes = content.get("image_size"), content.get("annotations")
    if isinstance(sizes, dict):
        content["image_size"] = sizes = [sizes]
        changes.append(f"put {field}/image_size into a list")
    size = sizes[0] if isinstance(sizes, list) and len(sizes) == 1 else None
    if isinstance(size, dict) and type(size.get("depth")) is not int:
        changes += _filled(size, "depth", 3, f"{field}/image_size/0")
    if not isinstance(boxes, list):
        return changes
    if not boxes and "class-map" not in metadata:
        changes += _filled(metadata, "class-map", {}, metadata_field, "as there are no boxes")
    if sum(map(_number, boxes)):
        changes.append(f"made {field}/annotations/*/class_id numbers of texts")
    if sum(map(_round, boxes)):
        changes.append(f"rounded coordinates of {field}/annotations to whole pixels")
    objects = metadata.get("objects")
    given = objects if isinstance(objects, list) else []
    wanted: list[dict[str, Any]] = [
        described if isinstance(described, dict) and type(described.get("confidence")) in NUMBERS else {"confidence": 1}
        for described in [*given[: len(boxes)], *[None] * (len(boxes) - len(given))]
    ]
    if wanted != objects:
        changes += _filled(metadata, "objects", wanted, metadata_field, "a confidence a box, which is not read")
    return changes


def _number(box: Any) -> bool:
    """Makes a class_id that is a number in quotes a number, in place; whether it was one."""
    text = box.get("class_id") if isinstance(box, dict) else None
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or str(int(text[:18])) != text:
        return False
    box["class_id"] = int(text)
    return True


def _round(box: Any) -> bool:
    """Rounds the edges of a box in place; whether something changed."""
    if not isinstance(box, dict) or not any(type(box.get(name)) is float for name in _BOX_NUMBERS):
        return False
    numbers: list[Any] = [box.get(name) for name in _BOX_NUMBERS]
    if not all(type(number) in NUMBERS and abs(number) < 1e9 for number in numbers):
        return False
    number, left, top, width, height = numbers
    if number != int(number):
        return False
    box.update(class_id=int(number), left=round(left), top=round(top))
    box.update(width=round(left + width) - round(left), height=round(top + height) - round(top))
    return True


def _without_faults(entry: Entry) -> tuple[bytes, list[str]]:
    """The entry's line without the attributes and boxes that the service would drop."""
    errors = [fault for fault in entry.faults if not fault.is_warning and fault.scope != LINE]
    if not errors:
        return entry.line, []
    value = orjson.loads(entry.line)
    changes: list[str] = []
    boxes: dict[str, set[int]] = {}
    whole = {fault.attribute: fault for fault in errors if fault.scope != BOX and fault.attribute}
    for fault in errors:
        if fault.scope == BOX and fault.attribute not in whole:
            boxes.setdefault(fault.attribute, set()).add(fault.box)
            changes.append(f"{fault.attribute}, box {fault.box + 1} taken out: {fault.sentence}")
    for name, fault in whole.items():
        value.pop(name, None)
        value.pop(f"{name}{_METADATA}", None)
        changes.append(f"{name} taken out: {fault.sentence}")
    for name, gone in boxes.items():
        content, metadata = value[name], value[f"{name}{_METADATA}"]
        kept = [number for number in range(len(content["annotations"])) if number not in gone]
        content["annotations"] = [content["annotations"][number] for number in kept]
        metadata["objects"] = [metadata["objects"][number] for number in kept]
    return orjson.dumps(value), changes

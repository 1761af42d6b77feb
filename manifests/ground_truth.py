"""What labelling jobs write, made such that Custom Labels takes it: chains of jobs, several labels, masks, failures.

Source: SageMaker AI developer guide, sms-data-output.md, sms-data-verify-manifest.md and sms-output-bounding-box.md;
Lookout for Vision developer guide, manifest-file-segmentation.md.
"""

from typing import Any, NamedTuple

import orjson

from customlabels.datasets.limits import MAX_LABEL
from customlabels.manifests.faults import MISSING, Cause, pointer, wrong
from customlabels.manifests.lines import IMAGE_LEVEL, MULTI_LABEL

SEGMENTATION = "groundtruth/semantic-segmentation"
VERIFICATION = "groundtruth/label-verification"
VIDEO = "groundtruth/video-"
SUPERSEDED = "attributes that an adjustment job superseded"
NOT_CHOSEN = "attributes that --attribute does not name"

_METADATA = "-metadata"
_STATUS = "adjustment-status"
_FAILURE = "failure-reason"
_MARKS = tuple(mark.encode() for mark in (_STATUS, _FAILURE, MULTI_LABEL, SEGMENTATION, VERIFICATION, VIDEO))
"""What a line holds that needs a closer look."""

Line = dict[str, Any]
Attribute = tuple[str, dict[str, Any]]


class Mask(NamedTuple):
    """A mask in which classes have colours: the attribute, where the image lies, and the label of each colour.

    `colors` are numbers, 0xRRGGBB; the label of the background is None.
    """

    attribute: str
    address: str
    colors: dict[int, str | None]


class Resolved(NamedTuple):
    """A line as Custom Labels would have it.

    Parameters
    ----------
    left_out : what was taken out, each in the plural
    masks : what the line names beside boxes
    causes : what cannot be resolved
    others : names of the attributes that were not chosen
    """

    line: bytes
    left_out: tuple[str, ...] = ()
    masks: tuple[Mask, ...] = ()
    causes: tuple[Cause, ...] = ()
    others: frozenset[str] = frozenset()


def resolved(line: bytes, chosen: tuple[str, ...] = ()) -> Resolved:
    """What a line says after all jobs in it; one that cannot be read is given back as it is.

    Parameters
    ----------
    chosen : names of the attributes that are to be used; none: all but those that a later job superseded
    """
    if not chosen and not any(mark in line for mark in _MARKS):
        return Resolved(line)
    try:
        value = orjson.loads(line)
    except ValueError:
        return Resolved(line)
    if not isinstance(value, dict):
        return Resolved(line)
    others = _choose(value, chosen)
    left_out = [NOT_CHOSEN] * len(others)
    masks, causes = [], list[Cause]()
    for name, metadata in _all(value):
        kind = metadata.get("type")
        if kind == VERIFICATION:
            left_out.append(f"verdicts of label verification ({metadata.get('class-name')!r})")
            _take_out(value, name)
        elif isinstance(kind, str) and kind.startswith(VIDEO):
            causes.append(_video(name, kind))
    left_out += _failed(value)
    gone, unclear = ([], []) if chosen else _superseded(value)
    causes += unclear
    left_out += [SUPERSEDED] * len(gone)
    for name in gone:
        _take_out(value, name)
    for name, metadata in _all(value):
        if metadata.get("type") == SEGMENTATION:
            mask = _mask(name, value[name], metadata)
            if isinstance(mask, Mask):
                masks.append(mask)
            else:
                causes += mask
            _take_out(value, name)
    try:
        value = split_labels(value)
    except ValueError as error:
        causes.append(Cause(pointer(""), value, str(error)))
    return Resolved(orjson.dumps(value), tuple(left_out), tuple(masks), tuple(causes), frozenset(others))


def _all(value: Line) -> list[Attribute]:
    """Names of the attributes of a line, each with its metadata."""
    pairs = [(name, value.get(f"{name}{_METADATA}")) for name in value]
    return [(name, metadata) for name, metadata in pairs if isinstance(metadata, dict)]


def _take_out(value: Line, name: str) -> None:
    value.pop(name, None)
    value.pop(f"{name}{_METADATA}", None)


def _choose(value: Line, chosen: tuple[str, ...]) -> list[str]:
    """Takes out the attributes that are not chosen; their names."""
    if not chosen:
        return []
    others = [name for name, _ in _all(value) if name not in chosen and name.removesuffix("-ref") not in chosen]
    for name in others:
        _take_out(value, name)
    return others


def _failed(value: Line) -> list[str]:
    """Takes out metadata of labels that a job failed to give; what is told of them."""
    failures = []
    for key, metadata in list(value.items()):
        name = key.removesuffix(_METADATA)
        if name != key and name not in value and isinstance(metadata, dict) and _FAILURE in metadata:
            failures.append(f"labels that a labelling job failed to give ({metadata[_FAILURE]})")
            del value[key]
    return failures


def _superseded(value: Line) -> tuple[list[str], list[Cause]]:
    """Names of the attributes that were adjusted, and adjustments of which the line does not say what they adjust.

    An adjustment has the type of what it adjusts, and nothing names that: of several it could be any.
    """
    kinds: dict[Any, list[Attribute]] = {}
    for name, metadata in _all(value):
        kinds.setdefault(str(metadata.get("type")), []).append((name, metadata))
    gone: list[str] = []
    unclear = []
    for same in kinds.values():
        adjusted = [attribute for attribute in same if _STATUS in attribute[1]]
        originals = [name for name, metadata in same if _STATUS not in metadata]
        if not adjusted:
            continue
        # Equal dates leave the later one on the line; sorting keeps their order.
        latest, _ = sorted(adjusted, key=lambda attribute: str(attribute[1].get("creation-date")))[-1]
        if len(originals) > 1:
            names = " or ".join(originals)
            why = f"adjusts {names}, and nothing says which; --attribute NAME chooses"
            unclear.append(Cause(pointer(latest), same[0][1].get("type"), why))
        else:
            gone += [name for name, _ in same if name != latest]
    return gone, unclear


def _video(name: str, kind: str) -> Cause:
    why = "a job on the frames of a video; such are not read, label frames as images (customlabels dataset frames)"
    return Cause(pointer(f"{name}{_METADATA}", "type"), kind, why)


def _mask(name: str, address: Any, metadata: dict[str, Any]) -> Mask | list[Cause]:
    """The mask that an attribute names, or why there is none."""
    if not isinstance(address, str) or not address:
        return [wrong(pointer(name), address, "the address of a mask")]
    field = pointer(f"{name}{_METADATA}", "internal-color-map")
    classes = metadata.get("internal-color-map", MISSING)
    if not isinstance(classes, dict) or not classes:
        return [wrong(field, classes, "a table from number to class-name and hex-color")]
    colors: dict[int, str | None] = {}
    causes = []
    for number, described in classes.items():
        fields = described if isinstance(described, dict) else {}
        label, text = fields.get("class-name", MISSING), fields.get("hex-color", MISSING)
        color = _color(text)
        if not isinstance(label, str) or not label:
            causes.append(wrong(f"{field}{pointer(number, 'class-name')}", label, "a text, the label"))
        elif color is None or color in colors:
            wanted = "a colour, as in #2ca02c" if color is None else "a colour that no other class has"
            causes.append(wrong(f"{field}{pointer(number, 'hex-color')}", text, wanted))
        else:
            colors[color] = None if label.casefold() == "background" else label
    return causes or Mask(name, address, colors)


def _color(text: Any) -> int | None:
    if not isinstance(text, str) or len(text) != 7 or text[0] != "#":
        return None
    try:
        return int(text[1:], 16)
    except ValueError:
        return None


def _free(name: str, number: int, taken: set[str]) -> str:
    """The first of `name` with that number or a later one that no key of the line has; it is taken from then on."""
    while not taken.isdisjoint((f"{name}{number}", f"{name}{number}{_METADATA}")):
        number += 1
    taken |= {f"{name}{number}", f"{name}{number}{_METADATA}"}
    return f"{name}{number}"


def split_labels(value: Line) -> Line:
    """A line with an attribute a label in the place of each multi-label attribute.

    Raises
    ------
    ValueError : such an attribute cannot be understood
    """
    several = {name: metadata for name, metadata in _all(value) if metadata.get("type") == MULTI_LABEL}
    if not several:
        return value
    result: Line = {}
    taken = set(value)
    for name, content in value.items():
        if name.endswith(_METADATA) and name.removesuffix(_METADATA) in several:
            continue
        if name not in several:
            result[name] = content
            continue
        metadata = several[name]
        classes, sure = metadata.get("class-map"), metadata.get("confidence-map")
        if not isinstance(content, list) or not isinstance(classes, dict):
            raise ValueError(f"attribute {name} is no list of labels with a class-map")
        rest = {key: metadata[key] for key in ("human-annotated", "creation-date", "job-name") if key in metadata}
        for position, number in enumerate(content):
            label = classes.get(str(number))
            if not isinstance(label, str) or not 0 < len(label) <= MAX_LABEL:
                raise ValueError(f"attribute {name}: class {number} is not in its class-map")
            confidence = sure.get(str(number), 1) if isinstance(sure, dict) else 1
            key = _free(name, position, taken)
            result[key] = position
            result[f"{key}{_METADATA}"] = {
                "class-name": label,
                "confidence": confidence,
                "type": IMAGE_LEVEL,
                **rest,
            }
    return result

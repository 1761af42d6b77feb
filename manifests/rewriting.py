"""Manifest lines turned into other kinds: Ground Truth's multi-label form, image-level labels, boxes.

Source: Custom Labels developer guide, md-gt-cl-transform.md.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import orjson

from customlabels.core.errors import ManifestError
from customlabels.datasets.limits import MAX_LABEL
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL, MULTI_LABEL

_METADATA = "-metadata"
_MULTI_LABEL = MULTI_LABEL.encode()
_ADDED = "cl-"
"""Keys that the service puts into the entries that it lists."""

Line = dict[str, Any]


class Kind(StrEnum):
    """What lines are turned into."""

    CUSTOM_LABELS = "custom-labels"
    IMAGE_LEVEL = "image-level"
    BOXES = "boxes"
    MULTI_LABEL = "multi-label"


def as_custom_labels(line: bytes) -> bytes:
    """A line, attributes of Ground Truth's multi-label jobs as Custom Labels wants them: an attribute a label.

    A line that has none, and one that cannot be read, is given back as it is.
    """
    if _MULTI_LABEL not in line:
        return line
    try:
        value = orjson.loads(line)
        return orjson.dumps(split_labels(value)) if isinstance(value, dict) else line
    except (ValueError, TypeError, KeyError):
        return line


class Conversion:
    """The lines of one manifest made another kind; `left_out` counts those that have nothing of it.

    Parameters
    ----------
    name : of the manifest, for errors
    """

    def __init__(self, name: str, kind: Kind) -> None:
        self._name = name
        self._kind = kind
        self.left_out = 0

    def lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The lines as they come, ending in newlines.

        Raises
        ------
        ManifestError : lines that cannot be understood, after all have been looked at
        """
        faults = []
        for number, line in enumerate(lines, 1):
            try:
                value = orjson.loads(line)
                if not isinstance(value, dict) or "source-ref" not in value:
                    raise ValueError("is no line of a manifest")
                result = rewritten(value, self._kind)
            except ValueError as error:
                faults.append(f"{self._name}, line {number}: {error}")
                continue
            if len(result) > 1 or len(value) == 1:
                yield orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE)
            else:
                self.left_out += 1
        if faults:
            raise ManifestError(faults[0], details=faults[1:], hint="customlabels manifest validate --fix drops them")


def rewritten(value: Line, kind: Kind) -> Line:
    """A line of the kind; what does not fit into it is left out, which may be everything but the source-ref.

    Raises
    ------
    ValueError : a multi-label attribute that cannot be understood
    """
    value = split_labels({name: content for name, content in value.items() if not name.startswith(_ADDED)})
    if kind is Kind.CUSTOM_LABELS:
        return value
    if kind is Kind.BOXES:
        return _only(value, BOXES)
    labels = _only(value, IMAGE_LEVEL)
    known = {labels[name]["class-name"] for name in labels if name.endswith(_METADATA)}
    for name, metadata in attributes(value, BOXES):
        for label in _box_labels(value[name], metadata):
            if label not in known:
                known.add(label)
                _add_label(labels, label, metadata)
    return labels if kind is Kind.IMAGE_LEVEL else _gathered(labels)


def attributes(value: Line, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Names of the attributes of a type, each with its metadata."""
    found = []
    for name in value:
        metadata = value.get(f"{name}{_METADATA}")
        if isinstance(metadata, dict) and metadata.get("type") == kind:
            found.append((name, metadata))
    return found


def split_labels(value: Line) -> Line:
    """A line with an attribute a label in the place of each multi-label attribute.

    Raises
    ------
    ValueError : such an attribute cannot be understood
    """
    several = dict(attributes(value, MULTI_LABEL))
    if not several:
        return value
    result: Line = {}
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
        for place, number in enumerate(content):
            label = classes.get(str(number))
            if not isinstance(label, str) or not 0 < len(label) <= MAX_LABEL:
                raise ValueError(f"attribute {name}: class {number} is not in its class-map")
            confidence = sure.get(str(number), 1) if isinstance(sure, dict) else 1
            result[f"{name}{place}"] = place
            result[f"{name}{place}{_METADATA}"] = {
                "class-name": label,
                "confidence": confidence,
                "type": IMAGE_LEVEL,
                **rest,
            }
    return result


def _only(value: Line, kind: str) -> Line:
    result: Line = {"source-ref": value["source-ref"]} if "source-ref" in value else {}
    for name, metadata in attributes(value, kind):
        result[name], result[f"{name}{_METADATA}"] = value[name], metadata
    return result


def _box_labels(content: Any, metadata: dict[str, Any]) -> list[str]:
    """Labels of an attribute's boxes, each once."""
    try:
        return list(dict.fromkeys(metadata["class-map"][str(box["class_id"])] for box in content["annotations"]))
    except (KeyError, TypeError) as error:
        raise ValueError("an attribute's boxes and its class-map do not fit together") from error


def _add_label(line: Line, label: str, metadata: dict[str, Any]) -> None:
    place = 0
    while f"label_{place}" in line:
        place += 1
    rest = {key: metadata[key] for key in ("human-annotated", "creation-date", "job-name") if key in metadata}
    line[f"label_{place}"] = place
    line[f"label_{place}{_METADATA}"] = {"class-name": label, "confidence": 1, "type": IMAGE_LEVEL, **rest}


def _gathered(line: Line) -> Line:
    """All image-level attributes as one multi-label attribute, as Ground Truth writes it."""
    found = attributes(line, IMAGE_LEVEL)
    if not found:
        return line
    _, first = found[0]
    classes = {str(place): metadata["class-name"] for place, (_, metadata) in enumerate(found)}
    return {
        "source-ref": line["source-ref"],
        "labels": list(range(len(found))),
        f"labels{_METADATA}": {
            "class-map": classes,
            "confidence-map": {str(place): metadata["confidence"] for place, (_, metadata) in enumerate(found)},
            "type": MULTI_LABEL,
            **{key: first[key] for key in ("human-annotated", "creation-date", "job-name") if key in first},
        },
    }

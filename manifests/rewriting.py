"""Manifest lines turned into other kinds: Ground Truth's multi-label form, image-level labels, boxes.

Source: Custom Labels developer guide, md-gt-cl-transform.md.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import orjson

from customlabels.core.errors import ManifestError
from customlabels.manifests.ground_truth import resolved
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL, MULTI_LABEL

_METADATA = "-metadata"
_ADDED = "cl-"
"""Keys that the service puts into the entries that it lists."""

Line = dict[str, Any]


class Kind(StrEnum):
    """What lines are turned into."""

    CUSTOM_LABELS = "custom-labels"
    IMAGE_LEVEL = "image-level"
    BOXES = "boxes"
    MULTI_LABEL = "multi-label"


class Conversion:
    """The lines of one manifest made another kind.

    Parameters
    ----------
    name : of the manifest, for errors
    attributes : those to be used; none: all but those that a later job superseded

    `left_out` counts the lines that have nothing of the kind, `parts` what was left out of lines.
    """

    def __init__(self, name: str, kind: Kind, attributes: tuple[str, ...] = ()) -> None:
        self._name = name
        self._kind = kind
        self._attributes = attributes
        self.left_out = 0
        self.parts = Counter[str]()

    def lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The lines as they come, ending in newlines.

        Raises
        ------
        ManifestError : lines that cannot be understood, after all have been looked at
        """
        faults = []
        for number, line in enumerate(lines, 1):
            try:
                bare = line.rstrip(b"\r\n")
                output = resolved(bare, self._attributes)
                value = orjson.loads(output.line)
                if not isinstance(value, dict) or "source-ref" not in value:
                    raise ValueError("is no line of a manifest")
                if output.causes:
                    raise ValueError("; ".join(cause.sentence for cause in output.causes))
                result = rewritten(value, self._kind)
            except ValueError as error:
                faults.append(f"{self._name}, line {number}: {error}")
                continue
            self.parts.update(output.left_out)
            self.parts.update(["masks (customlabels manifest build makes boxes of them)"] * len(output.masks))
            if len(result) > 1 or (len(value) == 1 and output.line is bare):
                yield orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE)
            else:
                self.left_out += 1
        if faults:
            raise ManifestError(faults[0], details=faults[1:], hint="customlabels manifest validate --fix drops them")


def rewritten(value: Line, kind: Kind) -> Line:
    """A line of the kind; what does not fit into it is left out, which may be everything but the source-ref.

    Raises
    ------
    ValueError : boxes without labels
    """
    value = {name: content for name, content in value.items() if not name.startswith(_ADDED)}
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
    typed = []
    for name in value:
        metadata = value.get(f"{name}{_METADATA}")
        if isinstance(metadata, dict) and metadata.get("type") == kind:
            typed.append((name, metadata))
    return typed


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
    number = 0
    while f"label_{number}" in line:
        number += 1
    rest = {key: metadata[key] for key in ("human-annotated", "creation-date", "job-name") if key in metadata}
    line[f"label_{number}"] = number
    line[f"label_{number}{_METADATA}"] = {"class-name": label, "confidence": 1, "type": IMAGE_LEVEL, **rest}


def _gathered(line: Line) -> Line:
    """All image-level attributes as one multi-label attribute, as Ground Truth writes it."""
    labels = attributes(line, IMAGE_LEVEL)
    if not labels:
        return line
    _, first = labels[0]
    classes = {str(class_id): metadata["class-name"] for class_id, (_, metadata) in enumerate(labels)}
    return {
        "source-ref": line["source-ref"],
        "labels": list(range(len(labels))),
        f"labels{_METADATA}": {
            "class-map": classes,
            "confidence-map": {str(class_id): metadata["confidence"] for class_id, (_, metadata) in enumerate(labels)},
            "type": MULTI_LABEL,
            **{key: first[key] for key in ("human-annotated", "creation-date", "job-name") if key in first},
        },
    }

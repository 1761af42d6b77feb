"""Manifest lines read and checked as the service does it, without looking at images.

Source: Custom Labels developer guide, tm-debugging-json-line-errors.md and md-create-manifest-file*.md.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from customlabels.core.addresses import S3Address, is_address, parse_address
from customlabels.datasets.limits import MAX_LABEL
from customlabels.manifests.boxes import check_boxes
from customlabels.manifests.faults import LINE, METADATA, VALUE, Fault
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL

MAX_LINE = 100_000
"""Characters."""

LONGEST_LINE = 4 * MAX_LINE
"""Bytes that a line of MAX_LINE characters may take."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One line of a manifest.

    `source_ref` is None where the line names no image that can be used: a dataset import drops it without a word.
    `labels` are those of its valid image-level attributes, `boxes` the labels of its valid boxes.
    """

    number: int
    line: bytes
    source_ref: str | None
    labels: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def image(self) -> S3Address | None:
        return parse_address(self.source_ref) if self.source_ref is not None else None

    @property
    def labelled(self) -> bool:
        return bool(self.labels or self.boxes)

    @property
    def has_errors(self) -> bool:
        return any(not fault.is_warning for fault in self.faults)

    @property
    def invalid(self) -> bool:
        """Whether a training leaves the line out and counts it among the invalid ones."""
        return self.has_errors and not self.labelled


def read_entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """An entry a line, in order, counted from 1; blank lines are entries that cannot be parsed."""
    for number, line in enumerate(lines, 1):
        yield read_entry(number, line.rstrip(b"\r\n"))


def read_entry(number: int, line: bytes) -> Entry:
    """The entry in one line, which has no line end."""
    try:
        value = orjson.loads(line) if len(line) <= MAX_LINE or _fits(line) else None
    except ValueError:
        value = None
    if type(value) is not dict:
        return Entry(number, line, None, faults=_INVALID_JSON)
    source_ref = value.get("source-ref")
    if source_ref is None:
        return Entry(number, line, None, faults=_MISSING_SOURCE_REF)
    if type(source_ref) is not str or not is_address(source_ref):
        return Entry(number, line, None, faults=_INVALID_SOURCE_REF)
    labels: list[str] = []
    boxes: list[str] = []
    faults: list[Fault] = []
    found = 0
    for name, content in value.items():
        metadata = value.get(name + "-metadata", _ABSENT)
        if metadata is _ABSENT or not _may_be_attribute(name):
            continue
        found += 1
        kind = metadata.get("type") if type(metadata) is dict else None
        if kind == IMAGE_LEVEL:
            fault = _image_level_fault(name, content, metadata)
            if fault is None:
                labels.append(metadata["class-name"])
            else:
                faults.append(fault)
        elif kind == BOXES:
            fault = _metadata_fault(name, metadata)
            if fault is None:
                named, box_faults = check_boxes(name, content, metadata)
                boxes += named
                faults += box_faults
            else:
                faults.append(fault)
        elif type(kind) is str:
            faults.append(Fault("ERROR_UNSUPPORTED_USE_CASE_TYPE", METADATA, name))
        else:
            faults.append(Fault("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, name))
    if not faults and len(labels) < 2 and found:
        return Entry(number, line, source_ref, tuple(labels), tuple(boxes))
    if not found:
        others = any(map(_may_be_attribute, value))
        faults.append(Fault("ERROR_NO_LABEL_ATTRIBUTES" if others else "WARNING_UNANNOTATED_RECORD", LINE))
    elif not labels and not boxes:
        all_warnings = all(fault.is_warning for fault in faults)
        faults.append(Fault("WARNING_NO_ANNOTATIONS" if all_warnings else "ERROR_NO_VALID_LABEL_ATTRIBUTES", LINE))
    return Entry(number, line, source_ref, tuple(dict.fromkeys(labels)), tuple(boxes), tuple(faults))


_ABSENT = object()
_INVALID_JSON = (Fault("ERROR_INVALID_JSON_LINE", LINE),)
_MISSING_SOURCE_REF = (Fault("ERROR_MISSING_SOURCE_REF", LINE),)
_INVALID_SOURCE_REF = (Fault("ERROR_INVALID_SOURCE_REF_FORMAT", LINE),)


def _may_be_attribute(name: str) -> bool:
    """Whether a key is not one of the service's own."""
    return name != "source-ref" and not name.startswith("cl-")


def _fits(line: bytes) -> bool:
    """Whether a line of many bytes has no more characters than a line may have."""
    return len(line) <= LONGEST_LINE and len(line.decode()) <= MAX_LINE


def _image_level_fault(name: str, value: Any, metadata: dict[str, Any]) -> Fault | None:
    if type(value) is not int:
        return Fault("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", VALUE, name)
    fault = _metadata_fault(name, metadata)
    if fault is not None:
        return fault
    label: Any = metadata.get("class-name")
    confidence: Any = metadata.get("confidence")
    if type(label) is not str or type(confidence) not in _NUMBERS or not 0 <= confidence <= 1:
        return Fault("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, name)
    if not 0 < len(label) <= MAX_LABEL:
        return Fault("ERROR_INVALID_LABEL_NAME_LENGTH", METADATA, name)
    return None


_NUMBERS = (int, float)


def _metadata_fault(name: str, metadata: dict[str, Any]) -> Fault | None:
    human, date = metadata.get("human-annotated"), metadata.get("creation-date")
    if (human == "yes" or human == "no") and type(date) is str and _is_date(date):
        return None
    return Fault("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, name)


@lru_cache(maxsize=256)
def _is_date(value: str) -> bool:
    """Whether it is an ISO 8601 date and time; the guide's own samples have it with and without Z and fraction."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return "T" in value or " " in value

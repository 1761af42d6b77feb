"""Manifest lines read and checked as the service does it, without looking at images.

Source: Custom Labels developer guide, tm-debugging-json-line-errors.md and md-create-manifest-file*.md.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import orjson

from customlabels.core.addresses import S3Address, is_address, parse_address
from customlabels.manifests.attributes import attributes_of, halves_of, image_level_fault, kind_fault
from customlabels.manifests.boxes import check_boxes
from customlabels.manifests.faults import BOX, LINE, MISSING, Cause, Fault, pointer, wrong
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL
from customlabels.manifests.plain_lines import read_plain

MAX_LINE = 100_000
"""Characters."""

LONGEST_LINE = 4 * MAX_LINE
"""Bytes that a line of MAX_LINE characters may take."""

_ADDRESS = "an address, s3://bucket/key"
_EXCERPT = 40
"""Bytes of a broken line that are shown."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One line of a manifest.

    Parameters
    ----------
    source_ref : None where the line names no image that can be used: a dataset import drops it without a word
    labels : of its valid image-level attributes
    boxes : the labels of its valid boxes
    boxes_lost : whether an attribute of boxes has an error that takes boxes out
    halves : keys without the rest of their attribute, beside attributes that are whole: no service reads them
    doubled : keys that stand on the line twice and say different things; the last of them is read
    """

    number: int
    line: bytes
    source_ref: str | None
    labels: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    boxes_lost: bool = False
    halves: tuple[Cause, ...] = ()
    doubled: tuple[Cause, ...] = ()

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

    @property
    def usable(self) -> bool:
        """Whether `dataset inspect` and `train` use the image.

        They do with all that is valid, as the service does, but not with some boxes while others are lost: what those
        show would be trained on as background.
        """
        lost = self.boxes_lost and (bool(self.boxes) or any(fault.scope == BOX for fault in self.faults))
        return self.labelled and not lost


def read_entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """An entry a line, in order, counted from 1; blank lines are entries that cannot be parsed."""
    for number, line in enumerate(lines, 1):
        yield read_entry(number, line.rstrip(b"\r\n"))


def read_entry(number: int, line: bytes, *, paths: bool = False) -> Entry:
    """The entry in one line, which has no line end.

    Parameters
    ----------
    paths : also take a source-ref that is no address but a path, as of an image below a folder
    """
    if len(line) <= MAX_LINE:
        plain = read_plain(line)
        if plain is not None:
            source_ref, labels, boxes = plain
            if is_address(source_ref) or (paths and is_path(source_ref)):
                return Entry(number, line, source_ref, labels, boxes)
    return examined(number, line, paths=paths)


def examined(number: int, line: bytes, *, paths: bool = False) -> Entry:
    """As `read_entry`, of any line, with all that is wrong with it."""
    try:
        value = orjson.loads(line) if len(line) <= MAX_LINE or _fits(line) else None
    except ValueError:
        value = None
    if type(value) is not dict:
        return Entry(number, line, None, faults=(_json_fault(line),))
    source_ref = value.get("source-ref")
    if type(source_ref) is not str or not (is_address(source_ref) or (paths and is_path(source_ref))):
        return Entry(number, line, None, faults=(_source_ref_fault(value),))
    labels: list[str] = []
    boxes: list[str] = []
    faults: list[Fault] = []
    boxes_lost = False
    attributes = attributes_of(tuple(value))
    for name, beside in attributes:
        content, metadata = value[name], value[beside]
        kind = metadata.get("type") if type(metadata) is dict else None
        if kind == IMAGE_LEVEL:
            fault = image_level_fault(name, content, metadata)
            if fault is None:
                labels.append(metadata["class-name"])
            else:
                faults.append(fault)
        elif kind == BOXES:
            named, box_faults = check_boxes(name, content, metadata)
            boxes += named
            if box_faults:
                faults += box_faults
                boxes_lost |= any(not fault.is_warning for fault in box_faults)
        else:
            faults.append(kind_fault(name, metadata))
    if not attributes:
        faults.append(_no_attributes_fault(value))
    elif not labels and not boxes:
        all_warnings = all(fault.is_warning for fault in faults)
        causes = tuple(cause for fault in faults if all_warnings or not fault.is_warning for cause in fault.causes)
        code = "WARNING_NO_ANNOTATIONS" if all_warnings else "ERROR_NO_VALID_LABEL_ATTRIBUTES"
        faults.append(Fault(code, LINE, causes=causes))
    return Entry(
        number,
        line,
        source_ref,
        tuple(dict.fromkeys(labels)),
        tuple(boxes),
        tuple(faults),
        boxes_lost,
        halves_of_line(value) if attributes else (),
        doubled_keys(line, value),
    )


def is_path(source_ref: str) -> bool:
    """Whether a source-ref may be the path of a file rather than an address of any kind."""
    return bool(source_ref.strip()) and "://" not in source_ref and "\0" not in source_ref


def _fits(line: bytes) -> bool:
    """Whether a line of many bytes has no more characters than a line may have."""
    return len(line) <= LONGEST_LINE and len(line.decode()) <= MAX_LINE


def _json_fault(line: bytes) -> Fault:
    start, wanted = 0, "an object, {…}"
    if not line.strip():
        wanted = "an object, {…}, but the line is blank"
    elif len(line) > MAX_LINE and not _is_short(line):
        wanted = f"at most {MAX_LINE:,} characters long"
    else:
        try:
            orjson.loads(line)
        except orjson.JSONDecodeError as error:
            start, wanted = max(0, error.pos - _EXCERPT // 2), f"JSON; character {error.pos + 1}: {error.msg}"
    cause = wrong(pointer(""), line[start : start + _EXCERPT], wanted)
    return Fault("ERROR_INVALID_JSON_LINE", LINE, causes=(cause,))


def _is_short(line: bytes) -> bool:
    try:
        return _fits(line)
    except UnicodeDecodeError:
        return True


def _source_ref_fault(value: dict[str, Any]) -> Fault:
    source_ref = value.get("source-ref")
    if source_ref is not None:
        cause = wrong(pointer("source-ref"), source_ref, _ADDRESS)
        return Fault("ERROR_INVALID_SOURCE_REF_FORMAT", LINE, causes=(cause,))
    alike = next((name for name in value if name.lower().replace("_", "-") in ("source-ref", "sourceref")), None)
    wanted = _ADDRESS if alike is None else f"{_ADDRESS}; there is {pointer(alike)}"
    cause = wrong(pointer("source-ref"), value.get("source-ref", MISSING), wanted)
    return Fault("ERROR_MISSING_SOURCE_REF", LINE, causes=(cause,))


def _no_attributes_fault(value: dict[str, Any]) -> Fault:
    """What is lacking in a line of which no key has its metadata beside it."""
    causes = halves_of_line(value)
    if not causes:
        cause = Cause(pointer("source-ref"), value["source-ref"], "without a label; a training ignores it")
        return Fault("WARNING_UNANNOTATED_RECORD", LINE, causes=(cause,))
    return Fault("ERROR_NO_LABEL_ATTRIBUTES", LINE, causes=causes)


def halves_of_line(value: dict[str, Any]) -> tuple[Cause, ...]:
    """What is lacking beside the keys of which no attribute is made."""
    return tuple(wrong(pointer(lacking), MISSING, f"beside {pointer(key)}") for key, lacking in halves_of(tuple(value)))


def doubled_keys(line: bytes, value: dict[str, Any]) -> tuple[Cause, ...]:
    """The keys that an object on a line has twice, with different values; the value that is not read.

    Parameters
    ----------
    value : what was read of the line
    """
    return _doubled(line) if _has_more_texts(line, value) else ()


def _has_more_texts(line: bytes, value: dict[str, Any]) -> bool:
    """Whether a line may have more keys or texts than were read of it, by its quotes; nearly none has."""
    try:
        return rb"\u0022" in line or line.count(b'"') != orjson.dumps(value).count(b'"')
    except orjson.JSONEncodeError:
        # It is deeper than is ever written.
        return True


def _doubled(line: bytes) -> tuple[Cause, ...]:
    causes: list[Cause] = []

    def gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key, content in pairs:
            if key in table and table[key] != content:
                causes.append(Cause(pointer(key), table[key], "stands on the line again, and says otherwise there"))
            table[key] = content
        return table

    try:
        json.loads(line, object_pairs_hook=gathered)
    except (ValueError, RecursionError):
        # What this decoder does not take, numbers of thousands of digits or such depths, is in no label.
        return ()
    return tuple(causes)

"""Manifest lines read and checked as the service does it, without looking at images."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from customlabels.core.s3 import S3Address, parse_address
from customlabels.manifests.codes import message
from customlabels.manifests.lines import IMAGE_LEVEL

MAX_LINE = 100_000
MAX_ROWS = 250_000
MAX_BYTES = 1_000_000_000
MAX_LABEL = 255
MIN_LABELS = 2
MAX_LABELS = 250
MAX_INVALID_SHARE = 0.2
MIN_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with the service's code; `attribute` names the label attribute it is about, if any."""

    code: str
    attribute: str = ""

    @property
    def message(self) -> str:
        return message(self.code, self.attribute)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a manifest.

    `image` is None where the line names none that can be used; `labels` are those of the valid attributes.
    """

    number: int
    line: bytes
    image: S3Address | None
    labels: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def unlabelled(self) -> bool:
        return self.image is not None and not self.labels and not self.faults

    @property
    def dropped(self) -> bool:
        """Whether a dataset import leaves the line out without a word."""
        return self.image is None


def read_entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """An entry a line, in order, counted from 1; blank lines are entries that cannot be parsed."""
    for number, line in enumerate(lines, 1):
        yield _read_entry(number, line.rstrip(b"\r\n"))


def _read_entry(number: int, line: bytes) -> Entry:
    def entry(image: S3Address | None, labels: Iterable[str], *faults: Fault) -> Entry:
        return Entry(number, line, image, tuple(labels), faults)

    try:
        value = orjson.loads(line) if len(line) <= MAX_LINE else None
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        return entry(None, (), Fault("ERROR_INVALID_JSON_LINE"))
    if "source-ref" not in value:
        return entry(None, (), Fault("ERROR_MISSING_SOURCE_REF"))
    try:
        image = parse_address(str(value["source-ref"]))
    except ValueError:
        return entry(None, (), Fault("ERROR_INVALID_SOURCE_REF_FORMAT"))
    own = {name: item for name, item in value.items() if name != "source-ref" and not name.startswith("cl-")}
    if not own:
        return entry(image, ())
    attributes = [name for name in own if f"{name}-metadata" in own]
    if not attributes:
        return entry(image, (), Fault("ERROR_NO_LABEL_ATTRIBUTES"))
    labels: list[str] = []
    faults: list[Fault] = []
    for name in attributes:
        fault = _attribute_fault(name, own[name], own[f"{name}-metadata"])
        if fault is None:
            labels.append(own[f"{name}-metadata"]["class-name"])
        else:
            faults.append(fault)
    if not labels:
        faults.append(Fault("ERROR_NO_VALID_LABEL_ATTRIBUTES"))
    return entry(image, dict.fromkeys(labels), *faults)


def _attribute_fault(name: str, value: Any, metadata: Any) -> Fault | None:
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("type"), str):
        return Fault("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", name)
    if metadata["type"] != IMAGE_LEVEL:
        return Fault("ERROR_UNSUPPORTED_USE_CASE_TYPE", name)
    if not isinstance(value, int) or isinstance(value, bool):
        return Fault("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", name)
    label, confidence = metadata.get("class-name"), metadata.get("confidence")
    if (
        not isinstance(label, str)
        or not isinstance(confidence, int | float)
        or isinstance(confidence, bool)
        or not 0 <= confidence <= 1
        or metadata.get("human-annotated") not in {"yes", "no"}
        or not _is_date(metadata.get("creation-date"))
    ):
        return Fault("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", name)
    if not 1 <= len(label) <= MAX_LABEL:
        return Fault("ERROR_INVALID_LABEL_NAME_LENGTH", name)
    return None


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).year > 0
    except ValueError:
        return False


def import_entries(entries: Iterable[Entry]) -> tuple[list[Entry], Fault | None]:
    """What a dataset import keeps, and the fault that makes the import fail.

    Lines that name no usable image, and all but the first that name the same one, are dropped in silence.
    """
    kept: dict[S3Address, Entry] = {}
    total = 0
    for entry in entries:
        total += 1
        if total > MAX_ROWS:
            return [], Fault("ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM")
        if entry.image is not None:
            kept.setdefault(entry.image, entry)
    if total and not kept:
        return [], Fault("ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT")
    if total - len(kept) > MAX_INVALID_SHARE * total:
        return [], Fault("ERROR_TOO_MANY_RECORDS_IN_ERROR")
    if len({image.bucket for image in kept}) > 1:
        return [], Fault("ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS")
    if len(labels_of(kept.values())) > MAX_LABELS:
        return [], Fault("ERROR_MANIFEST_TOO_MANY_LABELS")
    return list(kept.values()), None


def labels_of(entries: Iterable[Entry]) -> set[str]:
    return {label for entry in entries for label in entry.labels}


def training_faults(train: Iterable[Entry], test: Iterable[Entry]) -> list[Fault]:
    """The faults that end a training before it learns anything, the gravest first."""
    parts = [list(train), list(test)]
    faults: list[Fault] = []
    for part in parts:
        if not part:
            return [Fault("ERROR_EMPTY_MANIFEST")]
        invalid = sum(1 for entry in part if entry.faults and not entry.labels)
        if invalid > MAX_INVALID_SHARE * len(part):
            faults.append(Fault("ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST"))
        labels = labels_of(part)
        if len(labels) < MIN_LABELS:
            faults.append(Fault("ERROR_MANIFEST_TOO_FEW_LABELS"))
        if len(labels) > MAX_LABELS:
            faults.append(Fault("ERROR_MANIFEST_TOO_MANY_LABELS"))
    train_labels, test_labels = (labels_of(part) for part in parts)
    if train_labels and len(train_labels & test_labels) < MIN_OVERLAP * len(train_labels):
        faults.append(Fault("ERROR_INSUFFICIENT_LABEL_OVERLAP"))
    return faults

"""Image-level attributes, and what every attribute's metadata has to have, checked as the service does it.

Source: Custom Labels developer guide, md-create-manifest-file-classification.md and tm-debugging-json-line-errors.md.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from customlabels.datasets.limits import MAX_LABEL
from customlabels.manifests.faults import METADATA, MISSING, VALUE, Cause, Fault, pointer, wrong
from customlabels.manifests.lines import BOXES, IMAGE_LEVEL

NUMBERS = (int, float)
LABEL = f"1 to {MAX_LABEL} characters"
_ANSWERS = ("yes", "no")
_HUMAN, _DATE = "human-annotated", "creation-date"
_WANTED = {
    _HUMAN: '"yes" or "no"',
    _DATE: 'a date and time, as in "2026-01-31T08:00:00"',
    "class-name": "a text, the label",
    "confidence": "a number from 0 to 1",
    "objects": "a list with a confidence a box",
    "class-map": 'a table from class_id to label, as in {"0": "crack"}',
}
_TYPES = f'"{IMAGE_LEVEL}" or "{BOXES}"'


@lru_cache(maxsize=256)
def attributes_of(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Those of a line's keys whose metadata is there, each with the key of that; most lines have the same keys."""
    pairs = ((name, f"{name}-metadata") for name in keys if may_be_attribute(name))
    return tuple((name, beside) for name, beside in pairs if beside in keys)


@lru_cache(maxsize=256)
def halves_of(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Those of a line's keys of which no attribute is made, each with the key that is lacking beside it."""
    whole = {key for pair in attributes_of(keys) for key in pair}
    return tuple((key, _other_half(key)) for key in keys if may_be_attribute(key) and key not in whole)


def _other_half(key: str) -> str:
    return key.removesuffix("-metadata") if key.endswith("-metadata") else f"{key}-metadata"


def may_be_attribute(name: str) -> bool:
    """Whether a key is not one of the service's own."""
    return name != "source-ref" and not name.startswith("cl-")


def image_level_fault(name: str, value: Any, metadata: dict[str, Any]) -> Fault | None:
    """What is wrong with an image-level attribute; None where nothing is."""
    label = metadata.get("class-name")
    confidence: Any = metadata.get("confidence")
    if type(value) is not int:
        causes = (wrong(pointer(name), value, "a whole number"),)
        return Fault("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", VALUE, name, causes=causes)
    lacking = []
    if type(label) is not str:
        lacking.append("class-name")
    if type(confidence) not in NUMBERS or not 0 <= confidence <= 1:
        lacking.append("confidence")
    fault = metadata_fault(name, metadata, lacking)
    if fault is not None or (type(label) is str and 0 < len(label) <= MAX_LABEL):
        return fault
    causes = (wrong(pointer(f"{name}-metadata", "class-name"), label, LABEL),)
    return Fault("ERROR_INVALID_LABEL_NAME_LENGTH", METADATA, name, causes=causes)


def is_metadata(metadata: dict[str, Any]) -> bool:
    """Whether the fields are right that every attribute's metadata has beside its type."""
    date = metadata.get(_DATE)
    return metadata.get(_HUMAN) in _ANSWERS and type(date) is str and is_date(date)


def metadata_fault(name: str, metadata: dict[str, Any], lacking: list[str]) -> Fault | None:
    """The fault of metadata where the fields `lacking` are wrong, or those that all have; None where nothing is."""
    date = metadata.get(_DATE)
    fields = [*lacking]
    if metadata.get(_HUMAN) not in _ANSWERS:
        fields.append(_HUMAN)
    if type(date) is not str or not is_date(date):
        fields.append(_DATE)
    if not fields:
        return None
    causes = tuple(field_cause(name, metadata, field) for field in fields)
    return Fault("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, name, causes=causes)


def field_cause(name: str, metadata: dict[str, Any], field: str) -> Cause:
    return wrong(pointer(f"{name}-metadata", field), metadata.get(field, MISSING), _WANTED[field])


def kind_fault(name: str, metadata: Any) -> Fault:
    """The fault of an attribute whose metadata is not of a type that the service takes."""
    if type(metadata) is not dict:
        causes = (wrong(pointer(f"{name}-metadata"), metadata, "an object"),)
        return Fault("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", METADATA, name, causes=causes)
    kind = metadata.get("type", MISSING)
    code = "ERROR_UNSUPPORTED_USE_CASE_TYPE" if type(kind) is str else "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
    return Fault(code, METADATA, name, causes=(wrong(pointer(f"{name}-metadata", "type"), kind, _TYPES),))


@lru_cache(maxsize=256)
def is_date(value: str) -> bool:
    """Whether it is an ISO 8601 date and time; the guide's own samples have it with and without Z and fraction."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return "T" in value or " " in value

"""AWS JSON 1.1 as Rekognition speaks it: requests checked against botocore's service model, answers encoded."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import regex
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from customlabels.emulator.server.refusals import Refusal

TARGET_PREFIX = "RekognitionService."
CONTENT_TYPE = "application/x-amz-json-1.1"


@cache
def service_model(service: str = "rekognition") -> ServiceModel:
    """botocore's own description of a service: shapes, patterns, ranges, errors."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def decode(operation: str, body: bytes) -> dict[str, Any]:
    """The parameters in a request's body, blobs as bytes.

    Raises
    ------
    Refusal : SerializationException where the body is no JSON object or a value is of another type;
        ValidationException naming every value outside the model's range, pattern or list
    """
    try:
        parameters = json.loads(body or b"{}")
    except ValueError as error:
        raise Refusal("SerializationException", "The request body is not valid JSON.") from error
    shape = service_model().operation_model(operation).input_shape
    if not isinstance(parameters, dict) or not isinstance(shape, StructureShape):
        raise Refusal("SerializationException", "The request body is not a JSON object.")
    decoded = _typed(shape, parameters, "")
    check(shape, decoded)
    return dict(decoded)


def check_all(shape: Shape, parameters: Any) -> None:
    """Refuses parameters as they were sent, of whatever service.

    Raises
    ------
    Refusal
    """
    check(shape, _typed(shape, parameters, ""))


def check(shape: Shape, parameters: Any) -> None:
    """Refuses parameters outside the ranges, patterns and lists of their shape.

    Raises
    ------
    Refusal : ValidationException, naming every value
    """
    faults = list(_faults(shape, parameters, ""))
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        raise Refusal("ValidationException", count + "; ".join(faults))


def encode(answer: Mapping[str, Any]) -> bytes:
    """The body of a successful answer; members that are None are left out, times are epoch seconds."""
    return json.dumps(_plain(answer), separators=(",", ":")).encode()


def encode_refusal(refusal: Refusal) -> bytes:
    return json.dumps(
        {"__type": refusal.code, "Code": refusal.code, "message": refusal.message, "Message": refusal.message}
    ).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items() if member is not None}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    return value


_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "structure": dict,
    "map": dict,
    "list": list,
    "blob": str,
}


def _typed(shape: Shape, value: Any, path: str) -> Any:
    expected = _TYPES.get(shape.type_name)
    numeric = shape.type_name in {"integer", "long", "float", "double"}
    if expected and (not isinstance(value, expected) or (numeric and isinstance(value, bool))):
        raise Refusal("SerializationException", f"{path or 'The request'} is not of type {shape.type_name}.")
    if isinstance(shape, StructureShape):
        return {
            name: _typed(shape.members[name], member, _member(path, name))
            for name, member in value.items()
            if name in shape.members and member is not None
        }
    if isinstance(shape, ListShape):
        return [_typed(shape.member, member, f"{path}.{place}.member") for place, member in enumerate(value, 1)]
    if isinstance(shape, MapShape):
        return {name: _typed(shape.value, member, f"{path}.{name}.member") for name, member in value.items()}
    if shape.type_name == "blob":
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise Refusal("SerializationException", f"{path} is not base64.") from error
    return value


def _member(path: str, name: str) -> str:
    lowered = name[:1].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name in shape.required_members:
            if name not in value:
                yield f"Value null at '{_member(path, name)}' failed to satisfy constraint: Member must not be null"
        for name, member in value.items():
            yield from _faults(shape.members[name], member, _member(path, name))
        return
    yield from (
        f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: {rule}"
        for rule in _broken_rules(shape, value)
    )
    if isinstance(shape, ListShape):
        for place, member in enumerate(value, 1):
            yield from _faults(shape.member, member, f"{path}.{place}.member")
    elif isinstance(shape, MapShape):
        for name, member in value.items():
            yield from _faults(shape.key, name, f"{path}.key")
            yield from _faults(shape.value, member, f"{path}.{name}.member")


def _broken_rules(shape: Shape, value: Any) -> Iterator[str]:
    rules = shape.metadata
    sized = shape.type_name in {"string", "blob", "list", "map"}
    amount = len(value) if sized else value
    noun = "length " if sized else "value "
    if "min" in rules and amount < rules["min"]:
        yield f"Member must have {noun}greater than or equal to {rules['min']}"
    if "max" in rules and amount > rules["max"]:
        yield f"Member must have {noun}less than or equal to {rules['max']}"
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    if "pattern" in rules and not _pattern(rules["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {rules['pattern']}"


@cache
def _pattern(text: str) -> "regex.Pattern[str]":
    try:
        return regex.compile(text)
    except regex.error:
        # Of another dialect: nothing is said of it.
        return regex.compile(".*", regex.DOTALL)


def _shown(value: Any) -> str:
    text = f"{len(value)} bytes" if isinstance(value, bytes) else str(value)
    return text if len(text) <= 256 else f"{text[:256]}…"

"""What a request to any service asks: its operation and its parameters, by botocore's own models.

Source: Smithy's AWS protocols (awsJson1_1, awsQuery, restJson1) as botocore's models have them.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from customlabels.emulator.server.http import Environ, action, scope
from customlabels.emulator.server.protocol import service_model

_MODELS = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi", "states": "stepfunctions"}
"""Names of models whose services are signed for by another name."""

_ARCHIVED = {"/getImages": "kinesis-video-archived-media"}
"""Models of paths whose service is signed for by the name of another."""

_LABEL = re.compile(r"\{(\w+)(\+?)\}")

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation of a service, with its parameters as its model names them.

    Parameters
    ----------
    service : the name that requests are signed for
    parameters : None where they cannot be told
    """

    service: str
    region: str
    operation: str
    parameters: Parameters | None
    shape: Shape | None = None


def asked(environ: Environ, body: bytes) -> Asked:
    """What a request asks; S3's requests are read elsewhere."""
    region, service = scope(environ)
    called = _ARCHIVED.get(environ["PATH_INFO"], service) if service == "kinesisvideo" else service
    called = _MODELS.get(called, called)
    model = service_model(called)
    name = action(environ, body)
    if name:
        if name not in model.operation_names:
            return Asked(service, region, name, None)
        operation = model.operation_model(name)
        return Asked(service, region, name, _parameters(environ, body, operation), operation.input_shape)
    for pattern, operation in _routes(called):
        match = pattern.fullmatch(environ["PATH_INFO"].encode("latin-1", "replace").decode(errors="replace"))
        if match and operation.http["method"] == environ["REQUEST_METHOD"]:
            parameters = _rest(environ, body, operation, match)
            return Asked(service, region, operation.name, parameters, operation.input_shape)
    return Asked(service, region, "", None)


@cache
def _routes(service: str) -> list[tuple[re.Pattern[str], OperationModel]]:
    """Paths of a service's operations, the longest first."""
    model = service_model(service)
    operations = [model.operation_model(name) for name in model.operation_names]
    routes = []
    for operation in operations:
        path = operation.http.get("requestUri", "/").partition("?")[0].rstrip("/")
        parts = _LABEL.split(re.sub(r"([.^$*?])", r"\\\1", path))
        text = parts[0]
        for label, greedy, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            text += f"(?P<{label}>{'.+' if greedy else '[^/]+'})" + rest
        routes.append((re.compile(text + "/?"), operation))
    return sorted(routes, key=lambda route: -len(route[1].http.get("requestUri", "")))


def _parameters(environ: Environ, body: bytes, operation: OperationModel) -> Parameters | None:
    """The parameters of a request that names its operation."""
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace"), True).items()}
        shape = operation.input_shape
        return _of_form(shape, "", form) if shape is not None else {}
    return _json(body)


def _json(body: bytes) -> Parameters | None:
    try:
        parameters = json.loads(body or b"{}")
    except ValueError:
        return None
    return parameters if isinstance(parameters, dict) else None


def _rest(environ: Environ, body: bytes, operation: OperationModel, match: "re.Match[str]") -> Parameters | None:
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    payload = shape.serialization.get("payload")
    parameters: Parameters = {} if payload else _json(body) or {}
    query = parse_qs(environ.get("QUERY_STRING", ""))
    for name, member in shape.members.items():
        where, called = member.serialization.get("location"), member.serialization.get("name", name)
        if where == "uri" and called in match.groupdict():
            parameters[name] = unquote(match[called])
        elif where == "querystring" and called in query:
            parameters[name] = _typed(member, query[called][0])
        elif where in {"header", "headers", "statusCode"}:
            parameters.pop(name, None)
    return parameters


def _of_form(shape: Shape, prefix: str, form: dict[str, str]) -> Any:
    """A value out of a form; None where it has none."""
    if isinstance(shape, StructureShape):
        values = {}
        for name, member in shape.members.items():
            called = member.serialization.get("name", name)
            value = _of_form(member, f"{prefix}.{called}" if prefix else called, form)
            if value is not None:
                values[name] = value
        return values if values or not prefix else None
    if isinstance(shape, ListShape):
        stem = prefix if shape.serialization.get("flattened") else f"{prefix}.{_item(shape)}"
        items: list[Any] = []
        while (value := _of_form(shape.member, f"{stem}.{len(items) + 1}", form)) is not None:
            items.append(value)
        return items or ([] if prefix in form else None)
    if isinstance(shape, MapShape):
        entry = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
        key = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        pairs: dict[str, Any] = {}
        while (written := form.get(f"{entry}.{len(pairs) + 1}.{key}")) is not None:
            pairs[written] = _of_form(shape.value, f"{entry}.{len(pairs) + 1}.{value_name}", form)
        return pairs or None
    return _typed(shape, form[prefix]) if prefix in form else None


def _item(shape: ListShape) -> str:
    return str(shape.member.serialization.get("name", "member"))


def _typed(shape: Shape, text: str) -> Any:
    try:
        if shape.type_name in {"integer", "long"}:
            return int(text)
        if shape.type_name in {"float", "double"}:
            return float(text)
    except ValueError:
        return text
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text

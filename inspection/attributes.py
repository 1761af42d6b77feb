"""Values as DynamoDB's low-level client has them, and back. Pure: standard library alone.

Numbers come back as float where they have a point, else as int; nothing else is kept in the results table.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Attributes = dict[str, Any]


def attributes(values: Mapping[str, Any]) -> Attributes:
    """The values as attributes; those that are None are left out."""
    return {name: _attribute(value) for name, value in values.items() if value is not None}


def values(item: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an item's attributes."""
    return {name: _value(attribute) for name, attribute in item.items()}


def _attribute(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": format(Decimal(repr(value)), "f")}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Mapping):
        return {"M": attributes(value)}
    return {"L": [_attribute(part) for part in value]}


def _value(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else float(value)
    if kind == "M":
        return values(value)
    return [_value(part) for part in value] if kind == "L" else value

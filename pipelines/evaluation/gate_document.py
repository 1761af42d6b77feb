"""The gate's settings as a document and back, for whatever judges a version elsewhere than the command.

Made of the settings' fields, so that one which is added there is in it. Light: the pipeline's functions use it.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from customlabels.core.errors import SettingsError
from customlabels.core.settings import GateSettings

Document = dict[str, Any]


def gate_document(gate: GateSettings) -> Document:
    """What the gate asks for: the fields that are set, under their names."""
    return {name: value for name, value in _values(gate).items() if value != _default(name)}


def read_gate(document: Mapping[str, Any]) -> GateSettings:
    """The gate that a document asks for; what it leaves out is not asked for.

    Numbers may come as text, as those do that a SageMaker Pipeline passes on.

    Raises
    ------
    SettingsError : it asks for what this version of customlabels does not know
    """
    unknown = sorted(document.keys() - {field.name for field in fields(GateSettings)})
    if unknown:
        raise SettingsError(
            f"the gate asks for {', '.join(unknown)}, which is not known here",
            hint="customlabels pipeline deploy brings functions and definition to the same state",
        )
    return GateSettings(**{name: _value(value) for name, value in document.items()})


def _values(gate: GateSettings) -> Document:
    values = {field.name: getattr(gate, field.name) for field in fields(GateSettings)}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}


def _default(name: str) -> Any:
    (field,) = (field for field in fields(GateSettings) if field.name == name)
    return field.default if field.default_factory is MISSING else field.default_factory()


def _value(value: Any) -> Any:
    """The value, a number where it is one that was written as text."""
    if not isinstance(value, str):
        return value
    try:
        number = json.loads(value)
    except ValueError:
        return value
    return number if isinstance(number, int | float) and not isinstance(number, bool) else value

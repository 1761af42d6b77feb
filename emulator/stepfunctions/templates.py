"""Payload templates: documents whose names that end in .$ stand for what their values give.

Source: Step Functions developer guide, "Parameters (JSONPath)".
"""

from collections.abc import Iterator
from typing import Any

from customlabels.emulator.stepfunctions import intrinsics, paths


def filled(template: Any, given: Any, context: Any) -> Any:
    """The document that a template makes of an input.

    Raises
    ------
    StateError : States.ParameterPathFailure, States.IntrinsicFailure
    """
    if isinstance(template, list):
        return [filled(part, given, context) for part in template]
    if not isinstance(template, dict):
        return template
    return {
        name.removesuffix(".$") if name.endswith(".$") else name: _evaluated(part, given, context)
        if name.endswith(".$")
        else filled(part, given, context)
        for name, part in template.items()
    }


def faults(template: Any, where: str) -> Iterator[tuple[str, str]]:
    """(place, fault) of all that is wrong in a template."""
    if isinstance(template, list):
        for number, part in enumerate(template):
            yield from faults(part, f"{where}[{number}]")
    elif isinstance(template, dict):
        for name, part in template.items():
            if not name.endswith(".$"):
                yield from faults(part, f"{where}/{name}")
            elif not isinstance(part, str):
                yield f"{where}/{name}", "a name that ends in .$ takes a path or an intrinsic function"
            elif wrong := intrinsics.fault(part) if part.startswith("States.") else paths.fault(part):
                yield f"{where}/{name}", wrong


def _evaluated(expression: str, given: Any, context: Any) -> Any:
    if expression.startswith("States."):
        return intrinsics.evaluate(expression, given, context)
    return paths.at(expression, given, context, "States.ParameterPathFailure")

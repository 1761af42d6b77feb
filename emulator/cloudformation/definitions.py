"""What a CloudFormation type is, and what was made of one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Properties = dict[str, Any]


class Call(Protocol):
    """Calls an operation of a service in a region (service, operation, parameters), and gives its answer."""

    @property
    def region(self) -> str: ...

    def __call__(self, service: str, operation: str, parameters: Properties, /) -> Properties: ...


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that was made: what Ref gives, what GetAtt gives, and the properties it was made of."""

    reference: str
    attributes: Mapping[str, Any]
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Type:
    """How a resource type is made or changed (`put`), and deleted.

    `put` gets the name, the properties, and what there was (None where it is new). `name` is the property that names
    it, empty where there is none; `fixed` are properties whose change means another resource.
    """

    put: Callable[[Call, str, Properties, Made | None], Made]
    delete: Callable[[Call, Made], object]
    name: str = ""
    fixed: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ("Arn",)


def without(properties: Properties, *names: str) -> Properties:
    return {name: value for name, value in properties.items() if name not in names}


def text_of(document: Any) -> str:
    """A document as operations take it: JSON in a text."""
    return document if isinstance(document, str) else json.dumps(document)


def tags_of(properties: Properties) -> dict[str, str]:
    return {str(tag["Key"]): str(tag["Value"]) for tag in properties.get("Tags", [])}

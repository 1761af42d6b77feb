"""CloudFormation made whole: types that moto lacks, failures that end in a rollback, templates that run nothing.

moto answers CREATE_COMPLETE for types that it does not know, leaves a stack that failed as it is, and reads templates
with a loader that runs what they say. Source of moto's names: moto.cloudformation.models, .parsing and .responses;
of the behaviour: CloudFormation user guide, "Stack failure options" and "Stack status codes".
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import yaml
from botocore.exceptions import ClientError
from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.utils import yaml_tag_constructor
from moto.core.common_models import CloudFormationModel

from customlabels.emulator.cloudformation import changes
from customlabels.emulator.cloudformation.definitions import Made, Properties, Type
from customlabels.emulator.cloudformation.resource_types import TYPES
from customlabels.emulator.server.seams import replace

log = logging.getLogger(__name__)


class _Loader(yaml.SafeLoader):
    """Reads a template, short forms of its functions (!Ref, !Sub) included."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: yaml_tag_constructor(loader, f"!{suffix}", node))


class ResourceFailed(Exception):
    """A resource could not be made or changed: which, of which type, and why."""

    def __init__(self, resource: str, kind: str, action: str, reason: str) -> None:
        super().__init__(f"{resource}: {reason}")
        self.resource, self.kind, self.action, self.reason = resource, kind, action, reason


_MISSING = re.compile("NotFound|NoSuch|NonExistent|DoesNotExist|404")
"""Codes of what is not there."""

_template_at_aws = responses.get_stack_from_s3_url
_create, _update = parsing.parse_and_create_resource, parsing.parse_and_update_resource
_make_change_set = models.CloudFormationBackend.create_change_set


def install(caller: Callable[[str], Callable[[str, str, Properties], Properties]]) -> None:
    """Makes moto's CloudFormation use the types of this package; `caller` gives what calls a region's services."""
    _callers[:] = [caller]
    reader = SimpleNamespace(load=_read, Loader=None, add_multi_constructor=lambda *_: None)
    for module in ("models", "responses"):
        replace(f"moto.cloudformation.{module}:yaml", reader)
    for known in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        known.cache_clear()
    replace("moto.cloudformation.parsing:parse_and_create_resource", _creating)
    replace("moto.cloudformation.parsing:parse_and_update_resource", _updating)
    replace("moto.cloudformation.parsing:ResourceMap.update", changes.apply)
    replace("moto.cloudformation.parsing:ResourceMap.delete", changes.remove)
    replace("moto.cloudformation.parsing:ResourceMap.build_resource_diff", changes.differences)
    replace("moto.cloudformation.models:Stack.create_resources", _create_resources)
    replace("moto.cloudformation.models:Stack.update", _update_stack)
    # What a condition leaves out is no resource.
    present = property(lambda stack: [resource for resource in stack.resource_map.values() if resource])
    replace("moto.cloudformation.models:Stack.stack_resources", present)
    replace("moto.cloudformation.models:ChangeSet.diff", changes.change_set_differences)
    backend = "moto.cloudformation.models:CloudFormationBackend"
    replace(f"{backend}.create_change_set", _create_change_set)
    replace(f"{backend}.execute_change_set", _execute_change_set)
    replace(f"{backend}.delete_change_set", _delete_change_set)
    replace("moto.cloudformation.responses:get_stack_from_s3_url", _template_at)


def _read(text: str, **_: object) -> Any:
    """Takes the place of yaml.load, whatever loader that is given."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader


class _Caller:
    """Calls operations in a region."""

    def __init__(self, region: str) -> None:
        self.region = region

    def __call__(self, service: str, operation: str, parameters: Properties, /) -> Properties:
        return _callers[0](self.region)(service, operation, parameters)


class Resource:
    """A resource of a stack, as moto finds, makes, changes and deletes it; its class is that of its type."""

    kind: str
    how: Type

    def __init__(self, made: Made, name: str, region: str) -> None:
        self.made, self.name, self.region = made, name, region

    def __reduce__(self) -> Any:
        return _again, (self.kind,), self.__dict__

    @property
    def physical_resource_id(self) -> str:
        return self.made.reference

    @classmethod
    def cloudformation_name_type(cls) -> str:
        return cls.how.name

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.kind

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in cls.how.attributes

    def get_cfn_attribute(self, name: str) -> Any:
        return self.made.attributes[name]

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> "Resource":
        given = cloudformation_json.get("Properties", {})
        # moto does not know of every type where its name stands.
        name = given.get(cls.how.name) or resource_name
        made = cls.how.put(_Caller(region_name), name, given, None)
        return cls(Made(made.reference, made.attributes, given), name, region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> "Resource":
        how, call, before = cls.how, _Caller(region_name), original_resource.made
        given = cloudformation_json.get("Properties", {})
        name = given.get(how.name) or original_resource.name
        fixed = [*how.fixed, how.name] if how.name in given else how.fixed
        if any(given.get(part) != before.properties.get(part) for part in fixed if part):
            name = given.get(how.name) or new_resource_name
            replaced = cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
            if cloudformation_json.get("UpdateReplacePolicy") != "Retain":
                how.delete(call, before)
            return replaced
        made = how.put(call, name, given, before)
        return cls(Made(made.reference, made.attributes, given), name, region_name)

    def delete(self, account: str, region: str) -> None:
        try:
            self.how.delete(_Caller(region), self.made)
        except ClientError as error:
            # What it belonged to may have gone before it.
            if not _MISSING.search(error.response["Error"]["Code"]):
                raise


_CLASSES = {
    kind: type(CloudFormationModel)(
        kind.replace("::", ""), (Resource, CloudFormationModel), {"kind": kind, "how": how, "__module__": __name__}
    )
    for kind, how in TYPES.items()
}
"""Held here, since moto finds them as its model's own subclasses, which are gone when nobody holds them."""

_callers: list[Callable[[str], Callable[[str, str, Properties], Properties]]] = []


def _again(kind: str) -> Resource:
    """A resource of a kind, for its state to be put into."""
    made: Resource = object.__new__(_CLASSES[kind])
    return made


def _creating(logical_id: str, resource_json: Any, resources_map: Any, **where: Any) -> Any:
    """As moto has it; fails where it would pass over."""
    if not changes.is_on(resources_map, resource_json):
        return None
    with _as_failure_of(logical_id, resource_json["Type"], "CREATE"):
        return _create(logical_id, resource_json, resources_map, **where)


def _updating(logical_id: str, resource_json: Any, resources_map: Any, **where: Any) -> Any:
    kind = resource_json["Type"]
    with _as_failure_of(logical_id, kind, "UPDATE"):
        return _update(logical_id, resource_json, resources_map, **where)


@contextmanager
def _as_failure_of(logical_id: str, kind: str, action: str) -> Iterator[None]:
    """Whatever goes wrong in the block is told as the failure of that resource, or of the one that it needs."""
    try:
        if kind not in TYPES:
            raise ValueError(f"the local service does not make {kind}")
        yield
    except ResourceFailed:
        raise
    except Exception as error:
        raise ResourceFailed(logical_id, kind, action, _reason(error)) from error


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _create_resources(stack: Any) -> None:
    stack.status = "CREATE_IN_PROGRESS"
    try:
        ready = stack.resource_map.create(stack.template_dict)
    except Exception as error:
        _undo_creation(stack, error)
        return
    stack.description = stack.template_dict.get("Description")
    if ready:
        stack.mark_creation_complete()


def _update_stack(
    stack: Any,
    template: str,
    role_arn: str | None = None,
    parameters: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    stack._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
    if _change(stack, template, parameters):
        stack.role_arn = role_arn
        if tags is not None:
            stack.tags = tags


def _create_change_set(backend: Any, stack_name: str, *given: Any, **named: Any) -> tuple[str, str]:
    """As moto has it; a stack that a change set was asked for, and that none was done of, is taken up again."""
    stack = next((stack for stack in backend.stacks.values() if stack.name == stack_name), None)
    kind = named.get("change_set_type") or (given[4] if len(given) > 4 else "UPDATE")
    if kind != "CREATE" or stack is None:
        made: tuple[str, str] = _make_change_set(backend, stack_name, *given, **named)
        return made
    if stack.status != "REVIEW_IN_PROGRESS":
        text = f"Stack [{stack_name}] already exists and cannot be created again with the changeSet."
        raise ValidationError(stack.stack_id, message=text)
    number, _ = _make_change_set(backend, stack_name, *given, **named)
    change_set = backend.change_sets[number]
    del backend.stacks[change_set.stack.stack_id]
    change_set.stack, change_set.stack_id = stack, stack.stack_id
    stack.parameters, stack.tags = change_set.parameters, change_set.tags or {}
    return number, stack.stack_id


def _template_at(url: str, account_id: str, partition: str) -> str:
    """The template that lies there: in the bucket that the path begins with, unless the host is one of AWS."""
    host, path = urlsplit(url).hostname or "", urlsplit(url).path
    # moto takes the first part of any other host's name for the bucket.
    known = url if host.endswith("amazonaws.com") else f"http://localhost{path}"
    return str(_template_at_aws(known, account_id=account_id, partition=partition))


def _execute_change_set(backend: Any, change_set_name: str, stack_name: str | None = None) -> None:
    change_set = backend.describe_change_set(change_set_name)
    stack = backend.stacks[change_set.stack_id]
    if change_set.change_set_type == "CREATE":
        stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack.template, stack.parameters = change_set.template, change_set.parameters
        stack._parse_template()
        stack.resource_map.input_parameters = change_set.parameters
        stack.resource_map._template = stack.template_dict
        stack.resource_map._resource_json_map = stack.template_dict["Resources"]
        try:
            stack.resource_map.load()
            stack.resource_map.create(stack.template_dict)
            stack.output_map = stack._create_output_map()
        except Exception as error:
            _undo_creation(stack, error)
        else:
            stack.description = stack.template_dict.get("Description")
            stack.mark_creation_complete()
    else:
        stack._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
        _change(stack, change_set.template, change_set.parameters)
    change_set.execution_status = "EXECUTE_COMPLETE"


def _delete_change_set(backend: Any, change_set_name: str) -> None:
    """Deletes it where there is one, as CloudFormation does."""
    for key, change_set in list(backend.change_sets.items()):
        if change_set_name in (key, change_set.change_set_name):
            del backend.change_sets[key]


def _change(stack: Any, template: str, parameters: dict[str, Any] | None) -> bool:
    """Whether the stack is what the template says; where it cannot be it is what it was."""
    before, before_parameters = stack.template, stack.parameters
    try:
        stack.parse_template(template)
    except (yaml.YAMLError, ValueError) as error:
        raise ValidationError(stack.stack_id, message=f"Template format error: {error}") from error
    stack.template = template
    stack._parse_template()
    try:
        stack.resource_map.update(stack.template_dict, parameters)
        stack.output_map = stack._create_output_map()
    except Exception as error:
        _note_failure(stack, error)
        stack._add_stack_event("UPDATE_ROLLBACK_IN_PROGRESS", resource_status_reason=_reason(error))
        stack.template = before
        stack._parse_template()
        try:
            stack.resource_map.update(stack.template_dict, before_parameters)
            stack.output_map = stack._create_output_map()
            stack.status = "UPDATE_ROLLBACK_COMPLETE"
        except Exception:
            log.exception("rolling back %s", stack.name)
            stack.status = "UPDATE_ROLLBACK_FAILED"
        stack._add_stack_event(stack.status)
        return False
    stack.status = "UPDATE_COMPLETE"
    stack._add_stack_event("UPDATE_COMPLETE")
    if parameters:
        stack.parameters = parameters
    return True


def _undo_creation(stack: Any, error: Exception) -> None:
    """Leaves nothing of what was made, as CloudFormation does unless it is told otherwise."""
    _note_failure(stack, error)
    stack._add_stack_event("ROLLBACK_IN_PROGRESS", resource_status_reason=_reason(error))
    try:
        stack.resource_map.delete()
        # moto makes what its map names and does not hold as soon as someone looks.
        stack.resource_map._resource_json_map = {}
        stack.status = "ROLLBACK_COMPLETE"
    except Exception:
        log.exception("rolling back %s", stack.name)
        stack.status = "ROLLBACK_FAILED"
    stack._add_stack_event(stack.status)


def _note_failure(stack: Any, error: Exception) -> None:
    if isinstance(error, ResourceFailed):
        stack.events.append(
            models.Event(
                stack_id=stack.stack_id,
                stack_name=stack.name,
                logical_resource_id=error.resource,
                physical_resource_id="",
                resource_type=error.kind,
                resource_status=f"{error.action}_FAILED",
                resource_status_reason=error.reason,
                resource_properties=None,
            )
        )

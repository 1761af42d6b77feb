"""What a template changes in a stack, and how that is brought about: conditions, replacements and removals included.

Source of moto's names: moto.cloudformation.parsing (ResourceMap) and .models (ChangeSet).
"""

import json
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError


def differences(
    resources: Any, template: dict[str, Any], parameters: dict[str, Any] | None = None
) -> dict[str, list[str]]:
    """The resources that a template adds, changes by itself or through a parameter, and removes."""
    old, new = resources._resource_json_map, template["Resources"]
    given = {name: parameter.get("Default") for name, parameter in template.get("Parameters", {}).items()} | (
        parameters or {}
    )
    changed = {name for name, value in given.items() if resources.resolved_parameters.get(name) != value}

    def differs(name: str) -> bool:
        text = json.dumps(new[name], default=str)
        named = any(f'{{"Ref": "{parameter}"}}' in text or f"${{{parameter}}}" in text for parameter in changed)
        return named or {"Properties": {}, **new[name]} != {"Properties": {}, **old[name]}

    return {
        "Add": [name for name in new if name not in old],
        "Modify": [name for name in new if name in old and differs(name)],
        "Remove": [name for name in old if name not in new],
    }


def change_set_differences(change_set: Any) -> list[Any]:
    stack = change_set.stack
    if stack.status == "ROLLBACK_COMPLETE":
        text = f"Stack:{stack.stack_id} is in ROLLBACK_COMPLETE state and can not be updated."
        raise ValidationError(stack.stack_id, message=text)
    template, resources = change_set.template_dict, stack.resource_map
    types = {
        name: resource["Type"] for name, resource in {**resources._resource_json_map, **template["Resources"]}.items()
    }
    return [
        models.Change(action=action, logical_resource_id=name, resource_type=types[name])
        for action, names in differences(resources, template, change_set.parameters).items()
        for name in names
    ]


def apply(resources: Any, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
    """Brings a stack's resources to a template: adds, changes, and only then removes, so that it can be undone.

    A resource that was replaced changes those that name it; one whose condition has changed comes or goes.
    """
    changes, before = differences(resources, template, parameters), resources._resource_json_map
    resources._template = template
    if parameters:
        resources.input_parameters = parameters
    resources.load_mapping()
    resources.load_parameters()
    resources.load_conditions()
    resources._resource_json_map = template["Resources"]
    where = {"account_id": resources._account_id, "region_name": resources._region_name}
    made = resources._parsed_resources
    on = {name for name, resource in template["Resources"].items() if is_on(resources, resource)}
    for name in template["Resources"]:
        if name in on and made.get(name) is None:
            resources[name]
    waiting, changed = [name for name in changes["Modify"] if name in on], set(changes["Add"])
    while waiting:
        name = waiting.pop(0)
        if name in changed:
            continue
        changed.add(name)
        was = _identity(made[name])
        definition = template["Resources"][name]
        made[name] = parsing.parse_and_update_resource(name, definition, resources, **where)
        if _identity(made[name]) != was:
            waiting += [other for other in on - changed if _names(template["Resources"][other], name)]
    for name, definition in before.items():
        held = made.get(name)
        if name not in on and held is not None:
            if definition.get("DeletionPolicy") != "Retain":
                resources._delete_resource(held, {"Type": held.cf_resource_type, "Properties": {}})
            del made[name]


def remove(resources: Any) -> None:
    """Deletes all that is not to be retained: what others name goes after them.

    Raises
    ------
    Exception : what the last one could not be deleted for
    """
    made = resources._parsed_resources
    definitions = {
        name: definition
        for name, definition in resources._resource_json_map.items()
        if definition.get("DeletionPolicy") != "Retain"
    }
    while definitions:
        needed = {
            name
            for name in definitions
            if any(_needs(definition, name) for other, definition in definitions.items() if other != name)
        }
        failure: Exception | None = None
        gone = []
        for name in [name for name in definitions if name not in needed] or list(definitions):
            try:
                if not isinstance(made.get(name), str | None):
                    resources._delete_resource(made[name], definitions[name])
                    del made[name]
                gone.append(name)
            except Exception as error:
                failure = error
        if failure is not None and not gone:
            raise failure
        definitions = {name: definition for name, definition in definitions.items() if name not in gone}


def is_on(resources: Any, definition: dict[str, Any]) -> bool:
    """Whether a resource's condition holds; it does where there is none."""
    condition = definition.get("Condition")
    return not condition or bool(resources.lazy_condition_map[condition])


def _identity(resource: Any) -> Any:
    """What others know a resource by."""
    held = getattr(resource, "made", None)
    return (held.reference, dict(held.attributes)) if held else getattr(resource, "physical_resource_id", None)


def _needs(definition: dict[str, Any], name: str) -> bool:
    """Whether a resource has to be made after another."""
    given = definition.get("DependsOn", [])
    return name in ([given] if isinstance(given, str) else given) or _names(definition, name)


def _names(definition: dict[str, Any], name: str) -> bool:
    """Whether a resource's definition names another."""
    text = json.dumps(definition, default=str)
    return any(
        mark in text for mark in (f'{{"Ref": "{name}"}}', f'"Fn::GetAtt": ["{name}"', f"${{{name}}}", f"${{{name}.")
    )

"""Stacks, the same for every one: it brings its template, its handlers and the statements of its roles.

`names.stack_name`, `statements` for roles and policies, `packaging.functions_zip` packs handlers with all that they
import, `stack.Stack` and `stack.render`, `deployment.deploy`, `diff`, `outputs` and `remove`; `permissions` tells what
deploying takes, `scope` what a printed policy is for, `templates.templates_of` renders.
`change_sets` and `archives` are what these are made of.
"""

__all__ = [
    "archives",
    "change_sets",
    "deployment",
    "names",
    "packaging",
    "permissions",
    "scope",
    "stack",
    "statements",
    "templates",
]

"""Names of stacks, made of a project's, which names of functions, pipelines and groups begin with. Pure.

Source: CreateStack, StackName; CreateFunction, FunctionName (64 characters); CreatePipeline, PipelineName, and
CreateModelPackageGroup, ModelPackageGroupName (letters and digits at both ends, hyphens between).
"""

import hashlib
import re

_PREFIX = "customlabels-"
_LONGEST = 52
"""Characters: names of functions have at most 64, and are this one with an ending."""

_MARK = 6
"""Hexadecimal digits that keep two projects apart whose names differ in other characters alone."""


def stack_name(project: str, kind: str = "") -> str:
    """The name of a project's stack: `kind` tells which; that of its schedule is its plain one.

    Letters, digits and hyphens, 52 characters at most, no hyphen at the end.
    """
    # No project's own name is taken: the point makes it end in a mark.
    whole = f"{project}.{kind}" if kind else project
    plain = re.sub(r"[^a-zA-Z0-9-]", "-", whole)
    if plain == whole and not plain.endswith("-") and len(_PREFIX + plain) <= _LONGEST:
        return _PREFIX + plain
    mark = hashlib.sha256(whole.encode()).hexdigest()[:_MARK]
    return f"{_PREFIX}{plain[: _LONGEST - len(_PREFIX) - _MARK - 1]}-{mark}"

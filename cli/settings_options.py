"""Flags made of the settings' fields: a key that is added there has its flag, its range and its help."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import click

from customlabels.cli.group import Figure
from customlabels.core.settings import Limits, explanations

Option = Callable[[Any], Any]
"""Gives a command an option."""


def option_of(section: str, kind: type, name: str, **shape: Any) -> Option:
    """The flag of a key; one of a list or a table is given as often as there are entries.

    Parameters
    ----------
    section : the key's, as the file has it
    kind : the section's class, whose field `name` is
    shape : what click is told besides, in place of what the field says
    """
    (field,) = (field for field in fields(kind) if field.name == name)
    hint, bounds = _bare(_hints(kind)[name])
    _, meaning = explanations()[f"{section}.{name}"]
    given = {"help": _help(meaning, field, repeatable=_is_many(hint)), **_type(hint, bounds), **shape}
    return click.option(flag_name(name, hint), name, **given)


def flag_name(name: str, hint: Any) -> str:
    """The flag of the field of that name, in the singular where it is given for each entry."""
    return f"--{(name.removesuffix('s') if _is_many(_bare(hint)[0]) else name).replace('_', '-')}"


def pair(text: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left:
        raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE")
    return left, right


def _type(hint: Any, bounds: list[Any]) -> dict[str, Any]:
    if get_origin(hint) is Literal:
        return {"type": click.Choice(get_args(hint))}
    if _is_many(hint):
        return {"multiple": True, "type": pair if _is_table(hint) else get_args(hint)[0]}
    if hint is bool:
        return {"is_flag": True}
    limits = next((bound for bound in bounds if isinstance(bound, Limits)), Limits())
    if hint is float or (bounds and hint is int):
        number = Figure if hint is float else click.IntRange
        least: Any = limits.ge if limits.gt is None else limits.gt
        most: Any = limits.le if limits.lt is None else limits.lt
        return {"type": number(least, most, min_open=limits.gt is not None, max_open=limits.lt is not None)}
    return {"type": hint}


def _help(meaning: str, field: "Field[Any]", *, repeatable: bool) -> str:
    words, _, otherwise = meaning.partition("; default: ")
    default = otherwise or ("" if field.default in (MISSING, None, (), False) else str(field.default))
    sentence = f"{words[0].upper()}{words[1:]}{'; repeatable' if repeatable else ''}."
    return f"{sentence}  [default: {default}]" if default else sentence


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _bare(hint: Any) -> tuple[Any, list[Any]]:
    """The type without None, and the bounds that its annotation gives."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [argument for argument in get_args(hint) if argument is not NoneType]
        hint = kinds[0] if len(kinds) == 1 else hint
    return (get_args(hint)[0], list(hint.__metadata__)) if get_origin(hint) is Annotated else (hint, [])


def _is_table(hint: Any) -> bool:
    return get_origin(hint) is Mapping


def _is_many(hint: Any) -> bool:
    return get_origin(hint) is tuple or _is_table(hint)

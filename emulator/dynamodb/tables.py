"""Queries of moto's tables, which sort all there is of a table for each: here they see what can be in the answer.

Source of moto's names: moto.dynamodb.models.table (Table).
"""

import copy
import inspect
from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models.table import Table

from customlabels.emulator.server.seams import replace

_query = Table.query
_SIGNATURE = inspect.signature(_query)


def install() -> None:
    """Makes moto's tables look at a key's own items."""
    replace("moto.dynamodb.models.table:Table.query", _query_part)


def _query_part(*given: Any, **named: Any) -> Any:
    """As moto has it, of a table that holds what has the key that is asked for."""
    asked = _SIGNATURE.bind(*given, **named).arguments
    table = asked["self"]
    within = copy.copy(table)
    if not asked.get("index_name"):
        key = asked["hash_key"]
        within.items = {key: table.items[key]} if key in table.items else {}
    elif asked.get("hash_key_conditions"):
        within.items = dict(_with(table, dict(asked["hash_key_conditions"])))
    return _query(within, *given[1:], **{name: value for name, value in named.items() if name != "self"})


def _with(table: Any, wanted: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Items that have these attributes, by the table's own keys."""

    def has(item: Any) -> bool:
        return all(name in item.attrs and item.attrs[name] == value for name, value in wanted.items())

    for key, held in list(table.items.items()):
        if not table.range_key_attr:
            if has(held):
                yield key, held
        elif items := {further: item for further, item in held.items() if has(item)}:
            yield key, items

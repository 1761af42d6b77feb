"""Items of the results table by their keys, many at once.

Source: DynamoDB API reference, BatchGetItem (a hundred keys at most, and what it did not get to is to be asked again).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from customlabels.aws.clients import explained
from customlabels.core.errors import ServiceError
from customlabels.inspection.attributes import attributes, values
from customlabels.inspection.claims import Key, Table

MOST_KEYS = 100

_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds until those items are asked for again to which DynamoDB got in none of them."""


def stored_items(table: Table, keys: Sequence[Key]) -> Iterator[Mapping[str, Any]]:
    """Those of the items that there are, in any order; also those that have expired.

    Parameters
    ----------
    keys : each once

    Raises
    ------
    ServiceError : the table cannot be read
    """
    for first in range(0, len(keys), MOST_KEYS):
        with explained(f"reading {table.name}"):
            yield from map(values, got(table, keys[first : first + MOST_KEYS]))


def got(table: Table, keys: Sequence[Key]) -> Iterator[Mapping[str, Any]]:
    """As DynamoDB has them, those of at most a hundred items; what it did not get to is asked for again, for a while.

    Raises
    ------
    ServiceError : it gets to none of them any more
    """
    wanted: list[Any] = [attributes({"pk": key.pk, "sk": key.sk}) for key in keys]
    for wait in (*_WAITS, None):
        while wanted:
            answer = table.dynamodb.batch_get_item(RequestItems={table.name: {"Keys": wanted}})
            yield from answer["Responses"][table.name]
            unprocessed: Any = answer.get("UnprocessedKeys", {})
            rest = list(unprocessed[table.name]["Keys"]) if table.name in unprocessed else []
            stuck, wanted = len(rest) >= len(wanted), rest
            if stuck:
                break
        if not wanted:
            return
        if wait is not None:
            time.sleep(wait)
    raise ServiceError(f"{table.name} gives none of {len(wanted)} items", hint="it is busy: try again in a while")

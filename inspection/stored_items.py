"""Items of the results table by their keys, many at once.

Source: DynamoDB API reference, BatchGetItem (a hundred keys at most, and what it did not get to is to be asked again).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from customlabels.aws.clients import explained
from customlabels.inspection.attributes import attributes, values
from customlabels.inspection.claims import Key, Table

MOST_KEYS = 100


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
        wanted = [attributes({"pk": key.pk, "sk": key.sk}) for key in keys[first : first + MOST_KEYS]]
        while wanted:
            with explained(f"reading {table.name}"):
                answer = table.dynamodb.batch_get_item(RequestItems={table.name: {"Keys": wanted}})
            yield from map(values, answer["Responses"][table.name])
            rest: Mapping[str, Any] = answer.get("UnprocessedKeys", {})
            wanted = list(rest[table.name]["Keys"]) if table.name in rest else []

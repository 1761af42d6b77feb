"""Turns at a running version, leased by all workers from one item: together they keep to its rate.

The generic cell rate algorithm on one item of the results table: `nxt` is the next free turn, milliseconds since 1970,
`rate` the images a second that the version's units take, which the schedule's sweep keeps. `core.pacing.Pacer` is the
same for the threads of one process.
"""

import math
from typing import TYPE_CHECKING, Any

from customlabels.inspection.attributes import attributes, values
from customlabels.inspection.claims import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateItemOutputTypeDef

LEASE, SPAN = 10, 2.0
"""Turns that are leased at once: a batch's, and no more seconds' worth, so that a new rate soon holds for all."""

_REFUSED = "ConditionalCheckFailedException"
_TRIES = 8
"""Between two conditions of which one holds, another worker may come; more often than this it does not."""


def lease(table: Table, version: str, turns: int, *, rate: float, now: int, latest: int) -> list[int]:
    """The times of turns, milliseconds since 1970, in order; none where the first would be after `latest`.

    Parameters
    ----------
    turns : at most so many; fewer where that many take longer than SPAN
    rate : images a second, where the item does not tell
    """
    key = attributes({"pk": f"pace#{version}", "sk": "-"})
    known = values(table.dynamodb.get_item(TableName=table.name, Key=key, ConsistentRead=True).get("Item", {}))
    kept = float(known.get("rate", 0.0))
    rate = kept if kept > 0 else rate
    turns, gap = max(1, min(turns, LEASE, int(rate * SPAN))), 1000.0 / rate
    # In thousandths of them: rounded to whole ones, turns would be a hundredth too near or too far.
    span = math.ceil(1000 * turns * gap) / 1000
    for _ in range(_TRIES):
        if known.get("nxt", 0) > latest:
            return []
        answer = _update(
            table, key, "SET nxt = nxt + :span", "nxt >= :now AND nxt <= :latest", span=span, now=now, latest=latest
        ) or _update(
            table, key, "SET nxt = :after", "attribute_not_exists(nxt) OR nxt < :now", after=now + span, now=now
        )
        if answer is not None:
            first = float(values(answer["Attributes"])["nxt"]) - span
            return [math.ceil(round(first + number * gap, 3)) for number in range(turns)]
        known = values(table.dynamodb.get_item(TableName=table.name, Key=key, ConsistentRead=True).get("Item", {}))
    return []


def _update(
    table: Table, key: dict[str, Any], expression: str, condition: str, **given: float
) -> "UpdateItemOutputTypeDef | None":
    """The answer of a change by condition; None where that does not hold."""
    try:
        return table.dynamodb.update_item(
            TableName=table.name,
            Key=key,
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeValues=attributes({f":{name}": value for name, value in given.items()}),
            ReturnValues="ALL_NEW",
        )
    except table.dynamodb.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != _REFUSED:
            raise
        return None

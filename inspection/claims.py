"""Items that are claimed before they are worked on, and done once: the one place that writes to them.

A claim is taken by condition and holds until its time is out, whoever took it; then anybody may take it over. What is
done is never claimed again until it expires, and only the claim's holder makes it done. So a process that is killed
anywhere costs a repetition of what it had begun, and never a second result. Expired items are as if they were not
there: DynamoDB deletes them by and by, and shows them until then. A claim may cover others on items that are not there
yet, which spares a write for each.

Source: DynamoDB developer guide, "Working with expired items and time to live"; API reference, PutItem,
ReturnValuesOnConditionCheckFailure.
"""

import hashlib
import os
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from customlabels.inspection.attributes import attributes, values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REFUSED = "ConditionalCheckFailedException"
_NAMES = {"#state": "state", "#until": "until", "#claim": "claim"}

_FREE = 0
"""`until` of a claim that was given back."""

COVERS = "covers"
"""Attribute: marks of items that are not there yet and are claimed with this one."""


class State(StrEnum):
    """Of an item: somebody works on it, or it is done."""

    CLAIMED = "claimed"
    DONE = "done"


class Table(NamedTuple):
    """The results table, and the client that reaches it."""

    dynamodb: "DynamoDBClient"
    name: str


class Key(NamedTuple):
    """Of an item: what it is about (`pk`), and which of its kind (`sk`)."""

    pk: str
    sk: str


class Claim(NamedTuple):
    """An item that is one's own until `until`, milliseconds since 1970; `about` stands in it from the beginning."""

    key: Key
    token: str
    until: int
    expires: int
    """Seconds since 1970 from when on the item is as if it were not there."""
    about: Mapping[str, Any] = {}
    written: bool = True
    """Whether it stands in its item; else in the item of another claim, which covers it."""


class Done(NamedTuple):
    """An item that was done before."""

    item: Mapping[str, Any]


class Busy(NamedTuple):
    """An item that somebody else works on, until then at the most, milliseconds since 1970."""

    until: int


def claim(
    table: Table,
    key: Key,
    *,
    now: int,
    until: int,
    expires: int,
    about: Mapping[str, Any] | None = None,
    same: Mapping[str, str] | None = None,
) -> Claim | Done | Busy:
    """The item as one's own; or what it is, where it cannot be.

    Parameters
    ----------
    now, until : milliseconds since 1970
    about : what the item tells of itself while it is worked on
    same : part of `about` in which a done item has to agree; one that does not is claimed anew
    """
    taken = Claim(key, os.urandom(8).hex(), until, expires, {**(about or {}), **(same or {})})
    condition = "attribute_not_exists(pk) OR (#state = :claimed AND #until <= :now) OR expires <= :seconds"
    given: dict[str, Any] = {":claimed": State.CLAIMED.value, ":now": now, ":seconds": now // 1000}
    names = dict(_NAMES)
    for number, (name, value) in enumerate((same or {}).items()):
        condition += f" OR (#state = :done AND #same{number} <> :same{number})"
        given |= {":done": State.DONE.value, f":same{number}": value}
        names[f"#same{number}"] = name
    del names["#claim"]
    old = _put(table, _item(taken, State.CLAIMED), condition, given, names)
    if old is None or old.get("claim") == taken.token:
        # A call that is made again since its answer was lost meets its own claim.
        return taken
    return Done(old) if old["state"] == State.DONE else Busy(int(old["until"]))


def mark(key: Key) -> str:
    """What stands for a key among those that a claim covers."""
    return hashlib.sha256(f"{key.pk} {key.sk}".encode()).hexdigest()[:16]


def covered(key: Key, by: Claim, about: Mapping[str, Any]) -> Claim:
    """The claim on an item that is not there yet, as part of another claim, whose COVERS has its mark: no write is
    spent on it. Who finds such a mark in an item, claimed or done, waits until that claim's time is out.
    """
    return Claim(key, by.token, by.until, by.expires, about, written=False)


def covers(item: Mapping[str, Any], key: Key, now: int) -> bool:
    """Whether the claim in an item covers one on `key`, and its time is not out; `now` in milliseconds since 1970."""
    return mark(key) in item.get(COVERS, ()) and int(item["until"]) > now


def peek(table: Table, key: Key) -> Mapping[str, Any] | None:
    """The item as it is now, expired or not; None where there is none."""
    stored = table.dynamodb.get_item(
        TableName=table.name, Key=attributes({"pk": key.pk, "sk": key.sk}), ConsistentRead=True
    )
    return values(stored["Item"]) if "Item" in stored else None


def finish(table: Table, claim: Claim, result: Mapping[str, Any]) -> bool:
    """Makes the item done; whether the claim still held. Where it did not, nothing is written."""
    given: dict[str, Any] = {":token": claim.token}
    condition, names = "#claim = :token", {"#claim": "claim"}
    if not claim.written:
        # An item may have been left by somebody who gave it back, and lost the covering claim before.
        condition += " OR attribute_not_exists(pk) OR (#state = :claimed AND #until = :free)"
        given |= {":claimed": State.CLAIMED.value, ":free": _FREE}
        names |= _NAMES
    return _put(table, {**_item(claim, State.DONE), **result}, condition, given, names) is None


def release(table: Table, claim: Claim, error: str | None = None) -> None:
    """Gives a claim back, so that anybody may take it at once; nothing where it does not hold any more.

    A covered claim is given back by an item of its own, which says so to whoever finds it covered.

    Parameters
    ----------
    error : why nothing came of it, which stays in the item for people
    """
    given, names = {":token": claim.token, ":claimed": State.CLAIMED.value}, {"#claim": "claim", "#state": "state"}
    condition = "#claim = :token AND #state = :claimed"
    if not claim.written:
        condition = f"attribute_not_exists(pk) OR ({condition})"
    if error is not None or not claim.written:
        _put(table, {**_item(claim, State.CLAIMED), "until": _FREE, "error": error}, condition, given, names)
        return
    try:
        table.dynamodb.delete_item(
            TableName=table.name,
            Key=attributes({"pk": claim.key.pk, "sk": claim.key.sk}),
            ConditionExpression=condition,
            ExpressionAttributeValues=attributes(given),
            ExpressionAttributeNames=names,
        )
    except table.dynamodb.exceptions.ClientError as error_:
        if error_.response["Error"]["Code"] != _REFUSED:
            raise


def is_alive(item: Mapping[str, Any], now: int) -> bool:
    """Whether the item has not expired; `now` in seconds since 1970."""
    return int(item.get("expires", now + 1)) > now


def _item(claim: Claim, state: State) -> dict[str, Any]:
    about = {"pk": claim.key.pk, "sk": claim.key.sk, "state": state.value, "claim": claim.token}
    return {**claim.about, **about, "until": claim.until, "expires": claim.expires}


def _put(
    table: Table, item: Mapping[str, Any], condition: str, given: Mapping[str, Any], names: dict[str, str]
) -> dict[str, Any] | None:
    """Writes an item by condition; None where that held, else the item that was in the way, empty if there was none."""
    try:
        table.dynamodb.put_item(
            TableName=table.name,
            Item=attributes(item),
            ConditionExpression=condition,
            ExpressionAttributeValues=attributes(given),
            ExpressionAttributeNames=names,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except table.dynamodb.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != _REFUSED:
            raise
        refusal: Mapping[str, Any] = error.response
        return values(refusal.get("Item", {}))
    return None

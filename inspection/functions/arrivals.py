"""Objects that arrived, as S3's notifications in a queue tell of them. Pure.

Fields are read by name, whatever version an event says it is. Source: S3 user guide, "Event message structure": keys
are URL-encoded, a blank is a plus; "Event notification types and destinations": a test event has no records.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from customlabels.core.addresses import S3Address
from customlabels.inspection.records import Arrival

_CREATED = "ObjectCreated:"


def arrivals(body: str) -> list[Arrival]:
    """The objects that a message tells of; none where it is S3's test, or about something else.

    What consoles make as a folder, an empty object whose key ends in a slash, is no image.

    Raises
    ------
    ValueError : it is no message of S3
    """
    try:
        message = json.loads(body)
        if message.get("Event") == "s3:TestEvent":
            return []
        arrivals = [_arrival(record) for record in message["Records"] if _CREATED in str(record["eventName"])]
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"no message of S3 ({error!r}): {body[:200]!r}") from error
    return [arrival for arrival in arrivals if arrival.size or not arrival.address.key.endswith("/")]


def _arrival(record: Mapping[str, Any]) -> Arrival:
    bucket, stored, at = record["s3"]["bucket"]["name"], record["s3"]["object"], str(record["eventTime"])
    when = datetime.fromisoformat(at)
    return Arrival(
        S3Address(bucket, unquote_plus(stored["key"])),
        str(stored["eTag"]).strip('"'),
        int(stored.get("size", 0)),
        str(stored.get("sequencer") or stored.get("versionId") or at),
        when if when.tzinfo else when.replace(tzinfo=UTC),
    )

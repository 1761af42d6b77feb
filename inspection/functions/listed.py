"""Images of a list, as a batch has them: brought to what a look takes, and what came of each as a row. Pure.

An image of a list is an arrival whose time is the object's own, so that it is the same arrival in every batch.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from customlabels.core.addresses import S3Address
from customlabels.inspection.documents import Inspection
from customlabels.inspection.functions.look import Outcome
from customlabels.inspection.records import Arrival, Sighting

Item = Mapping[str, Any]
Row = dict[str, Any]

FAILED = "failed"
"""Stands for a verdict where there is none."""


_MOST_FAILED = 0.5
"""Of a child's images: what fails more of them is hardly a matter of each."""


class NotYet(Exception):
    """Images have to wait: for a turn, for the model, for another worker."""


class ImagesFailed(Exception):
    """So many images of a child failed that the batch is not to go on as if nothing were."""


def judged_by(inspection: Inspection, arn: str) -> str:
    """Tells what a verdict rests on: the version of that ARN, rules, analyzers.

    What was judged by something else is judged again, by what is known where that suffices.
    """
    rules = inspection.rules
    rests_on = [arn, sorted(rules.defects), sorted(rules.thresholds.items()), rules.band, sorted(inspection.analyzers)]
    return hashlib.sha256(json.dumps(rests_on).encode()).hexdigest()[:16]


def item(arrival: Arrival) -> dict[str, Any]:
    """An image as a list has it."""
    bucket, key = arrival.address.bucket, arrival.address.key
    return {
        "bucket": bucket,
        "key": key,
        "etag": arrival.etag,
        "size": arrival.size,
        "at": arrival.at.isoformat(timespec="milliseconds"),
    }


def arrival(item: Item) -> Arrival:
    """The arrival that an item of a list stands for.

    Raises
    ------
    KeyError, TypeError, ValueError : it stands for none
    """
    at = str(item["at"])
    address = S3Address(str(item["bucket"]), str(item["key"]))
    return Arrival(address, str(item["etag"]), int(item["size"]), at, datetime.fromisoformat(at))


def message(item: Item) -> str:
    """What S3 would have told of an item."""
    stored = {"key": quote_plus(item["key"], safe="/"), "size": item["size"], "eTag": item["etag"]}
    record = {
        "eventName": "ObjectCreated:Listed",
        "eventTime": item["at"],
        "s3": {"bucket": {"name": item["bucket"]}, "object": stored},
    }
    return json.dumps({"Records": [record]})


def rows(items: Sequence[Item], outcome: Outcome) -> list[Row]:
    """A row for each item.

    Raises
    ------
    NotYet
    ImagesFailed
    """
    waiting = [id_ for id_ in outcome.later if id_ not in outcome.failed]
    if waiting:
        raise NotYet(f"{len(waiting)} of {len(items)} images have to wait")
    if len(outcome.failed) > _MOST_FAILED * len(items):
        first = next(iter(outcome.errors.values()), "")
        raise ImagesFailed(f"{len(outcome.failed)} of {len(items)} images failed; {first}")
    return [
        row(item, outcome.sightings.get(str(number)), outcome.errors.get(str(number), ""))
        for number, item in enumerate(items)
    ]


def row(item: Item, sighting: Sighting | None, error: str = "") -> Row:
    """What came of an item."""
    judgement, top = (sighting.judgement, sighting.top) if sighting else (None, None)
    return {
        **item,
        "verdict": judgement.verdict.value if judgement else FAILED,
        "labels": list(judgement.labels) if judgement else [],
        "top": top.label if top else None,
        "confidence": top.confidence if top else None,
        "why": judgement.why
        if judgement
        else error or "nothing is known of it: it is no image that could be looked at",
        "version": sighting.version if sighting else None,
    }

"""What the results table holds of images: their analyses, and where and when they were seen. Pure.

An image is known by its content, so that a copy of it is the same image; an analysis by image, analyzer and version;
a sighting is an image under a key at a time. Sizes of keys: DynamoDB developer guide, "Constraints" (a sort key has at
most 1,024 bytes, an object's key as many).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from customlabels.core.addresses import S3Address
from customlabels.inspection.claims import Key
from customlabels.inspection.rules import Analysis, Judgement, Seen, Verdict

ANALYZER = "custom-labels"
"""Whatever else looks at images has a name of its own here."""

BY_DAY = "by-day"
"""The index of sightings by the day on which they were seen."""

_LONGEST_SORT_KEY = 1024


class Arrival(NamedTuple):
    """An object that came: where, which bytes, and when; `sequencer` tells arrivals under one key apart."""

    address: S3Address
    etag: str
    size: int
    sequencer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """An image as it was seen under a key; `labels` are those that the verdict rests on.

    Parameters
    ----------
    image : its key in the table
    did : what was done with the object: tagged, copied, moved; empty where nothing was
    beside : what Rekognition's own analyzers name in it, by theirs
    """

    image: str
    address: S3Address
    at: datetime
    version: str
    judgement: Judgement
    top: Seen | None = None
    did: str = ""
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def quoted(etag: str) -> str:
    """The ETag as conditions have it."""
    return f'"{etag}"'


def by_etag(etag: str, size: int) -> str:
    """An image's key by ETag and size: the same for the same upload, never the same for other bytes.

    Where a bucket encrypts by KMS, or a client uploads in parts, equal bytes may have two.
    Source: S3 API reference, "Common response headers", ETag.
    """
    return f"i#{etag}:{size}"


def by_sha256(digest: str, size: int) -> str:
    """An image's key by its bytes alone, whose SHA-256 that is."""
    return f"i#sha256-{digest}:{size}"


def analysis_key(image: str, version: str, analyzer: str = ANALYZER) -> Key:
    return Key(image, f"a#{analyzer}#{version}")


def sighting_key(image: str, arrival: Arrival) -> Key:
    """Of an arrival; a key that is too long for it stands in it by its digest."""
    name = f"{arrival.address.bucket}/{arrival.address.key}"
    plain = f"k#{name}#{arrival.sequencer}"
    if len(plain.encode()) <= _LONGEST_SORT_KEY:
        return Key(image, plain)
    return Key(image, f"k#~{hashlib.sha256(name.encode()).hexdigest()}#{arrival.sequencer}")


def of_analysis(analysis: Analysis, *, milliseconds: int) -> dict[str, Any]:
    """What an analysis's item holds once it is done."""
    return {
        "floor": analysis.floor,
        "labels": [of_seen(seen) for seen in analysis.seen],
        "refusal": analysis.refusal,
        "whole_from": analysis.whole_from or None,
        "ms": milliseconds,
    }


def read_analysis(item: Mapping[str, Any]) -> Analysis:
    """The analysis of a done item."""
    seen = tuple(read_seen(seen) for seen in item["labels"])
    return Analysis(seen, float(item["floor"]), item.get("refusal"), float(item.get("whole_from", 0.0)))


def about_sighting(address: S3Address) -> dict[str, Any]:
    """What a sighting's item holds from the beginning."""
    return {"bucket": address.bucket, "object": address.key}


def of_sighting(sighting: Sighting) -> dict[str, Any]:
    """What a sighting's item holds once the image was judged and seen to."""
    at = sighting.at.astimezone(UTC)
    return {
        "day": at.date().isoformat(),
        "at": at.isoformat(timespec="milliseconds"),
        "version": sighting.version,
        "verdict": sighting.judgement.verdict.value,
        "labels": list(sighting.judgement.labels),
        "why": sighting.judgement.why,
        "top": of_seen(sighting.top) if sighting.top else None,
        "did": sighting.did,
        "beside": {name: list(seen) for name, seen in sighting.beside.items()} or None,
    }


def read_sighting(item: Mapping[str, Any]) -> Sighting:
    """The sighting of a done item."""
    return Sighting(
        image=item["pk"],
        address=S3Address(item["bucket"], item["object"]),
        at=datetime.fromisoformat(item["at"]),
        version=item["version"],
        judgement=Judgement(Verdict(item["verdict"]), tuple(item["labels"]), item["why"]),
        top=read_seen(item["top"]) if "top" in item else None,
        did=item["did"],
        beside={name: tuple(seen) for name, seen in item.get("beside", {}).items()},
    )


def of_seen(seen: Seen) -> dict[str, Any]:
    """Something seen, as items hold it."""
    return {"label": seen.label, "confidence": seen.confidence, "box": list(seen.box) if seen.box else None}


def read_seen(given: Mapping[str, Any]) -> Seen:
    """Something seen, as an item holds it."""
    box = given.get("box")
    return Seen(given["label"], float(given["confidence"]), tuple(map(float, box)) if box else None)  # type: ignore[arg-type] # of four

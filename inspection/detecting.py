"""Images of a folder, or below an address in S3, looked at through the results table: what it knows costs no call.

The same claims as the function's, so that the two never pay twice for an image either. A file is known by what S3 would
call it if it were put there in one part.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from customlabels.aws import s3
from customlabels.aws.clients import explained
from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.core.threads import in_threads
from customlabels.inspection import claims, records
from customlabels.inspection.claims import Busy, Claim, Done, State, Table, is_alive
from customlabels.inspection.rules import Analysis, Seen, analysed
from customlabels.inspection.stored_items import stored_items
from customlabels.pipelines.service.detection import DetectedLabel, Detection, Image, detect

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client

_HOLDS = 300_000
"""Milliseconds: an image is shown some while after it was claimed, since calls are begun ahead."""

_BUSY = "somebody else is looking at it just now; run the same command again"

_THREADS = 8
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Known:
    """An image by name and place, its key in the table (None where it cannot be read), and what is known of it."""

    name: str
    image: Image
    key: str | None
    analysis: Analysis | None = None


def look_up(
    table: Table, version: str, arn: str, client: "S3Client", images: Sequence[tuple[str, Image]], now: int
) -> list[Known]:
    """The images, with what the table holds of them; nothing is claimed.

    Parameters
    ----------
    now : seconds since 1970

    Raises
    ------
    ServiceError : the table cannot be read
    """
    keys = list(in_threads(lambda named: image_key(client, named[1]), images, _THREADS))
    analyses = _analyses(table, version, arn, sorted({key for key in keys if key is not None}), now)
    return [Known(name, image, key, analyses.get(key or "")) for (name, image), key in zip(images, keys, strict=True)]


def detect_known(
    rekognition: "RekognitionClient",
    table: Table,
    version: str,
    arn: str,
    images: Sequence[Known],
    *,
    rate: float,
    least: Callable[[str], float],
    floor: float,
    keep: int,
    advance: Callable[[int], None] = lambda count: None,
) -> Iterator[Detection]:
    """A detection for each image, those that are known first; what is not is shown to the version once, and kept.

    Parameters
    ----------
    least : the confidence from which on a label counts
    floor : the confidence from which on labels are asked for and kept
    keep : days that an analysis is kept

    Raises
    ------
    ServiceError : the version, or the table, cannot be asked
    """
    same: dict[str, list[str]] = {}
    first: dict[str, Image] = {}
    settled: list[Detection] = []
    for known in images:
        if known.analysis is not None:
            advance(1)
            yield _shown(known.name, known.analysis, least, floor)
        elif known.key is None:
            settled.append(Detection(known.name, (), "cannot be read"))
        else:
            same.setdefault(known.key, []).append(known.name)
            first.setdefault(known.key, known.image)
    held: dict[str, tuple[str, Claim]] = {}

    def asked() -> Iterator[tuple[str, Image]]:
        for key, names in same.items():
            outcome = _claim(table, key, version, arn, keep)
            if isinstance(outcome, Claim):
                held[names[0]] = key, outcome
                yield names[0], first[key]
            elif isinstance(outcome, Done):
                settled.extend(_shown(name, records.read_analysis(outcome.item), least, floor) for name in names)
            else:
                settled.extend(Detection(name, (), _BUSY) for name in names)

    try:
        for detection in detect(rekognition, arn, asked(), rate=rate, min_confidence=floor):
            key, claim = held.pop(detection.name)
            advance(len(same[key]))
            if detection.error is not None:
                claims.release(table, claim)
                yield from (Detection(name, (), detection.error) for name in same[key])
                continue
            analysis = analysed([Seen(label.label, label.confidence, label.box) for label in detection.labels], floor)
            with explained(f"keeping what was seen in {detection.name}"):
                claims.finish(table, claim, records.of_analysis(analysis, milliseconds=0))
            yield from (Detection(name, _counting(detection.labels, least)) for name in same[key])
    finally:
        for _, claim in held.values():
            claims.release(table, claim)
    advance(len(settled))
    yield from settled


def _shown(name: str, analysis: Analysis, least: Callable[[str], float], floor: float) -> Detection:
    if analysis.refusal is not None:
        return Detection(name, (), analysis.refusal)
    if analysis.floor > floor:
        return Detection(name, (), f"labels of it are kept from {analysis.floor:g} up only: look without the results")
    if any(analysis.whole_from >= least(seen.label) for seen in analysis.seen if analysis.whole_from):
        return Detection(
            name, (), f"boxes of it are kept from {analysis.whole_from:g} up only: look without the results"
        )
    labels = (DetectedLabel(seen.label, seen.confidence, seen.box) for seen in analysis.seen)
    return Detection(name, _counting(labels, least))


def _counting(labels: Iterable[DetectedLabel], least: Callable[[str], float]) -> tuple[DetectedLabel, ...]:
    return tuple(label for label in labels if label.confidence >= least(label.label))


def _claim(table: Table, key: str, version: str, arn: str, keep: int) -> Claim | Done | Busy:
    now = int(time.time() * 1000)
    with explained(f"claiming an image in {table.name}"):
        return claims.claim(
            table,
            records.analysis_key(key, version),
            now=now,
            until=now + _HOLDS,
            expires=now // 1000 + keep * _DAY,
            same={"arn": arn},
        )


def image_key(client: "S3Client", image: Image) -> str | None:
    """What an image is known by; None where it cannot be read."""
    if isinstance(image, S3Address):
        try:
            stored = s3.head(client, image)
        except ServiceError:
            return None
        return records.by_etag(stored.etag, stored.size) if stored is not None else None
    try:
        body = image.read_bytes()
    except OSError:
        return None
    return records.by_etag(hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body))


def _analyses(table: Table, version: str, arn: str, keys: Sequence[str], now: int) -> dict[str, Analysis]:
    return {
        item["pk"]: records.read_analysis(item)
        for item in stored_items(table, [records.analysis_key(key, version) for key in keys])
        if item["state"] == State.DONE and item.get("arn") == arn and is_alive(item, now)
    }

"""The results table read for drift: images of a version by the day, each once; and what was found, as metrics."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from customlabels.aws.clients import explained
from customlabels.aws.function_log import NAMESPACE
from customlabels.core.addresses import S3Address
from customlabels.inspection.claims import Table
from customlabels.inspection.drift import REFERENCE, Day, Reading, Watched, watch
from customlabels.inspection.golden import Golden
from customlabels.inspection.records import Sighting
from customlabels.inspection.results import analysed_sightings
from customlabels.inspection.rules import Analysis

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

DRIFTED, WRONG, CONFIDENCE = "DriftedSignals", "GoldenWrong", "GoldenConfidence"
"""Metrics: signals that drift on the last day that was looked at; golden images that are wrong; their confidence."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Image:
    """A reading, and where the image lies."""

    reading: Reading
    image: str
    address: S3Address


def readings_of(sightings: Iterable[tuple[Sighting, Analysis]], version: str) -> Iterator[Image]:
    """What a version saw in each image, once a day however often the same bytes came."""
    known: set[tuple[date, str]] = set()
    for sighting, analysis in sightings:
        day = sighting.at.date()
        if sighting.version != version or (day, sighting.image) in known:
            continue
        known.add((day, sighting.image))
        best: dict[str, float] = {}
        for seen in analysis.seen:
            best[seen.label] = max(seen.confidence, best.get(seen.label, 0.0))
        size = sighting.image.rpartition(":")[2]
        reading = Reading(
            day, best, analysis.floor, analysis.refusal is not None, int(size) if size.isdigit() else None
        )
        yield Image(reading, sighting.image, sighting.address)


def watched(
    table: Table,
    version: str,
    thresholds: Mapping[str, float],
    *,
    now: datetime,
    since: datetime,
    oldest: datetime,
    days: int = 1,
    first_images: int = REFERENCE,
    last: date | None = None,
    measured: Callable[[list[Image]], list[Reading]] | None = None,
) -> Watched:
    """A version's production since `since`, held against its first images.

    Parameters
    ----------
    last : the last day that is judged; None: today
    oldest : from when on results are kept
    days, first_images : that the reference has at least
    measured : tells more of images, as how bright they are; None: nobody does

    Raises
    ------
    ServiceError : the table cannot be read
    """
    images = list(
        _first_images(readings_of(analysed_sightings(table, since=oldest, now=now), version), days, first_images)
    )
    if images:
        # What lies between is neither reference nor wanted.
        first = max(since.date(), images[-1].reading.day + _DAY)
        begin = datetime.combine(first, time(), UTC)
        images += readings_of(analysed_sightings(table, since=begin, now=now, last=last), version)
    readings = measured(images) if measured else [image.reading for image in images]
    return watch(readings, thresholds, today=now.date(), days=days, first_images=first_images, since=since.date())


def _first_images(images: Iterable[Image], days: int, least: int) -> Iterator[Image]:
    """The images of the first days, as many of these as a reference takes."""
    count, begun, day = 0, None, None
    for image in images:
        own = image.reading.day
        begun, day = begun or own, day or own
        if own != day and count >= least and day - begun >= (days - 1) * _DAY:
            return
        day, count = own, count + (not image.reading.refused)
        yield image


def publish(
    cloudwatch: "CloudWatchClient", project: str, now: datetime, found: Watched, golden: Golden | None
) -> dict[str, float]:
    """Puts what was found into CloudWatch, by the project; the figures.

    Raises
    ------
    ServiceError : it may not be put there
    """
    figures = figures_of(found.days[-1] if found.days else None, golden)
    data: list[MetricDatumTypeDef] = [
        {"MetricName": name, "Dimensions": [{"Name": "Project", "Value": project}], "Timestamp": now, "Value": figure}
        for name, figure in figures.items()
    ]
    if data:
        with explained(f"putting figures of {project} into CloudWatch"):
            cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)
    return figures


def figures_of(day: Day | None, golden: Golden | None) -> dict[str, float]:
    """The metrics of a day that was judged, and of golden images that were shown."""
    figures: dict[str, float] = {}
    if day is not None:
        figures[DRIFTED] = len(day.drifted)
    if golden is not None:
        figures[WRONG] = len(golden.wrong)
        if golden.confidence is not None:
            figures[CONFIDENCE] = golden.confidence
    return figures

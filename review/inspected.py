"""Images of the line, as the inspection's results table has them: such as may be asked about."""

from collections.abc import Iterable
from datetime import datetime

from customlabels.core.errors import LayoutError
from customlabels.inspection.claims import Table
from customlabels.inspection.records import Sighting
from customlabels.inspection.results import analysed_sightings
from customlabels.inspection.rules import Analysis
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review.detected import Detected
from customlabels.review.pick import Candidate


def read_inspected(table: Table, *, since: datetime, now: datetime) -> tuple[Detected, int]:
    """The images that were seen since a time, by the version that looked last; and how many only others looked at.

    Raises
    ------
    LayoutError : there is none
    ServiceError : the table cannot be read
    """
    detected, others = newest_version(analysed_sightings(table, since=since, now=now))
    if not detected.candidates:
        raise LayoutError(f"no image was inspected since {since:%Y-%m-%d %H:%M}", hint="look further back, --since 7d")
    return detected, others


def newest_version(sightings: Iterable[tuple[Sighting, Analysis]]) -> tuple[Detected, int]:
    """The images of the version that looked last, an image once, and how many images only others looked at."""
    version = ""
    by_version: dict[str, dict[str, Candidate]] = {}
    floors: dict[str, float] = {}
    refused: dict[str, set[str]] = {}
    for sighting, analysis in sightings:
        version = sighting.version
        if analysis.refusal is not None:
            refused.setdefault(version, set()).add(sighting.image)
            continue
        seen = tuple(DetectedLabel(label.label, label.confidence, label.box) for label in analysis.seen)
        candidate = Candidate(sighting.image, sighting.address.key, str(sighting.address), seen)
        by_version.setdefault(version, {}).setdefault(sighting.image, candidate)
        floors[version] = max(floors.get(version, 0.0), analysis.floor)
    own = by_version.get(version, {})
    failed = len(refused.get(version, ()))
    others = {image for images in by_version.values() for image in images} - own.keys()
    return Detected(version, floors.get(version, 0.0), tuple(own.values()), failed), len(others)

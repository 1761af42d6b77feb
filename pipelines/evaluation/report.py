"""One HTML file about a version: figures, curves, what it got wrong, what it was made of. It needs no network."""

import base64
import io
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.aws.s3_reading import GONE, beginning
from customlabels.core.addresses import parse_address
from customlabels.core.errors import ServiceError
from customlabels.core.files import written_aside
from customlabels.core.templates import template
from customlabels.core.threads import in_threads
from customlabels.pipelines.evaluation.comparison import compare, found_labels, true_labels
from customlabels.pipelines.evaluation.curves import curves_of
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.metrics import confusion, count, margins, spread
from customlabels.pipelines.evaluation.picture_names import short_names
from customlabels.pipelines.evaluation.snapshot import Rectangle, Snapshot, TestImage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SIDE, _QUALITY = 360, 78
_MOST_PIXELS = 40_000_000
_MOST_BYTES = 15_000_000
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Mark:
    """A box drawn on a picture, in pixels of the image; `kind` is true, found or wrong."""

    label: str
    kind: str
    box: Rectangle
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A test image in a gallery: what is true of it, what was said, and how sure; `uri` is None where it is gone."""

    name: str
    truth: str
    predicted: str
    uri: str | None
    size: tuple[int, int]
    marks: tuple[Mark, ...] = ()
    alt: str = ""


def report(
    project: str,
    measured: Measured,
    beside: Measured | None,
    *,
    tags: Mapping[str, str],
    training: Mapping[str, int],
    s3: "S3Client",
    most_images: int,
    made: datetime,
    advance: Callable[[int], None] = lambda count: None,
) -> str:
    """The page.

    Parameters
    ----------
    training : training images a label
    most_images : in each gallery

    Raises
    ------
    ServiceError : an image may not be read; one that is gone is left out of its gallery
    """
    snapshot = measured.snapshot
    wrong, missed = _mistakes(snapshot, most_images) if snapshot else ([], [])
    comparison = compare(beside, measured) if beside else None
    apart = []
    if comparison and beside and beside.snapshot and snapshot:
        chosen = {disagreement.source_ref: disagreement for disagreement in comparison.disagreements[:most_images]}
        apart = [image for image in snapshot.images if image.source_ref in chosen]
    wanted = {image.source_ref for image in (*wrong, *missed, *apart)}
    thumbs = _thumbnails(s3, sorted(wanted), advance)
    names = short_names(sorted(wanted))

    def pictures(images: list[TestImage]) -> list[Picture]:
        return [_picture(image, names, thumbs) for image in images]

    drawn = spread(count(snapshot)) if snapshot and snapshot.images else None
    disagreements = (
        {disagreement.source_ref: disagreement for disagreement in comparison.disagreements} if comparison else {}
    )
    return template("customlabels.pipelines.evaluation", "report.html.j2").render(
        project=project,
        evaluation=measured.evaluation,
        boxes=snapshot.boxes if snapshot else False,
        intervals={label: drawn.label(label) for label in drawn.labels} if drawn else {},
        overall=drawn.overall() if drawn else None,
        curves=curves_of(measured),
        fragile=_fragile(snapshot) if snapshot else {},
        confusion=_crossed(snapshot) if snapshot else None,
        galleries=[
            (
                "False positives",
                "Labels that were said where they are not.",
                pictures(wrong),
            ),
            (
                "False negatives",
                "Labels that are there and were not said.",
                pictures(missed),
            ),
        ],
        training=dict(training),
        comparison=comparison,
        apart=[(_picture(image, names, thumbs), disagreements[image.source_ref]) for image in apart],
        tags={name.removeprefix("customlabels:"): value for name, value in sorted(tags.items())},
        made=made,
        has_snapshot=snapshot is not None,
    )


def _fragile(snapshot: Snapshot) -> dict[str, str]:
    """Labels whose assumed threshold the test images hold badly, and why."""
    reasons = {label: margin.fragility for label, margin in margins(snapshot, snapshot.thresholds).items()}
    return {label: reason for label, reason in sorted(reasons.items()) if reason}


def write(path: Path, page: str) -> None:
    """Writes the page, aside first."""
    with written_aside(path) as file:
        file.write(page.encode())


def _mistakes(snapshot: Snapshot, most: int) -> tuple[list[TestImage], list[TestImage]]:
    """Images with a false positive, the surest first, and with a false negative, the least sure first."""
    wrong: list[_Ranked] = []
    missed: list[_Ranked] = []
    for image in snapshot.images:
        false = [
            prediction.confidence for prediction in image.predictions if prediction.accepted and not prediction.present
        ]
        if false:
            wrong.append((-max(false), image.source_ref, image))
        lost = Counter(truth.label for truth in image.truth) - Counter(
            prediction.label for prediction in image.predictions if prediction.accepted and prediction.present
        )
        if lost:
            best = max(
                (
                    prediction.confidence
                    for prediction in image.predictions
                    if prediction.present and not prediction.accepted
                ),
                default=0.0,
            )
            missed.append((best, image.source_ref, image))
    return _first(wrong, most), _first(missed, most)


_Ranked = tuple[float, str, TestImage]
"""A rank, an address that decides between equals, and the image."""


def _first(ranked: list[_Ranked], most: int) -> list[TestImage]:
    return [image for *_, image in sorted(ranked, key=lambda entry: entry[:2])[:most]]


def _picture(image: TestImage, names: Mapping[str, str], thumbs: Mapping[str, str | None]) -> Picture:
    truth, predicted = true_labels(image), found_labels(image)
    sure = {
        prediction.label: prediction.confidence
        for prediction in sorted(image.predictions, key=lambda prediction: prediction.confidence)
    }
    words = ", ".join(f"{label} {100 * sure[label]:.0f} %" for label in predicted) or "nothing"
    unsaid = [f"{label} {100 * sure[label]:.0f} %" for label in truth if label not in predicted and label in sure]
    if unsaid:
        words += f" (below its threshold: {', '.join(unsaid)})"
    marks = [Mark(truth.label, "true", truth.box) for truth in image.truth if truth.box]
    marks += [
        Mark(prediction.label, "found" if prediction.present else "wrong", prediction.box, prediction.confidence)
        for prediction in image.predictions
        if prediction.box and prediction.accepted
    ]
    name = names[image.source_ref]
    true = ", ".join(truth) or "nothing"
    size = image.size if image.size and all(image.size) else (100, 100)
    return Picture(
        name, true, words, thumbs.get(image.source_ref), size, tuple(marks), f"{name}: true {true}, said {words}"
    )


def _thumbnails(s3: "S3Client", addresses: list[str], advance: Callable[[int], None]) -> dict[str, str | None]:
    """A small JPEG of each image as data URI; None where the image is gone, too large, or none."""

    def fetch(text: str) -> str | None:
        address = parse_address(text)
        try:
            body, size, _ = beginning(s3, address, _MOST_BYTES)
        except ServiceError as error:
            if error.code in GONE:
                return None
            raise
        finally:
            advance(1)
        return _thumbnail(body) if size <= _MOST_BYTES else None

    return dict(zip(addresses, in_threads(fetch, addresses, _THREADS), strict=True))


def _thumbnail(body: bytes) -> str | None:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(body), formats=("JPEG", "PNG")) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            image.draft("RGB", (_SIDE * 2, _SIDE * 2))
            small = ImageOps.exif_transpose(image).convert("RGB")
            small.thumbnail((_SIDE, _SIDE))
            written = io.BytesIO()
            small.save(written, "JPEG", quality=_QUALITY)
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError):
        return None
    return "data:image/jpeg;base64," + base64.b64encode(written.getvalue()).decode()


def _crossed(snapshot: Snapshot) -> dict[str, Any] | None:
    crossed = confusion(snapshot)
    if crossed is None:
        return None
    labels, table = crossed
    rows = [
        (label, [(int(value), float(value / max(1, table[index].sum()))) for value in table[index]])
        for index, label in enumerate(labels)
    ]
    return {"labels": labels, "rows": rows}

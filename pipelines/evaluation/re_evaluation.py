"""A version judged on the test images of another, by showing them to it.

Done with the service's own means: each test image, where it lies in S3, is shown with a MinConfidence of 0, and
counted at the version's assumed thresholds. The version has to be running meanwhile.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from customlabels.aws.clients import Clients, explained
from customlabels.core.addresses import parse_address
from customlabels.core.errors import SettingsError
from customlabels.core.threads import in_threads
from customlabels.core.watching import Watch
from customlabels.datasets.boxes import overlap
from customlabels.pipelines.evaluation.comparison import need_snapshot
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation, LabelMetrics
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.metrics import count, figures
from customlabels.pipelines.evaluation.results import measure
from customlabels.pipelines.evaluation.snapshot import Prediction, Rectangle, Snapshot, TestImage, Truth
from customlabels.pipelines.evaluation.training_snapshot import load_training
from customlabels.pipelines.service.running import BeforeStart, kept_running
from customlabels.pipelines.service.versions import Description, version_name

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import CustomLabelTypeDef

OVERLAP = 0.5
"""Intersection over union from which a box counts as that of an object; the service's own is documented nowhere."""

_THREADS = 4


def on_test_images_of(
    base: Measured, version: Description, clients: Clients, watch: Watch, before_start: BeforeStart, guard: bool = True
) -> Measured:
    """The version on the test images of `base`; its model is started for that, and stopped again.

    Raises
    ------
    SettingsError : one locates objects, the other labels whole images
    ServiceError : it does not start, or an image cannot be shown
    """
    name, test = version_name(version), need_snapshot(base)
    training = load_training(clients.s3, version)
    for sentence in training.unread:
        watch.warn(f"{sentence}; its image may be among the test images")
    seen = sum(image.source_ref in training.images for image in test.images)
    if seen:
        watch.warn(
            f"{seen} of the {len(test.images)} test images are among those that {name} was trained on: "
            "its figures on them are too good"
        )
    measured = measure(clients.s3, version)
    if need_snapshot(measured).boxes != test.boxes:
        kinds = ["locates objects" if boxes else "labels whole images" for boxes in (test.boxes, not test.boxes)]
        raise SettingsError(f"{base.name} {kinds[0]}, {name} {kinds[1]}: they cannot be compared")
    with (
        kept_running(clients, version, watch, before_start=before_start, guard=guard),
        watch.step(f"showing {len(test.images)} test images to {name}", len(test.images)) as advance,
    ):
        return re_evaluate(clients.rekognition, version["ProjectVersionArn"], measured, test, advance)


def re_evaluate(
    rekognition: "RekognitionClient",
    version_arn: str,
    measured: Measured,
    test: Snapshot,
    advance: Callable[[int], None] = lambda count: None,
) -> Measured:
    """The running version measured on the images of `test`, at its own thresholds.

    Raises
    ------
    ServiceError : an image cannot be shown; nothing is measured then
    """
    own = need_snapshot(measured)

    def look(image: TestImage) -> TestImage:
        address = parse_address(image.source_ref)
        with explained(f"showing {image.source_ref} to {measured.name}"):
            labels = rekognition.detect_custom_labels(
                ProjectVersionArn=version_arn,
                Image={"S3Object": {"Bucket": address.bucket, "Name": address.key}},
                MinConfidence=0,
            )["CustomLabels"]
        advance(1)
        return TestImage(image.source_ref, image.truth, judged(labels, image, own), image.size)

    images = tuple(in_threads(look, test.images, _THREADS))
    snapshot = Snapshot(measured.name, own.boxes, images, own.thresholds)
    overall, by_label = figures(count(snapshot))
    labels = tuple(
        LabelMetrics(
            metrics.label,
            sum(any(truth.label == metrics.label for truth in image.truth) for image in images),
            *by_label[metrics.label],
            metrics.threshold,
        )
        for metrics in measured.evaluation.labels
    )
    evaluation = Evaluation(
        version=measured.name,
        training_images=measured.evaluation.training_images,
        testing_images=len(images),
        precision=overall.precision,
        recall=overall.recall,
        f1=overall.f1,
        labels=labels,
    )
    return Measured(evaluation, snapshot)


def judged(labels: "Sequence[CustomLabelTypeDef]", image: TestImage, version: Snapshot) -> tuple[Prediction, ...]:
    """What was detected on an image, beside what is true of it."""
    width, height = image.size or (0, 0)
    predictions = []
    taken: set[int] = set()
    for label in sorted(labels, key=lambda label: -label["Confidence"]):
        confidence = label["Confidence"] / 100
        accepted = confidence >= version.thresholds.get(label["Name"], 1.0)
        box = label.get("Geometry", {}).get("BoundingBox")
        if not version.boxes or box is None:
            present = any(truth.label == label["Name"] for truth in image.truth)
            predictions.append(Prediction(label["Name"], confidence, present, accepted))
            continue
        rectangle = (box["Left"] * width, box["Top"] * height, box["Width"] * width, box["Height"] * height)
        number = _object(label["Name"], rectangle, image.truth, taken)
        if number is not None:
            taken.add(number)
        predictions.append(Prediction(label["Name"], confidence, number is not None, accepted, rectangle))
    return tuple(predictions)


def _object(label: str, rectangle: Rectangle, truth: tuple[Truth, ...], taken: set[int]) -> int | None:
    """The number of the object that a box is of; each is found once."""
    overlaps = [
        (overlap(rectangle, object_.box), number)
        for number, object_ in enumerate(truth)
        if object_.label == label and object_.box is not None and number not in taken
    ]
    best = max(overlaps, default=(0.0, 0))
    return best[1] if best[0] >= OVERLAP else None

"""The picture of precision and recall: valid SVG, a square a label, whatever the labels are called."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from customlabels.core.errors import ServiceError
from customlabels.pipelines.evaluation.curves import draw_curves
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation, LabelMetrics
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.snapshot import Prediction, Snapshot, TestImage, Truth

SVG = "{http://www.w3.org/2000/svg}"


def measured(*labels: str) -> Measured:
    """A version that is right, and rather sure of it, about all images but the first of each label."""

    def image(place: int, number: int) -> TestImage:
        said = labels[(place + (number == 0)) % len(labels)]
        sure = 0.5 + number / 10
        found = tuple(
            Prediction(label, sure if label == said else 1 - sure, label == labels[place], label == said)
            for label in labels
        )
        return TestImage(f"s3://b/{place}-{number}.jpg", (Truth(labels[place]),), found)

    images = tuple(image(place, number) for place in range(len(labels)) for number in range(4))
    figures = tuple(LabelMetrics(label, 4, 0.8, 0.7, 0.75, 0.5) for label in labels)
    return Measured(
        Evaluation("v1", 10, len(images), 0.8, 0.7, 0.75, figures),
        Snapshot("v1", False, images, dict.fromkeys(labels, 0.5)),
    )


@pytest.mark.parametrize(
    ("labels", "size"),
    [
        (("crack", "ok"), ("380", "208")),
        (("<b>&\"'", "a label whose name is longer than its square is wide"), ("380", "208")),
        (tuple(f"label {number}" for number in range(7)), ("950", "416")),
    ],
)
def test_each_label_has_a_square_in_the_picture(labels: tuple[str, ...], size: tuple[str, str]) -> None:
    picture = ElementTree.fromstring(draw_curves(measured(*labels)))
    assert picture.tag == f"{SVG}svg"
    assert (picture.get("width"), picture.get("height")) == size
    squares = picture.findall(f"{SVG}svg")
    said = [square.get("aria-label") for square in squares]
    assert said == [f"Precision and recall of {label}: F1 0.750 at threshold 0.500" for label in labels]
    assert len({(square.get("x"), square.get("y")) for square in squares}) == len(labels)
    for square in squares:
        (line,) = square.iter(f"{SVG}polyline")
        assert line.get("stroke")
        points = [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]
        assert all(0 <= value <= 100 for point in points for value in point)
        assert len(list(square.iter(f"{SVG}circle"))) == 1


def test_a_snapshot_that_is_gone_is_told() -> None:
    with pytest.raises(ServiceError, match="no evaluation snapshot any more"):
        draw_curves(replace(measured("ok"), snapshot=None))

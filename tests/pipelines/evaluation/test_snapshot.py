"""Snapshots read, counted and compared; the engines' own writers are the service here."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.thresholds import Margin
from customlabels.emulator.customlabels import box_evaluation, evaluation
from customlabels.pipelines.evaluation.comparison import compare, interval_lows, markdown
from customlabels.pipelines.evaluation.evaluation_summary import parse_summary
from customlabels.pipelines.evaluation.measured import Measured
from customlabels.pipelines.evaluation.metrics import Counts, count, curve, figures, margins, recommend, spread
from customlabels.pipelines.evaluation.snapshot import Snapshot, parse_snapshot

LABELS = ("crack", "ok")
WHEN = datetime(2026, 11, 1, tzinfo=UTC)
ARN = "arn:aws:rekognition:eu-west-1:111122223333:project/p/version/v1/1790000000000"


def measured(scores: Sequence[Sequence[float]], truth: Sequence[int], name: str = "v1") -> Measured:
    """A version that gave each image these confidences; `truth` is the place of its label."""
    table, there = np.array(scores), np.eye(len(LABELS), dtype=bool)[list(truth)]
    thresholds = [0.5] * len(LABELS)
    lines = [
        evaluation.evaluation_line(
            number, f"s3://b/{number}.jpg", labels=LABELS, scores=table[number], truth=there[number],
            thresholds=thresholds, ended=WHEN,
        )
        for number in range(len(truth))
    ]  # fmt: skip
    summary = evaluation.summary(
        version_arn=ARN, labels=LABELS, scores=table, truth=there, thresholds=thresholds, training_images=9, ended=WHEN
    )
    snapshot = parse_snapshot(name, map(orjson.dumps, lines), dict.fromkeys(LABELS, 0.5))
    return Measured(parse_summary(name, summary), snapshot)


SOME = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=30).filter(
    lambda rows: {row[2] for row in rows} == {0, 1}
)


@given(SOME)
def test_figures_from_the_snapshot_are_those_of_the_summary(rows: list[tuple[float, float, int]]) -> None:
    found = measured([row[:2] for row in rows], [row[2] for row in rows])
    assert found.snapshot is not None
    overall, by_label = figures(count(found.snapshot))
    assert overall == pytest.approx((found.evaluation.precision, found.evaluation.recall, found.evaluation.f1))
    for metrics in found.evaluation.labels:
        assert by_label[metrics.label] == pytest.approx((metrics.precision, metrics.recall, metrics.f1))


def test_figures_of_boxes_are_those_of_the_summary() -> None:
    tested = [
        box_evaluation.Examined("s3://b/1.jpg", (100, 80), [(0, 10, 10, 20, 20)], [(0, 11, 10, 20, 20, 0.9)]),
        box_evaluation.Examined("s3://b/2.jpg", (100, 80), [(0, 10, 10, 20, 20)], [(0, 60, 50, 20, 20, 0.8)]),
        box_evaluation.Examined("s3://b/3.jpg", (100, 80), [(1, 5, 5, 9, 9)], [(1, 5, 5, 9, 9, 0.7)]),
    ]
    document, thresholds = box_evaluation.summary(
        version_arn=ARN, labels=LABELS, tested=tested, training_images=9, ended=WHEN
    )
    lines = [box_evaluation.evaluation_line(n, one, LABELS, thresholds, WHEN) for n, one in enumerate(tested)]
    snapshot = parse_snapshot("v1", map(orjson.dumps, lines), dict(zip(LABELS, thresholds, strict=True)))
    assert snapshot.boxes
    assert snapshot.images[0].size == (100, 80)
    wanted = parse_summary("v1", document)
    _, by_label = figures(count(snapshot))
    for metrics in wanted.labels:
        assert by_label[metrics.label].f1 == pytest.approx(metrics.f1)


@pytest.mark.parametrize(
    "line", [b"{}", b"[]", b"no json", b'{"source-ref": 1, "rekognition-custom-labels-evaluation": 1}']
)
def test_a_line_that_is_none_is_named_and_the_others_are_read(line: bytes) -> None:
    good = orjson.dumps({"source-ref": "s3://b/1.jpg"})
    snapshot = parse_snapshot("v1", [good, line, good], {})
    assert len(snapshot.images) == 2
    (sentence,) = snapshot.unread
    assert sentence.startswith("line 2 is none of an evaluation snapshot: ")


SURE, UNSURE = (0.9, 0.1), (0.2, 0.3)


def test_versions_on_the_same_images_are_paired_and_a_large_difference_is_sure() -> None:
    truth = [0, 1] * 30
    good = measured([SURE if place == 0 else SURE[::-1] for place in truth], truth, "good")
    bad = measured([UNSURE if number < 30 else (0.1, 0.9) for number, _ in enumerate(truth)], truth, "bad")
    comparison = compare(bad, good)
    assert comparison.comparable
    assert comparison.shared == 60
    assert comparison.overall["f1"].change > 0
    assert comparison.overall["f1"].is_sure
    assert {one.right for one in comparison.disagreements} == {"good"}
    same = compare(good, good).overall["f1"]
    assert same.interval is not None
    # Sixty images without a difference: 1 - 0.025 ** (1 / 60).
    assert same.interval == pytest.approx((-0.0596, 0.0596), abs=1e-3)
    assert not same.is_sure
    assert "| **all labels** |" in markdown([comparison])


def test_versions_on_different_images_are_not_comparable() -> None:
    one, other = measured([SURE] * 4, [0, 0, 0, 1]), measured([SURE] * 4, [0, 1, 0, 1])
    comparison = compare(one, other)
    assert not comparison.comparable
    assert comparison.overall["f1"].interval is None
    assert "Their test sets differ" in markdown([comparison])


def test_an_interval_holds_its_figure_and_narrows_with_images() -> None:
    widths = []
    for images in (20, 200):
        truth = [0, 1] * (images // 2)
        scores = [SURE if (place == 0) != (number % 5 == 0) else SURE[::-1] for number, place in enumerate(truth)]
        snapshot = measured(scores, truth).snapshot
        assert snapshot is not None
        counts = count(snapshot)
        span, value = spread(counts).overall()[2], figures(counts)[0].f1
        assert span.low <= value <= span.high
        widths.append(span.high - span.low)
    assert widths[1] < widths[0] / 2


def test_a_label_without_a_miss_is_not_taken_for_perfect() -> None:
    truth = [0] * 8 + [1] * 8
    found = measured([SURE] * 8 + [SURE[::-1]] * 8, truth)
    assert found.snapshot is not None
    # Clopper-Pearson of 8 of 8 at 95 %: 0.025 ** (1 / 8).
    lows = interval_lows(found.snapshot)
    assert lows["crack"] == pytest.approx((0.6306, 0.6306, 0.6306), abs=1e-3)
    # Both labels together: sixteen of sixteen.
    assert lows[""] == pytest.approx((0.7941, 0.7941, 0.7941), abs=1e-3)


def table(*labels: tuple[int, int, int], images: int) -> Counts:
    """Counts of labels with so many hits, false alarms and misses, each on an image of its own."""
    found = np.zeros((images, len(labels), 3), dtype=np.int32)
    image = 0
    for place, kinds in enumerate(labels):
        for kind, many in enumerate(kinds):
            for _ in range(many):
                found[image % images, place, kind] = 1
                image += 1
    return Counts(tuple(map(str, range(images))), tuple(map(str, range(len(labels)))), found)


def test_draws_without_a_label_say_nothing_of_it() -> None:
    # Three of three found, in sixty images: 0.025 ** (1 / 3) to 1, not 0 to 1.
    assert spread(table((3, 0, 0), images=60)).label("0")[1] == pytest.approx((0.2924, 1.0), abs=1e-3)


def test_precision_rests_on_what_was_said_and_recall_on_what_is_there() -> None:
    precision, recall, _ = spread(table((8, 0, 92), images=100)).label("0")
    assert precision == pytest.approx((0.6306, 1.0), abs=1e-3)
    assert recall.low < 0.08 < recall.high < 0.2


def test_many_small_labels_without_a_miss_are_not_proved_perfect() -> None:
    every = spread(table(*[(3, 0, 0)] * 20, images=60)).overall()[2]
    assert every == pytest.approx((0.025 ** (1 / 60), 1.0), abs=1e-3)
    # The label with the fewest images may hide the most.
    uneven = spread(table((2, 0, 0), (50, 0, 0), images=60)).overall()[2]
    assert uneven.low == pytest.approx(1 - (1 - 0.025 ** (1 / 2)) / 2, abs=0.01)


def graded() -> Snapshot:
    """Confidences in crack of 0.9 (there), 0.7 (not there), 0.6 (there), 0.2 (not there)."""
    found = measured([(0.9, 0.0), (0.7, 0.0), (0.6, 0.0), (0.2, 0.0)], [0, 1, 0, 1]).snapshot
    assert found is not None
    return found


def test_the_curve_has_a_point_a_confidence() -> None:
    thresholds, precision, recall = curve(graded(), "crack")
    assert thresholds.tolist() == [0.9, 0.7, 0.6, 0.2]
    assert precision.tolist() == pytest.approx([1, 0.5, 2 / 3, 0.5])
    assert recall.tolist() == [0.5, 0.5, 1, 1]


@pytest.mark.parametrize(
    ("precision", "recall", "expected"),
    [
        (1.0, None, (0.8, 1.0, 0.5)),
        (None, 1.0, (0.4, 2 / 3, 1.0)),
        (0.6, 0.9, (0.4, 2 / 3, 1.0)),
        (1.0, 1.0, None),
    ],
)
def test_a_threshold_reaches_what_is_wanted_and_keeps_the_most_of_the_rest(
    precision: float | None, recall: float | None, expected: tuple[float, float, float] | None
) -> None:
    found = recommend(graded(), "crack", precision=precision, recall=recall)
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_margin_tells_which_scores_a_threshold_parts() -> None:
    assert margins(graded(), {"crack": 0.4}) == {"crack": Margin(0.2, 0.6, 0)}


@pytest.mark.parametrize("figure", ["NaN", "Infinity", "1e999", '"nan"', "1" + "0" * 400])
def test_a_figure_that_is_none_is_named_by_its_line(figure: str) -> None:
    details = {"is-present-in-ground-truth": True, "is-true-positive": True, "is-false-positive": False}
    about = {"class-name": "crack", "confidence": 0.5, "rekognition-custom-labels-evaluation-details": details}
    name = "rekognition-custom-labels-evaluation-0"
    line = orjson.dumps({"source-ref": "s3://b/1.jpg", name: 1, f"{name}-metadata": about})
    snapshot = parse_snapshot("v1", [line, line.replace(b"0.5", figure.encode())], {})
    assert [len(image.predictions) for image in snapshot.images] == [1]
    (sentence,) = snapshot.unread
    assert sentence.startswith("line 2 is none of an evaluation snapshot: ")

"""What is logged of a version, and the files of its figures."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.errors import SettingsError
from customlabels.pipelines.evaluation import metrics_files
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation, LabelMetrics
from customlabels.pipelines.evaluation.metrics import confusion
from customlabels.pipelines.evaluation.snapshot import Prediction, Snapshot, TestImage, Truth
from customlabels.pipelines.tracking import server
from customlabels.pipelines.tracking.record import ARN_TAG, make_record, metric_names

ARN = "arn:aws:rekognition:eu-west-1:111122223333:project/caps/version/v-1/1700000000000"
EVALUATION = Evaluation(
    "v-1", 8, 3, 0.75, 0.8, 0.7, (LabelMetrics("a/b", 2, 0.5, 0.6, 0.55, 0.4), LabelMetrics("ok", 1, 1, 1, 0.85, 0.5))
)
DESCRIPTION: Any = {
    "ProjectVersionArn": ARN,
    "CreationTimestamp": datetime(2026, 1, 1, tzinfo=UTC),
    "TrainingEndTimestamp": datetime(2026, 1, 1, 1, tzinfo=UTC),
    "BillableTrainingTimeInSeconds": 1800,
}


def _image(name: str, truth: str, **sure: float) -> TestImage:
    said = tuple(Prediction(label, value, label == truth, value >= 0.5) for label, value in sure.items())
    return TestImage(f"s3://b/{name}", (Truth(truth),), said)


WHOLE = Snapshot(
    "v-1",
    False,
    (
        _image("1", "crack", crack=0.9, ok=0.1),
        _image("2", "crack", crack=0.3, ok=0.7),
        _image("3", "ok", crack=0.6, ok=0.55),
    ),
    {"crack": 0.5, "ok": 0.5},
)
BOX = (0.0, 0.0, 5.0, 5.0)
BOXES = Snapshot(
    "v-1",
    True,
    (
        TestImage(
            "s3://b/1",
            (Truth("crack", BOX), Truth("crack", BOX), Truth("pit", BOX)),
            (
                Prediction("crack", 0.9, True, True, BOX),
                Prediction("crack", 0.8, False, True, BOX),
                Prediction("pit", 0.2, True, False, BOX),
            ),
            (9, 9),
        ),
    ),
    {"crack": 0.5, "pit": 0.5},
)


def test_a_record_says_the_same_of_the_same_version() -> None:
    made_of = {"customlabels:train-digest": "ab", "customlabels:toolkit": "1", "team": "x"}
    record = make_record("caps", DESCRIPTION, EVALUATION, made_of, "passed")
    assert record == make_record("caps", DESCRIPTION, EVALUATION, made_of, "passed")
    assert record.params == {
        "train-digest": "ab",
        "toolkit": "1",
        "training_images": "8",
        "testing_images": "3",
        "labels": "2",
    }
    assert record.metrics["f1"] == 0.7
    assert record.metrics["recall/a_b"] == 0.6
    assert record.metrics["training_dollars"] == 0.5
    assert record.tags[ARN_TAG] == ARN
    assert (record.tags["customlabels.f1"], record.tags["customlabels.gate"]) == ("0.7000", "passed")
    assert record.tags["customlabels.train-digest"] == "ab"
    assert record.ended - record.began == 3_600_000
    assert "customlabels.gate" not in make_record("caps", DESCRIPTION, EVALUATION, {}, None).tags


@pytest.fixture(scope="module")
def check_name() -> Callable[[str], None]:
    """MLflow's own check of a metric's name."""
    found: Callable[[str], None] = pytest.importorskip("mlflow.utils.validation")._validate_metric_name
    return found


@given(st.sets(st.text(min_size=1, max_size=300), max_size=8))
def test_every_label_has_a_metric_of_its_own_that_mlflow_takes(
    check_name: Callable[[str], None], labels: set[str]
) -> None:
    names = metric_names(labels)
    assert set(names) == labels
    assert len(set(names.values())) == len(labels)
    for name in names.values():
        check_name(f"test_images/{name}")
        assert len(name) < 230


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://bob:pa55@mlflow.example.com/x failed", "https://***@mlflow.example.com/x failed"),
        ("postgresql+psycopg://bob:p@ss@db:5432/m", "postgresql+psycopg://***@db:5432/m"),
        ("https://mlflow.example.com/a?token=t0p&x=1 (refused)", "https://mlflow.example.com/a?*** (refused)"),
        ("no user of that mail: a@b.c, is it?", "no user of that mail: a@b.c, is it?"),
        ("Bearer s3cret refused", "Bearer *** refused"),
    ],
)
def test_credentials_are_masked(text: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "s3cret")
    assert server.masked(text) == shown


def test_without_an_address_there_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(server.URI_VARIABLE, raising=False)
    with pytest.raises(SettingsError, match="no tracking server is set"):
        server.connect(None)


def test_metrics_are_the_figures_overall_and_by_label(tmp_path: Path) -> None:
    metrics_files.write_metrics(tmp_path / "metrics.json", EVALUATION)
    found = json.loads((tmp_path / "metrics.json").read_text())
    assert (found["version"], found["f1"], found["precision"], found["recall"]) == ("v-1", 0.7, 0.75, 0.8)
    assert found["labels"]["a/b"] == {"f1": 0.55, "precision": 0.5, "recall": 0.6, "threshold": 0.4, "test_images": 2}


def test_curves_have_a_row_a_threshold_and_two_columns_a_label(tmp_path: Path) -> None:
    metrics_files.write_curves(tmp_path / "plots.csv", WHOLE)
    with (tmp_path / "plots.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["threshold", "crack precision", "crack recall", "ok precision", "ok recall"]
    by_threshold = {row["threshold"]: row for row in rows}
    assert len(by_threshold) == 101
    assert by_threshold["0"]["crack recall"] == "1"
    assert (by_threshold["0.5"]["crack precision"], by_threshold["0.5"]["crack recall"]) == ("0.5", "0.5")
    assert by_threshold["0.9"]["crack precision"] == "1"
    assert (by_threshold["1"]["crack precision"], by_threshold["1"]["crack recall"]) == ("", "0")


def test_confusion_rows_are_the_matrix_of_whole_images() -> None:
    found = Counter((actual, predicted) for _, actual, predicted in metrics_files.confusion_rows(WHOLE))
    crossed = confusion(WHOLE)
    assert crossed is not None
    labels, table = crossed
    assert found == {
        (row, column): int(table[i, j])
        for i, row in enumerate(labels)
        for j, column in enumerate(labels)
        if table[i, j]
    }


def test_confusion_rows_of_boxes_pair_what_is_missed_and_what_is_wrong_with_nothing(tmp_path: Path) -> None:
    metrics_files.write_confusion(tmp_path / "confusion.csv", BOXES)
    assert (tmp_path / "confusion.csv").read_text().splitlines() == [
        "image,actual,predicted",
        "s3://b/1,(nothing),crack",
        "s3://b/1,crack,(nothing)",
        "s3://b/1,crack,crack",
        "s3://b/1,pit,(nothing)",
    ]

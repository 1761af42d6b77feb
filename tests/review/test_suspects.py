"""Labels that are probably wrong."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import draw

from customlabels.core.errors import LayoutError
from customlabels.core.watching import UNWATCHED
from customlabels.datasets.model import Dataset
from customlabels.manifests.formats import load_dataset
from customlabels.pipelines.evaluation.snapshot import Prediction, Snapshot, TestImage, Truth
from customlabels.review.confident_learning import doubts
from customlabels.review.mistakes import mistake, mistakes_on
from customlabels.review.suspects import ask_about, suspects, suspects_of_version
from customlabels.review.tasks import read_tasks

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def one_label(columns: list[int], labels: int) -> np.ndarray:
    truth = np.zeros((len(columns), labels), dtype=bool)
    truth[np.arange(len(columns)), columns] = True
    return truth


def test_an_image_is_doubted_where_another_label_is_as_sure_as_usual_and_its_own_is_not() -> None:
    confidences = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.95]])
    first, *others = doubts(confidences, one_label([0, 0, 1, 1, 0], 2), ["ok", "crack"])
    assert (first.image, first.given, first.likely, first.counted) == (4, ("ok",), "crack", True)
    assert not any(doubt.counted for doubt in others)


def test_a_label_that_is_lacking_is_doubted_too() -> None:
    confidences = np.array([[0.9], [0.9], [0.1], [0.1], [0.95]])
    truth = np.array([[True], [True], [False], [False], [False]])
    first, *_ = doubts(confidences, truth, ["crack"])
    assert (first.image, first.given, first.likely, first.counted) == (4, (), "crack", True)


@given(st.integers(1, 4), st.integers(1, 30), st.integers(0, 100))
def test_every_image_is_doubted_once_those_that_are_counted_first(labels: int, images: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidences, truth = rng.random((images, labels)), rng.random((images, labels)) < 0.4
    ordered = doubts(confidences, truth, [f"label {number}" for number in range(labels)])
    assert sorted(doubt.image for doubt in ordered) == list(range(images))
    counted = [doubt.counted for doubt in ordered]
    assert counted == sorted(counted, reverse=True)
    assert all(
        set(doubt.given) <= {f"label {number}" for number in np.flatnonzero(truth[doubt.image])} for doubt in ordered
    )


@given(st.integers(2, 4), st.integers(2, 10))
def test_where_a_model_is_sure_of_every_label_none_is_counted(labels: int, images: int) -> None:
    truth = one_label([number % labels for number in range(labels * images)], labels)
    assert not any(doubt.counted for doubt in doubts(truth.astype(float), truth, [str(n) for n in range(labels)]))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load_dataset(draw(tmp_path_factory.mktemp("labelled"), {"across": 20, "down": 20, "dots": 20}))


def test_labels_that_were_flipped_are_found_among_the_first(dataset: Dataset) -> None:
    flipped = {3: "down", 25: "across", 50: "across"}
    records = tuple(
        replace(record, labels=(flipped.get(number, record.labels[0]),))
        for number, record in enumerate(dataset.records)
    )
    ordered = suspects(replace(dataset, records=records), UNWATCHED)
    assert {suspect.name for suspect in ordered[:6]} >= {records[number].name for number in flipped}
    found = {suspect.name: suspect for suspect in ordered}
    assert found[records[3].name].doubted == ("down",)
    assert found[records[3].name].likely == records[3].name.partition("/")[0]


def test_too_few_images_are_not_doubted(dataset: Dataset) -> None:
    with pytest.raises(LayoutError, match="too few images"):
        suspects(replace(dataset, records=dataset.records[:3]), UNWATCHED)


def snapshot(*images: TestImage) -> Snapshot:
    return Snapshot("v1", False, images, {"across": 0.5, "down": 0.5, "dots": 0.5})


def judged(name: str, true: str, **confidences: float) -> TestImage:
    predictions = tuple(Prediction(label, value, label == true, value >= 0.5) for label, value in confidences.items())
    return TestImage(f"s3://bucket/images/{name}", (Truth(true),), predictions)


def test_what_a_version_says_of_its_test_images_makes_suspects_and_mistakes(dataset: Dataset) -> None:
    images = snapshot(
        judged("across/000.jpg", "across", across=0.9, down=0.1),
        judged("across/001.jpg", "across", across=0.1, down=0.9),
        judged("down/002.jpg", "down", across=0.1, down=0.9),
        judged("elsewhere/999.jpg", "down", across=0.9),
    )
    first, *_ = suspects_of_version(dataset, images)
    assert (first.name, first.likely) == ("across/001.jpg", "down")
    assert mistakes_on(dataset, images) == {"across/001.jpg": "says down; misses across"}
    assert mistake(images.images[0]) == ""
    with pytest.raises(LayoutError, match="no image was tested on"):
        suspects_of_version(dataset, snapshot())


def test_suspects_are_asked_about_once(dataset: Dataset, tmp_path: Path) -> None:
    doubtful = suspects(dataset, UNWATCHED)[:3]
    assert ask_about(tmp_path, dataset, doubtful, NOON) == 3
    assert ask_about(tmp_path, dataset, doubtful, NOON) == 0
    tasks = read_tasks(tmp_path)
    assert [task.name for task in tasks] == [suspect.name for suspect in doubtful]
    assert all(task.version == "" and task.predicted == (task.name.partition("/")[0],) for task in tasks)

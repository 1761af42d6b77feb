from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.emulator.engine import classifier


def clouds(images: int, labels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features around a centre a label, and which label is there."""
    random = np.random.default_rng(seed)
    which = np.arange(images) % labels
    centres = np.random.default_rng(99).normal(0, 3, (labels, 20))
    return centres[which] + random.normal(0, 1, (images, 20)), np.eye(labels, dtype=bool)[which]


def test_it_tells_labels_apart_that_differ() -> None:
    features, truth = clouds(90, 3)
    model = classifier.fit(features, truth, ("a", "b", "c"), seed=0)
    others, present = clouds(60, 3, seed=1)
    scores = classifier.confidences(model, others)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (scores.argmax(axis=1) == present.argmax(axis=1)).mean() > 0.95
    assert scores[present].mean() > 0.8 > 0.2 > scores[~present].mean()


def test_an_image_may_have_several_labels() -> None:
    random = np.random.default_rng(0)
    truth = random.random((200, 2)) > 0.5
    features = random.normal(0, 0.3, (200, 2)) + truth
    scores = classifier.confidences(classifier.fit(features, truth, ("a", "b"), seed=0), features)
    assert ((scores > 0.5) == truth).mean() > 0.9


def test_the_same_images_give_the_same_model_to_the_bit() -> None:
    features, truth = clouds(60, 2)
    first, second = (classifier.fit(features, truth, ("a", "b"), seed=3) for _ in range(2))
    for field in fields(first):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))


@pytest.mark.parametrize("counts", [(1, 1), (1, 5), (2, 2), (3, 40)])
def test_a_few_images_are_enough_to_learn_something(counts: tuple[int, int]) -> None:
    which = np.repeat([0, 1], counts)
    features = np.eye(2)[which] * 5 + np.random.default_rng(0).normal(0, 0.1, (len(which), 2))
    truth = np.eye(2, dtype=bool)[which]
    scores = classifier.confidences(classifier.fit(features, truth, ("a", "b"), seed=0), features)
    assert (scores.argmax(axis=1) == which).all()


def test_a_label_on_every_image_or_on_none_is_refused() -> None:
    features, truth = clouds(10, 2)
    for value in (True, False):
        with pytest.raises(ValueError, match="label 'b'"):
            classifier.fit(features, np.column_stack([truth[:, 0], np.full(10, value)]), ("a", "b"), seed=0)


def test_over_the_limit_every_image_of_a_rare_label_is_kept() -> None:
    truth = np.zeros((1000, 2), dtype=bool)
    truth[:970, 0] = truth[970:, 1] = True
    chosen = classifier.chosen(truth, 100, seed=0)
    assert len(chosen) == 100
    assert truth[chosen, 1].sum() == 30


def test_a_stored_model_gives_the_same_confidences(tmp_path: Path) -> None:
    features, truth = clouds(40, 2)
    model = classifier.fit(features, truth, ("ä b", "c"), seed=0)
    classifier.save(model, tmp_path / "model.npz")
    loaded = classifier.load(tmp_path / "model.npz")
    assert loaded.labels == ("ä b", "c")
    np.testing.assert_array_equal(classifier.confidences(loaded, features), classifier.confidences(model, features))


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 broken"])
def test_another_file_is_no_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(ValueError, match="no model of this engine"):
        classifier.load(tmp_path / "model.npz")


def test_a_pickled_model_is_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", labels=np.array([object()], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="no model of this engine"):
        classifier.load(tmp_path / "model.npz")


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=30))
def test_the_assumed_threshold_has_the_best_f1_and_lies_halfway_to_the_next_lower_score(
    images: list[tuple[float, bool]],
) -> None:
    scores, truth = (np.array(column) for column in zip(*images, strict=True))
    threshold = classifier.assumed_threshold(scores, truth)

    def f1(threshold: float) -> float:
        accepted = scores >= threshold
        return 2 * int((accepted & truth).sum()) / max(1, int(accepted.sum() + truth.sum()))

    if not truth.any():
        assert threshold == 1.0
        return
    best = max(sorted(set(scores)), key=lambda score: (f1(score), score))
    assert f1(threshold) == f1(best)
    assert threshold == pytest.approx((best + max(scores[scores < best], default=0.0)) / 2)

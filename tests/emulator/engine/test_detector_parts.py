"""What a detector is made of: coarse maps among the pixels' channels, and the boxes that it learns from again."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from customlabels.emulator.engine import detector_pixels
from customlabels.emulator.engine.detector_mistakes import Examples, joined, most_mistaken

CHANNELS, UNITS = 5, 4

sides = st.tuples(st.integers(16, 90), st.integers(16, 90))
coarse = st.lists(st.tuples(st.integers(1, 7), st.integers(1, 12), st.integers(1, 12)), max_size=3)


@settings(max_examples=40, deadline=None)
@given(sides, coarse, st.integers(0, 2**32 - 1))
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

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.feature import hog

from customlabels.emulator.engine import classifier, defects, features, pretrained
from customlabels.emulator.engine.scattering import scattered
from customlabels.emulator.engine.unevenness import unevenness

Image = np.ndarray
Turn = Callable[[Image], Image]

missing = pytest.mark.skipif(pretrained.weights_file() is None, reason="the extra local is not installed")
both_ways = pytest.mark.parametrize(
    "by", [features.BY_HAND, pytest.param(pretrained.NAME, marks=[missing, pytest.mark.around])]
)


def mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def turned_over(image: Image) -> Image:
    return np.ascontiguousarray(image[::-1, ::-1])


def turned(image: Image) -> Image:
    return np.ascontiguousarray(np.rot90(image))


def surface(seed: int) -> Image:
    """Blotches, (160, 160), around 120."""
    rough = np.random.default_rng(seed).normal(0, 60, (160, 160))
    return np.clip(cv2.GaussianBlur(rough, (0, 0), 2) + 120, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("turn", "blocks"), [(mirrored, 1), (turned_over, 2), (turned, 2)])
def test_scattering_hardly_changes_where_the_image_is_mirrored_or_turned(turn: Turn, blocks: int) -> None:
    image, other = surface(0), surface(1)
    kinds = list(zip(scattered(image), scattered(turn(image)), scattered(other), strict=True))
    for figures, same, another in kinds[:blocks]:
        assert np.abs(same - figures).mean() < 0.6 * np.abs(another - figures).mean()


@pytest.mark.parametrize("shape", [(64, 64), (64, 1280), (4096, 64), (333, 97)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_every_figure_of_an_even_surface_is_finite(shape: tuple[int, int], value: int) -> None:
    assert np.isfinite(features.describe(np.full(shape, value, dtype=np.uint8), features.BY_HAND)).all()


@pytest.mark.parametrize("shape", [(100, 100), (400, 100), (64, 1280)])
def test_an_image_keeps_its_proportions(shape: tuple[int, int]) -> None:
    height, width = defects.resized(np.zeros(shape, dtype=np.uint8)).shape
    assert height / width == pytest.approx(shape[0] / shape[1], rel=0.05)
    assert height * width == pytest.approx(256 * 256, rel=0.05)


def test_a_line_across_the_marks_of_grinding_stands_out_and_one_along_them_less() -> None:
    random = np.random.default_rng(0)
    ground = np.repeat(random.normal(0, 12, (1, 256)), 256, axis=0) + random.normal(0, 2, (256, 256)) + 128
    along, across = ground.copy(), ground.copy()
    along[60:200, 128:130] -= 20
    across[128:130, 60:200] -= 20
    usual, less, more = (
        defects.lines(defects.flattened(image.clip(0, 255).astype(np.uint8))) for image in (ground, along, across)
    )
    assert np.abs(more - usual).max() > 1.5 * np.abs(less - usual).max()


def test_a_step_of_light_is_uneven_and_its_side_does_not_matter() -> None:
    flat = np.full((128, 128), 120, dtype=np.uint8)
    stepped = flat.copy()
    stepped[:, :50] = 90
    assert np.abs(unevenness(stepped) - unevenness(flat)).max() > 0.1
    np.testing.assert_allclose(unevenness(mirrored(stepped)), unevenness(stepped), atol=1e-4)


@settings(max_examples=25, deadline=None)
@given(arrays.arrays(np.uint8, (128, 128)) | st.integers(0, 40).map(lambda seed: surface(seed)[:128, :128]))
def test_histograms_of_gradients_are_those_of_scikit_image(grey: Image) -> None:
    usual = hog(grey, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2), transform_sqrt=True)
    np.testing.assert_allclose(features._edges(grey), usual, atol=1e-6)


def accuracy(first: list[Image], second: list[Image], by: str) -> float:
    """Share of images that a model puts right, half of each list being shown to it."""
    rows = np.stack([features.describe(image, by) for image in (*first, *second)])
    truth = np.eye(2, dtype=bool)[np.repeat([0, 1], [len(first), len(second)])]
    seen = np.arange(len(rows)) % 2 == 0
    model = classifier.fit(rows[seen], truth[seen], ("a", "b"), 0, features.weights(by))
    predicted = classifier.confidences(model, rows[~seen]).argmax(axis=1)
    return float((predicted == truth[~seen].argmax(axis=1)).mean())


@both_ways
@pytest.mark.parametrize(
    "turn", [*(pytest.param(turn, marks=pytest.mark.around) for turn in (mirrored, turned_over)), turned]
)
def test_labels_that_differ_by_the_way_a_thing_lies_are_told_apart(turn: Turn, by: str) -> None:
    images = []
    for seed in range(60):
        image, random = surface(seed), np.random.default_rng(seed)
        corner = np.array([[45, 35], [45, 120], [105, 120]]) + random.integers(-8, 9, 2)
        cv2.polylines(image, [corner.astype(np.int32).reshape(-1, 1, 2)], False, int(random.integers(170, 230)), 12)
        images.append(image)
    assert accuracy(images[:30], [turn(image) for image in images[30:]], by) > 0.9


@both_ways
def test_labels_that_differ_by_hue_alone_are_told_apart(by: str) -> None:
    def tinted(seed: int, tint: int) -> Image:
        return np.clip(surface(seed)[..., None] + np.array([tint, 0, -tint]), 0, 255).astype(np.uint8)

    assert accuracy([tinted(seed, 8) for seed in range(30)], [tinted(seed, -8) for seed in range(30, 60)], by) > 0.9

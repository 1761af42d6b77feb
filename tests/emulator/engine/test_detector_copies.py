"""Turned copies of training images: their boxes hold the same pixels, and nothing is turned that has its own way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.emulator.engine.detector_copies import lie_any_way, turned_boxes, turned_image, with_copies
from customlabels.emulator.engine.detector_truth import Box

sides = st.tuples(st.integers(1, 30), st.integers(1, 30))
ways = st.integers(0, 7)

WIDE, TALL, SQUARE = (0, 2.0, 3.0, 12.0, 4.0), (0, 2.0, 3.0, 4.0, 12.0), (0, 2.0, 3.0, 6.0, 6.0)


@st.composite
def boxed(draw: st.DrawFn) -> tuple[tuple[int, int], Box]:
    height, width = draw(sides)
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    across, down = draw(st.integers(1, width - left)), draw(st.integers(1, height - top))
    return (height, width), (3, float(left), float(top), float(across), float(down))


@given(boxed(), ways, st.booleans())
def test_a_turned_box_holds_the_pixels_of_the_turned_image(
    given_: tuple[tuple[int, int], Box], way: int, colour: bool
) -> None:
    size, box = given_
    image = np.zeros((*size, 3) if colour else size, dtype=np.uint8)
    left, top, across, down = (int(side) for side in box[1:])
    image[top : top + down, left : left + across] = 255
    ((label, *turned),) = turned_boxes([box], size, way)
    shown = turned_image(image, way)
    rows, columns = np.nonzero(shown[..., 0] if colour else shown)
    assert label == 3
    assert turned == [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]


@given(sides)
def test_no_two_ways_are_the_same(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (size[0] + 2, size[1] + 2, 3)).astype(np.uint8)
    assert len({(turned.shape, turned.tobytes()) for turned in (turned_image(image, way) for way in range(8))}) == 8


@pytest.mark.parametrize(
    ("boxes", "any_way"),
    [
        ([[WIDE, TALL], [SQUARE]], True),
        ([[SQUARE], []], True),
        ([[WIDE] * 9, [TALL]], True),
        ([[WIDE] * 19, [TALL]], False),
        ([[WIDE], [SQUARE]], False),
        ([[TALL, WIDE], [(1, *WIDE[1:])]], False),
    ],
)
def test_labels_whose_long_boxes_lie_one_way_are_not_turned(boxes: list[list[Box]], any_way: bool) -> None:
    assert lie_any_way(boxes) is any_way
    images = [np.full((20, 30), 9, dtype=np.uint8) for _ in boxes]
    copied = with_copies(images, boxes, 7)
    assert len(copied.images) == len(copied.boxes) == len(copied.origins) == (2 if any_way else 1) * len(images)


def test_each_image_is_followed_by_its_copy_as_long_as_they_are_few() -> None:
    images = [np.full((20, 30), number, dtype=np.uint8) for number in range(8)]
    copied = with_copies(images, [[WIDE, TALL]] * 8, 7)
    assert copied.origins.tolist() == [number for number in range(8) for _ in range(2)]
    assert [image.max() for image in copied.images] == copied.origins.tolist()
    assert all(copied.boxes[2 * number] == [WIDE, TALL] for number in range(8))
    assert all(copied.boxes[2 * number + 1] != [WIDE, TALL] for number in range(8))
    assert len(with_copies(images * 38, [[WIDE, TALL]] * 304, 7).images) == 304

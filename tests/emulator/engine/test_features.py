import io

import numpy as np
import pytest
from PIL import Image
from support.drawing import drawn

from customlabels.emulator.engine.features import decode, describe

GREY = drawn(2, 7, size=100)


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("image", "form", "dimensions"),
    [
        (GREY, "PNG", 2),
        (GREY, "JPEG", 2),
        (GREY.convert("1"), "PNG", 2),
        (GREY.convert("LA"), "PNG", 2),
        (GREY.convert("RGB"), "JPEG", 3),
        (GREY.convert("RGBA"), "PNG", 3),
        (GREY.convert("P"), "PNG", 3),
        (GREY.convert("CMYK"), "JPEG", 3),
        (Image.fromarray(np.asarray(GREY).astype(np.uint16) * 256), "PNG", 2),
    ],
)
def test_every_kind_of_pixel_is_read_and_described_at_the_same_length(
    image: Image.Image, form: str, dimensions: int
) -> None:
    pixels = decode(encoded(image, form))
    assert (pixels.ndim, pixels.dtype) == (dimensions, np.uint8)
    assert pixels.shape[:2] == (100, 100)
    assert describe(pixels).shape == describe(np.asarray(GREY)).shape


def test_sixteen_bits_keep_their_light() -> None:
    deep = Image.fromarray(np.asarray(GREY).astype(np.uint16) * 256)
    np.testing.assert_array_equal(decode(encoded(deep)), np.asarray(GREY))


@pytest.mark.parametrize("shape", [(64, 64), (64, 1280), (333, 97)])
def test_the_length_does_not_hang_on_the_size_and_all_figures_are_finite(shape: tuple[int, int]) -> None:
    row = describe(np.zeros(shape, dtype=np.uint8))
    assert row.shape == describe(np.asarray(GREY)).shape
    assert np.isfinite(row).all()


def test_the_same_image_gives_the_same_figures() -> None:
    np.testing.assert_array_equal(describe(np.asarray(GREY)), describe(np.asarray(GREY)))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no JPEG or PNG"),
        (b"text", "no JPEG or PNG"),
        (encoded(GREY, "GIF"), "no JPEG or PNG"),
        (encoded(GREY, "JPEG")[:800], "damaged"),
        (encoded(Image.new("1", (5000, 70))), "5000×70 pixels"),
        (encoded(Image.new("1", (20_000, 20_000))), "damaged|20000"),
        (encoded(Image.new("L", (63, 70))), "63×70 pixels"),
    ],
)
def test_what_the_service_does_not_take_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        decode(data)

"""Images in a row, as a notebook shows them."""

import io
from pathlib import Path

import pytest
from PIL import Image

from customlabels import show
from customlabels.core.errors import LayoutError


def made(path: Path, width: int, height: int, colour: str, **more: object) -> Path:
    Image.new("RGB", (width, height), colour).save(path, **more)
    return path


def test_images_of_any_size_stand_side_by_side_at_one_height(tmp_path: Path) -> None:
    wide = made(tmp_path / "wide.png", 400, 100, "red")
    high = made(tmp_path / "high.jpg", 100, 400, "blue")
    shown = show([str(wide), high], height=50)
    with Image.open(io.BytesIO(shown.jpeg)) as row:
        assert row.size == (200 + 6 + 12, 50)
        (red, _, _), (_, _, blue) = row.getpixel((100, 25)), row.getpixel((212, 25))
    assert red > 200 < blue
    assert shown.alt == "wide.png, high.jpg"


def test_a_notebook_gets_the_picture_and_its_words(tmp_path: Path) -> None:
    shown = show([made(tmp_path / "a.png", 10, 10, "red")], "a red square")
    body, about = shown._repr_jpeg_()
    assert body.startswith(b"\xff\xd8")
    assert about == {"alt": "a red square"}
    assert repr(shown) == "Shown(alt='a red square')"


def test_an_image_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = made(tmp_path / "turned.jpg", 800, 400, "red", exif=exif)
    with Image.open(io.BytesIO(show([path], height=100).jpeg)) as row:
        assert row.size == (50, 100)


@pytest.mark.parametrize(
    ("names", "says"),
    [([], "no image"), (["none.jpg"], "none.jpg: cannot be shown"), (["text.jpg"], "text.jpg: cannot be shown")],
)
def test_what_cannot_be_shown_is_said(names: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(LayoutError, match=says):
        show([tmp_path / name for name in names])


def test_a_row_has_an_end(tmp_path: Path) -> None:
    path = made(tmp_path / "a.png", 100, 10, "red")
    with pytest.raises(LayoutError, match="9 images make a row of 18048 pixels; 16000 are shown at most"):
        show([path] * 9)

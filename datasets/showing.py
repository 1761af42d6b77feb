"""Images side by side, as a notebook shows them."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from customlabels.core.errors import LayoutError

_GAP = 6
_MOST_PIXELS = 100_000_000
_LONGEST_ROW = 16_000
"""Pixels: JPEG ends at 65,535 a side, and browsers before."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Images in a row, as one JPEG; a notebook shows it where it is a cell's last value, or is displayed.

    Parameters
    ----------
    alt : tells in words what they show
    """

    alt: str
    jpeg: bytes = field(repr=False)

    def _repr_jpeg_(self) -> tuple[bytes, Mapping[str, str]]:
        return self.jpeg, {"alt": self.alt}


def show(images: Iterable[str | Path], alt: str = "", *, height: int = 200) -> Shown:
    """Images side by side, turned as their EXIF says, of one height.

    Parameters
    ----------
    images : files of a format that Pillow reads
    alt : tells in words what they show; by default their names do
    height : pixels

    Raises
    ------
    LayoutError : there is none, or one cannot be read; or they are too many for a row
    """
    from PIL import Image, ImageOps

    paths = [Path(image) for image in images]
    if not paths:
        raise LayoutError("there is no image to show")
    pictures = []
    for path in paths:
        try:
            with Image.open(path) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise LayoutError(f"{path}: {image.width} by {image.height} pixels are too many to show")
                # A JPEG is decoded at about the size that is shown.
                image.draft("RGB", (height, height))
                picture = ImageOps.exif_transpose(image).convert("RGB")
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise LayoutError(f"{path}: cannot be shown ({error})") from error
        pictures.append(picture.resize((max(1, round(picture.width * height / picture.height)), height)))
    width = sum(picture.width + _GAP for picture in pictures) - _GAP
    if width > _LONGEST_ROW:
        raise LayoutError(f"{len(paths)} images make a row of {width} pixels; {_LONGEST_ROW} are shown at most")
    row = Image.new("RGB", (width, height), "white")
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + _GAP
    written = io.BytesIO()
    row.save(written, "JPEG", quality=80)
    return Shown(alt or ", ".join(path.name for path in paths), written.getvalue())

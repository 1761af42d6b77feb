"""Images with what a version saw drawn on them."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws import s3_reading
from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.files import written_aside
from customlabels.pipelines.service.detection import DetectedLabel, Detection, Image, Shown

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from PIL.Image import Image as Picture

_MOST_PIXELS = 100_000_000
_COLOURS = ("#e6194b", "#2c8c3c", "#4363d8", "#c65a10", "#911eb4", "#008080", "#9a6324", "#6e6e00")


def check_folder(images: Sequence[tuple[str, Image]], folder: Path) -> None:
    """Sees that no image would be drawn over.

    Raises
    ------
    SettingsError : one would
    """
    originals = {image.resolve() for _, image in images if isinstance(image, Path)}
    for name, _ in images:
        if (folder / name).resolve() in originals:
            raise SettingsError(
                f"--draw {folder} would write over {name}, which is to be looked at", hint="name another folder"
            )


def draw_in(folder: Path, detection: Detection, image: Shown, client: "S3Client") -> None:
    """Writes the image of a detection into the folder, with what was seen, under its own name.

    Raises
    ------
    LayoutError : its name leads out of the folder, or it cannot be drawn on
    """
    target = (folder / detection.name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise LayoutError(f"{detection.name}: would be written outside {folder}")
    if isinstance(image, bytes):
        body = image
    else:
        body = image.read_bytes() if isinstance(image, Path) else s3_reading.get(client, image)
    draw(body, detection, target)


def draw(body: bytes, detection: Detection, path: Path) -> None:
    """Writes the image as JPEG or PNG, by the path's name, with the boxes and labels of the detection.

    Raises
    ------
    LayoutError : it is no image that can be opened
    """
    written = io.BytesIO()
    drawn(body, detection).save(written, "PNG" if path.suffix.lower() == ".png" else "JPEG", quality=90)
    with written_aside(path) as file:
        file.write(written.getvalue())


def drawn(body: bytes, detection: Detection) -> "Picture":
    """The image with the boxes and labels of the detection.

    Raises
    ------
    LayoutError : it is no image that can be opened
    """
    from PIL import Image as Pillow
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with Pillow.open(io.BytesIO(body), formats=("JPEG", "PNG")) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise LayoutError(f"{detection.name}: {image.width} by {image.height} pixels are too many to draw on")
            canvas = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError, Pillow.DecompressionBombError) as error:
        raise LayoutError(f"{detection.name}: cannot be drawn on ({error})") from error
    draw_labels(canvas, detection.labels)
    return canvas


def draw_labels(canvas: "Picture", seen: Sequence[DetectedLabel]) -> None:
    """Draws labels and their boxes on a picture."""
    from PIL import ImageDraw, ImageFont

    pen = ImageDraw.Draw(canvas)
    size = max(11, min(canvas.size) // 28)
    font, line = ImageFont.load_default(size), max(2, size // 6)
    labels = sorted({label.label for label in seen})
    for number, label in enumerate(seen):
        colour = _COLOURS[labels.index(label.label) % len(_COLOURS)]
        words = f"{label.label} {label.confidence:.0f} %"
        if label.box is None:
            corner = (line, line + number * (size + 2 * line))
        else:
            left, top = label.box[0] * canvas.width, label.box[1] * canvas.height
            right, bottom = left + label.box[2] * canvas.width, top + label.box[3] * canvas.height
            pen.rectangle((left, top, right, bottom), outline=colour, width=line)
            corner = (max(0, int(left)), max(0, int(top) - size - line))
        pen.rectangle(pen.textbbox(corner, words, font=font), fill=colour)
        pen.text(corner, words, fill="white", font=font)

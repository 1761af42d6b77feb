"""Images made such that the service takes them, in a folder of their own; the originals are never touched."""

import io
import json
import math
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import cpu_count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.files import MARKER
from customlabels.datasets.headers import header
from customlabels.datasets.layout import Format
from customlabels.datasets.limits import MAX_BYTES, MAX_SIDE
from customlabels.datasets.model import Box, Dataset, ImageInfo, ImageRecord
from customlabels.datasets.probe import CMYK, shape_fault
from customlabels.datasets.read_back import not_kept

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 89_000_000
"""Of an image that is decoded to be made smaller."""

_MADE_BY = "customlabels dataset convert"
_QUALITIES = (95, 90, 85)
_SMALLER = 0.85
_ENDINGS = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "PNG": (".png",)}
_DEPTHS = (8, 10, 12, 14, 16)
"""Bits of which a camera makes use."""
_LOSSLESS = {"PNG", "BMP", "GIF", "TIFF"}


@dataclass(frozen=True, slots=True)
class Change:
    """An image that was rewritten, and what was done to it."""

    name: str
    written: str
    reasons: tuple[str, ...]


def convertible_fault(info: ImageInfo) -> str | None:
    """A sentence saying why an image cannot be made such that the service takes it; None where it can."""
    if info.width * info.height > MAX_PIXELS:
        return f"{info.width}×{info.height} pixels; at most {MAX_PIXELS / 1e6:.0f} million are decoded"
    return shape_fault(info)


def reasons_to_convert(info: ImageInfo) -> tuple[str, ...]:
    """What has to be done to an image; nothing where the service takes it as it is."""
    reasons = []
    if info.format not in _ENDINGS:
        reasons.append(f"{info.format} to {_target(info)}")
    if info.orientation != 1:
        reasons.append(f"turned as EXIF says (orientation {info.orientation})")
    if max(info.width, info.height) > MAX_SIDE:
        reasons.append(f"scaled down from {info.width}×{info.height} pixels")
    if info.size > MAX_BYTES:
        reasons.append(f"made smaller than its {info.size / 1e6:.1f} MB")
    if info.bits > 8:
        reasons.append(f"{info.bits} to 8 bits a channel")
    if info.format == "JPEG" and info.channels == CMYK:
        reasons.append("CMYK to RGB")
    return tuple(reasons)


def convert(
    dataset: Dataset, format: Format, folder: Path, step: Callable[[], None] | None = None
) -> tuple[Dataset, list[Change]]:
    """Writes the dataset to `folder` in that format; what was written, and the images that had to be changed.

    What was written is read back; what the format does not keep, boxes, sides or groups, is named by `findings` of the
    result, after those of `dataset`.

    Images that need no change are copied. Annotations come last, so that a folder that was cut off is never mistaken
    for a whole one; the same command again finishes it.

    Raises
    ------
    LayoutError : the format cannot say what the dataset holds, the folder holds something else, or images cannot be
        decoded
    """
    names, root = _places(dataset, format), folder.resolve()
    _begin(folder, [*names.values()])
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        used = max(pool.map(_bits_used, dataset.records), default=8)

    def write(record: ImageRecord) -> tuple[ImageRecord, Change | None] | str:
        try:
            return _write(record, root, names[record.name], used)
        except ValueError as error:
            return f"{record.name}: {error}"
        finally:
            if step:
                step()

    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        done = list(pool.map(write, dataset.records))
    faults = [outcome for outcome in done if isinstance(outcome, str)]
    if faults:
        raise LayoutError(faults[0], details=faults[1:], hint="leave them out with --exclude")
    written = [outcome for outcome in done if not isinstance(outcome, str)]
    records = sorted((record for record, _ in written), key=lambda record: record.name)
    result = Dataset(root, tuple(records), dataset.findings)
    before = set(_files(folder))
    format.save(result)
    _mark(folder, [*names.values(), *(set(_files(folder)) - before)])
    result = replace(result, findings=(*dataset.findings, *not_kept(result, format)))
    return result, [change for _, change in written if change]


def _places(dataset: Dataset, format: Format) -> dict[str, str]:
    """Where each image is to lie in the folder, by its name."""
    names: dict[str, str] = {}
    taken: dict[str, str] = {}
    faults = []
    for record in dataset.records:
        ending = PurePosixPath(record.name).suffix.lower()
        target = _target(record.info)
        name = record.name
        if ending not in _ENDINGS[target]:
            name = str(PurePosixPath(name).with_suffix(_ENDINGS[target][0]))
        try:
            path = format.place(replace(record, name=name))
        except LayoutError as error:
            faults.append(error.message)
            continue
        # Some file systems take names that differ in case for the same.
        if path.casefold() in taken:
            faults.append(f"{record.name}: would lie where {taken[path.casefold()]} does, at {path}")
        taken[path.casefold()] = record.name
        names[record.name] = path
    if faults:
        raise LayoutError(faults[0], details=faults[1:])
    return names


def _begin(folder: Path, names: Sequence[str]) -> None:
    """Sees that the folder is empty or of an earlier run, and takes away what that one wrote."""
    marker = folder / MARKER
    if marker.is_file():
        try:
            before = json.loads(marker.read_bytes())
            ours = before["made_by"] == _MADE_BY
            for name in before["files"] if ours else ():
                if ".." not in PurePosixPath(name).parts and not PurePosixPath(name).is_absolute():
                    (folder / name).unlink(missing_ok=True)
        except (ValueError, KeyError, TypeError):
            ours = False
    else:
        ours = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not ours:
        raise LayoutError(f"{folder}: is not empty", hint="name a new folder with --to; nothing there is overwritten")
    _mark(folder, names)


def _mark(folder: Path, names: Sequence[str]) -> None:
    with written_aside(folder / MARKER) as file:
        file.write(json.dumps({"made_by": _MADE_BY, "files": sorted(names)}).encode())


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != MARKER]


def _bits_used(record: ImageRecord) -> int:
    """Of how many bits an image makes use, 8 to 16: cameras give 10, 12 or 14 in files of 16.

    What cannot be decoded counts as 8; that it cannot is said where it is written.
    """
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    if record.info.bits <= 8 or convertible_fault(record.info):
        return 8
    try:
        with Image.open(record.path) as image:
            most = int(np.asarray(image).max()) if image.mode.startswith("I") else 0
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return 8
    return next((bits for bits in _DEPTHS if most < 1 << bits), _DEPTHS[-1])


def _write(record: ImageRecord, folder: Path, name: str, used: int) -> tuple[ImageRecord, Change | None]:
    """Writes one image; the record of what was written.

    Parameters
    ----------
    used : bits of which the deep images of the set make use: all are scaled alike, and can be compared
    """
    reasons = reasons_to_convert(record.info)
    path = folder / name
    if not reasons:
        try:
            with record.path.open("rb") as source, written_aside(path) as file:
                shutil.copyfileobj(source, file)
        except OSError as error:
            raise ValueError(f"cannot be copied ({error.strerror})") from error
        return replace(record, name=name, path=path), None
    image, more = _decoded(record, used)
    body = _encoded(image, _target(record.info))
    with written_aside(path) as file:
        file.write(body)
    info = header(path)
    across, down = info.width / record.info.width, info.height / record.info.height
    boxes = record.boxes
    if boxes:
        boxes = tuple(
            Box(box.label, box.left * across, box.top * down, box.width * across, box.height * down) for box in boxes
        )
    changed = replace(record, name=name, path=path, info=info, boxes=boxes)
    return changed, Change(record.name, name, (*reasons, *more))


def _target(info: ImageInfo) -> str:
    """The format of the result: JPEG stays JPEG, what was kept without loss becomes PNG."""
    return "PNG" if info.format in _LOSSLESS else "JPEG"


def _decoded(record: ImageRecord, used: int) -> tuple["Image", list[str]]:
    """The pixels as they are seen, no side over MAX_SIDE, 8 bits a channel; and what is to be said of them."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(record.path) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise ValueError("too many pixels")
            if record.info.format == "JPEG":
                opened.draft(None, (MAX_SIDE, MAX_SIDE))
            frames = getattr(opened, "n_frames", 1)
            more = [f"{frames} frames, the first kept"] if frames > 1 else []
            if opened.mode.startswith("I") and used < _DEPTHS[-1]:
                more.append(f"{used} of {_DEPTHS[-1]} bits used")
            image = ImageOps.exif_transpose(_eight_bits(opened, used))
            if record.info.bits > 8 and not opened.mode.startswith("I"):
                _refuse_dark(image)
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ValueError(f"cannot be decoded ({error})") from error
    scale = MAX_SIDE / max(record.info.width, record.info.height)
    if scale < 1:
        size = (max(1, round(record.info.width * scale)), max(1, round(record.info.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return image, more


def _refuse_dark(image: "Image") -> None:
    """Sees that colours of 16 bits, of which the upper 8 are read, do not lie in the lower ones.

    Raises
    ------
    ValueError
    """
    import numpy as np

    brightest = int(np.asarray(image.convert("RGB")).max())
    if brightest < 1 << (_DEPTHS[-2] - 8):
        raise ValueError(
            f"its colours of 16 bits make use of {_DEPTHS[-2]} or fewer, which would become black; write them in 8 bits"
        )


def _eight_bits(image: "Image", used: int) -> "Image":
    import numpy as np
    from PIL import Image

    if image.mode == "F":
        raise ValueError("floating-point pixels, whose range is not known")
    if image.mode.startswith("I"):
        upper = np.asarray(image).astype(np.int64) >> (used - 8)
        return Image.fromarray(upper.clip(0, 255).astype(np.uint8))
    if image.mode in {"L", "RGB"}:
        return image
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _encoded(image: "Image", format: str) -> bytes:
    """The image as a file of at most MAX_BYTES: worse quality first (JPEG), then fewer pixels."""
    from PIL import Image

    if format == "JPEG" and image.mode not in {"L", "RGB"}:
        image = image.convert("RGB")
    while True:
        for quality in _QUALITIES if format == "JPEG" else (None,):
            file = io.BytesIO()
            if quality:
                image.save(file, "JPEG", quality=quality)
            else:
                image.save(file, "PNG")
            if file.tell() <= MAX_BYTES:
                return file.getvalue()
        size = (math.ceil(image.width * _SMALLER), math.ceil(image.height * _SMALLER))
        image = image.resize(size, Image.Resampling.LANCZOS)

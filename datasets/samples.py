"""Labelled surface photographs made to try things on: a metal surface with a crack, a scratch, pits, or nothing."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside

LABELS = ("ok", "crack", "scratch", "pit")
BOXES = "boxes.json"
_MADE_BY = "customlabels sample"
_BOXED = LABELS[1:]
_MARGIN = 2
_FINER = 3
"""Defects are drawn this many times larger and scaled down, so that thin lines have soft edges."""

Plane = NDArray[np.float64]
Pixels = tuple[int, int, int, int]


def make_samples(
    folder: Path,
    *,
    images: int = 40,
    size: int = 200,
    seed: int = 0,
    step: Callable[[], None] | None = None,
) -> int:
    """Writes `images` photographs a label and their boxes (COCO); how many were written.

    Each image hangs on the seed, its label and its number alone, so more images do not change the first ones.

    Parameters
    ----------
    images : a label, at least 1
    size : pixels a side, 64 to 4096
    step : called after each image

    Raises
    ------
    ValueError : a figure out of range
    LayoutError : the folder holds something that was not made here
    """
    if images < 1 or not 64 <= size <= 4096:
        raise ValueError("images is at least 1, size 64 to 4096")
    _refuse_foreign(folder)
    # The list of boxes is written first, empty: it marks the folder as one of ours should the run be cut off.
    _write_boxes(folder, [], [])
    described: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for label in LABELS:
        for number in range(1, images + 1):
            name = f"{label}/{label}-{number:04}.jpg"
            body, boxes = _photograph(label, size, np.random.default_rng([seed, LABELS.index(label), number]))
            with written_aside(folder / name) as file:
                file.write(body)
            image_id = len(described) + 1
            described.append({"id": image_id, "file_name": name, "width": size, "height": size})
            for left, top, right, bottom in boxes:
                width, height = right - left, bottom - top
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image_id,
                        "category_id": _BOXED.index(label) + 1,
                        "bbox": [left, top, width, height],
                        "area": width * height,
                        "iscrowd": 0,
                    }
                )
            if step:
                step()
    _write_boxes(folder, described, annotations)
    return len(described)


def _refuse_foreign(folder: Path) -> None:
    """Sees that nothing of the user's own is in the way.

    Raises
    ------
    LayoutError
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        ours = json.loads((folder / BOXES).read_bytes())["info"]["made_by"] == _MADE_BY
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        raise LayoutError(
            f"{folder}: is not empty, and was not made by customlabels sample; nothing was written",
            hint="name a new folder",
        )


def _write_boxes(folder: Path, images: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> None:
    document = {
        "info": {"description": "Surface photographs, made by a program", "made_by": _MADE_BY},
        "images": [{**image, "date_captured": "2026-01-01 00:00:00"} for image in images],
        "categories": [{"id": number, "name": name} for number, name in enumerate(_BOXED, 1)],
        "annotations": annotations,
    }
    with written_aside(folder / BOXES) as file:
        file.write(json.dumps(document, indent=1).encode() + b"\n")


def _photograph(label: str, size: int, random: Generator) -> tuple[bytes, list[Pixels]]:
    """One JPEG and the boxes of its defects: left, top, right, bottom in pixels."""
    surface = _surface(size, random)
    boxes: list[Pixels] = []
    if label == "crack":
        surface, boxes = _crack(surface, random)
    elif label == "scratch":
        surface, boxes = _scratch(surface, random)
    elif label == "pit":
        surface, boxes = _pits(surface, random)
    surface = _specks(surface, random) * _light(size, random)
    surface += random.normal(0, random.uniform(2.5, 6.0), surface.shape)
    tint = 1 + np.array([0.02, 0.0, -0.02]) * random.uniform(-1, 1)
    pixels = np.clip(surface[..., None] * tint, 0, 255).astype(np.uint8)
    image = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(random.uniform(0.2, 0.8)))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue(), boxes


def _surface(size: int, random: Generator) -> Plane:
    """Machined metal: streaks in one direction, blotches, here and there a stain; around 128."""
    rough = random.normal(0, 1, (2 * size, 2 * size))
    image = Image.fromarray(rough.astype(np.float32))
    streaks = image.resize((2 * size, max(2, size // 20)), Image.Resampling.BOX).resize((2 * size, 2 * size))
    turned = np.asarray(streaks.rotate(random.uniform(-20, 20)), dtype=np.float64)
    middle = slice(size // 2, size // 2 + size)
    streak = turned[middle, middle] / max(float(turned[middle, middle].std()), 1e-6)
    surface = random.uniform(105, 150) + random.uniform(2, 6) * streak + random.uniform(3, 8) * _clouds(size, 6, random)
    for _ in range(random.integers(0, 3)):
        surface += random.uniform(-14, 14) * _blob(size, random, size * random.uniform(0.06, 0.15))
    return np.asarray(surface, dtype=np.float64)


def _clouds(size: int, cells: int, random: Generator) -> Plane:
    coarse = Image.fromarray(random.normal(0, 1, (cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC), dtype=np.float64)


def _blob(size: int, random: Generator, radius: float) -> Plane:
    """A soft round spot somewhere, 1 in its middle."""
    across, down = random.uniform(0, size, 2)
    rows, columns = np.mgrid[:size, :size]
    spot: Plane = np.exp(-((columns - across) ** 2 + (rows - down) ** 2) / (2 * radius**2))
    return spot


def _light(size: int, random: Generator) -> Plane:
    """Uneven light: brighter to one side, darker to the edges."""
    rows, columns = np.mgrid[:size, :size] / size - 0.5
    angle = random.uniform(0, 2 * np.pi)
    slope = random.uniform(0.1, 0.45) * (columns * np.cos(angle) + rows * np.sin(angle))
    light: Plane = random.uniform(0.85, 1.15) * (1 + slope) * (1 - random.uniform(0.1, 0.5) * (rows**2 + columns**2))
    return light


def _specks(surface: Plane, random: Generator) -> Plane:
    """Dust: a few pixels, on every label."""
    size = len(surface)
    for _ in range(random.integers(0, 6)):
        surface = surface + random.uniform(-35, 25) * _blob(size, random, random.uniform(0.5, 1.0) * size / 200)
    return surface


def _drawn(size: int, lines: list[tuple[list[tuple[float, float]], float]]) -> Plane:
    """Lines of (points, width), in pixels, drawn as a mask of 0..1."""
    mask = Image.new("L", (size * _FINER, size * _FINER))
    pen = ImageDraw.Draw(mask)
    for points, width in lines:
        fine = [(across * _FINER, down * _FINER) for across, down in points]
        pen.line(fine, fill=255, width=max(1, round(width * _FINER)), joint="curve")
    return np.asarray(mask.resize((size, size), Image.Resampling.BOX), dtype=np.float64) / 255


def _box(mask: Plane) -> Pixels:
    """The box around what a mask marks, a little wider, inside the image."""
    rows, columns = np.nonzero(mask > 0.2)
    if not len(rows):
        rows, columns = np.nonzero(mask == mask.max())
    height, width = mask.shape
    return (
        max(0, int(columns.min()) - _MARGIN),
        max(0, int(rows.min()) - _MARGIN),
        min(width, int(columns.max()) + 1 + _MARGIN),
        min(height, int(rows.max()) + 1 + _MARGIN),
    )


def _crack(surface: Plane, random: Generator) -> tuple[Plane, list[Pixels]]:
    """A dark, jagged line that branches and thins out."""
    size = len(surface)
    lines: list[tuple[list[tuple[float, float]], float]] = []

    def grow(start: tuple[float, float], angle: float, length: float, width: float) -> None:
        points, steps = [start], max(4, int(length / (size * 0.03)))
        for number in range(steps):
            angle += random.normal(0, 0.45)
            across, down = points[-1]
            stride = length / steps
            points.append((across + stride * np.cos(angle), down + stride * np.sin(angle)))
            lines.append((points[-2:], width * (1 - 0.7 * number / steps)))
            if width > size / 200 and random.random() < 0.12:
                grow(points[-1], angle + random.choice([-0.9, 0.9]), length * 0.3, width * 0.6)

    start = (random.uniform(0.2, 0.8) * size, random.uniform(0.2, 0.8) * size)
    grow(start, random.uniform(0, 2 * np.pi), size * random.uniform(0.3, 0.7), size / 200 * random.uniform(1.2, 2.6))
    mask = _drawn(size, lines)
    return surface - random.uniform(32, 70) * mask, [_box(mask)]


def _scratch(surface: Plane, random: Generator) -> tuple[Plane, list[Pixels]]:
    """A thin, nearly straight line, brighter or darker than the surface, with soft ends."""
    size, pieces = len(surface), 24
    angle, bend = random.uniform(0, np.pi), random.normal(0, 0.12)
    length = size * random.uniform(0.3, 0.8)
    middle = random.uniform(0.35, 0.65, 2) * size
    along = np.linspace(-0.5, 0.5, pieces + 1)
    across = middle[0] + length * (along * np.cos(angle) - bend * along**2 * np.sin(angle))
    down = middle[1] + length * (along * np.sin(angle) + bend * along**2 * np.cos(angle))
    width = size / 200 * random.uniform(0.8, 1.8)
    mask = np.zeros_like(surface)
    for piece in range(pieces):
        ends = list(zip(across[piece : piece + 2], down[piece : piece + 2], strict=True))
        strength = min(1.0, 4 * min(piece + 1, pieces - piece) / pieces)
        mask = np.maximum(mask, strength * _drawn(size, [(ends, width)]))
    change = random.uniform(28, 60) * (1 if random.random() < 0.65 else -1)
    return surface + change * mask, [_box(mask)]


def _pits(surface: Plane, random: Generator) -> tuple[Plane, list[Pixels]]:
    """Small dark hollows with a bright rim."""
    size = len(surface)
    rows, columns = np.mgrid[:size, :size]
    boxes = []
    for _ in range(random.integers(1, 6)):
        radius = size / 200 * random.uniform(2.5, 6.0)
        across, down = random.uniform(2 * radius, size - 2 * radius, 2)
        squeeze = random.uniform(0.75, 1.3)
        far = np.sqrt(((columns - across) * squeeze) ** 2 + ((rows - down) / squeeze) ** 2) / radius
        hollow = 1 / (1 + np.exp((far - 1) * 6))
        rim = np.exp(-(((far - 1.25) / 0.22) ** 2))
        surface = surface - random.uniform(30, 65) * hollow + random.uniform(10, 28) * rim
        boxes.append(_box(hollow))
    return surface, boxes

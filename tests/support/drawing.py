"""Labelled images for tests: small, quick to make, easy to tell apart."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from customlabels.datasets.model import Box

SIDE = 128
"""Pixels of an image with squares."""


def drawn(pattern: int, seed: int, size: int = 96) -> Image.Image:
    """Noise with stripes: the label is in their direction, `pattern` 0 or 1, or in dots, 2."""
    noise = np.random.default_rng(seed).normal(0, 12, (size, size))
    rows, columns = np.mgrid[:size, :size]
    wave = (rows, columns, (rows * columns) // 16)[pattern]
    return Image.fromarray(np.clip(128 + 60 * ((wave // 8) % 2) + noise, 0, 255).astype(np.uint8))


def draw(folder: Path, counts: dict[str, int], ending: str = ".jpg") -> Path:
    """Writes `counts` images a label below `folder`, each label with a pattern of its own."""
    for pattern, (label, count) in enumerate(counts.items()):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            drawn(pattern, 1000 * pattern + number).save(folder / label / f"{number:03}{ending}")
    return folder


def squares(seed: int) -> tuple[bytes, list[Box]]:
    """Noise with a bright and a dark square somewhere."""
    random = np.random.default_rng(seed)
    pixels = random.normal(128, 8, (SIDE, SIDE))
    boxes = []
    for label, left, value in (("bright", random.integers(4, 36), 220), ("dark", random.integers(68, 100), 40)):
        top, side = random.integers(4, 90), random.integers(18, 28)
        pixels[top : top + side, left : left + side] = value
        boxes.append(Box(label, float(left), float(top), float(side), float(min(side, SIDE - left))))
    body = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(body, "PNG")
    return body.getvalue(), boxes

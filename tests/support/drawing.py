"""Labelled images for tests: small, quick to make, easy to tell apart."""

from pathlib import Path

import numpy as np
from PIL import Image


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

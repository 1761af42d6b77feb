"""20,000 images probed for size, format, channels, orientation and wholeness: python benchmarks/probe.py

Beside Pillow and imagesize in one thread, which are asked for the size alone. Then a tenth as many, to see
how time grows.
"""

import io
import random
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from timing import compare, peer, python

COUNT = 20_000
KINDS = 100

OURS = """
import os, sys
from customlabels.datasets.probe import probe_all
images = list(probe_all([entry.path for entry in os.scandir(sys.argv[1])]))
assert all(info.width == 400 for info in images)
"""
PILLOW = """
import os, sys
from PIL import Image
for entry in os.scandir(sys.argv[1]):
    with Image.open(entry.path) as image:
        assert image.size[0] == 400
"""
IMAGESIZE = """
import os, sys, imagesize
for entry in os.scandir(sys.argv[1]):
    assert imagesize.get(entry.path)[0] == 400
"""


def bodies() -> list[tuple[str, bytes]]:
    """Images as cameras write them: four of five JPEG, some progressive, some with long EXIF before the size."""
    choose = random.Random(0)
    made = []
    for number in range(KINDS):
        noise = np.random.default_rng(number).normal(128, 20, (300, 400)).clip(0, 255).astype(np.uint8)
        body = io.BytesIO()
        if number % 5 == 0:
            Image.fromarray(noise).save(body, "PNG")
            made.append((".png", body.getvalue()))
            continue
        exif = Image.Exif()
        exif[0x0112] = 1
        if number % 5 == 1:
            exif[0x9286] = "x" * choose.randint(8_000, 40_000)
        Image.fromarray(noise).save(body, "JPEG", progressive=number % 10 == 2, exif=exif)
        made.append((".jpg", body.getvalue()))
    return made


def fill(folder: Path, count: int) -> Path:
    folder.mkdir()
    made = bodies()
    for number in range(count):
        ending, body = made[number % KINDS]
        (folder / f"{number:06}{ending}").write_bytes(body)
    return folder


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        large = fill(Path(folder, "large"), COUNT)
        peers = {"Pillow in one thread": PILLOW, "imagesize": IMAGESIZE}
        compare(
            f"{COUNT:,} images probed for size, format, channels, orientation and wholeness",
            python(OURS, large),
            {name: peer("python", "-c", code, large) for name, code in peers.items()},
        )
        small = fill(Path(folder, "small"), COUNT // 10)
        compare("the same with ten times the images", python(OURS, large), {"once": python(OURS, small)}, rounds=3)


if __name__ == "__main__":
    main()

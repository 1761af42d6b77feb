"""150 photographs of 1 MB looked at, hashed and compared, as before a training: python benchmarks/contents.py [IMAGES]

Beside a loop in one thread that reads a file anew for each of the three, as scripts do. Files lie in the system's
cache, so that what is measured is not the disk; how much is read, and how much is held in memory, is counted.
"""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from rows import Row, note
from timing import AGAINST, compare, customlabels, peer, run

IMAGES, KINDS = 150, 10
SIZE = (4000, 3000)

SCRIPT = """
import hashlib, io, os, sys
from pathlib import Path
from PIL import Image

prints = []
for path in sorted(Path(sys.argv[1]).rglob("*.jpg")):
    with Image.open(path) as image:
        assert image.size == (4000, 3000)
    sha256, md5 = (hashlib.file_digest(path.open("rb"), name).hexdigest() for name in ("sha256", "md5"))
    with Image.open(path) as image:
        image.draft("L", (128, 128))
        prints.append((sha256, md5, image.convert("L").resize((64, 64)).tobytes()))
"""
COUNTED = """
import sys
from customlabels.cli.group import run
def count():
    return int(open("/proc/self/io").read().split()[1])
run(["--version"])
before = count()
run(sys.argv[1:])
print(count() - before, file=sys.stderr)
"""


def photographs() -> list[bytes]:
    """JPEG files of about a megabyte, as large as a camera's: smooth surfaces with fine grain."""
    made = []
    for number in range(KINDS):
        random = np.random.default_rng(number)
        coarse = Image.fromarray(random.integers(40, 215, (30, 40), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
        grain = random.normal(0, 4, (SIZE[1], SIZE[0]))
        body = io.BytesIO()
        Image.fromarray((np.asarray(coarse) + grain).clip(0, 255).astype(np.uint8)).convert("RGB").save(
            body, "JPEG", quality=75
        )
        made.append(body.getvalue())
    return made


def fill(folder: Path, images: int) -> int:
    """Writes the images, no two of the same bytes; how many bytes they have."""
    total, bodies = 0, photographs()
    for number in range(images):
        path = folder / f"label-{number % 4}" / f"{number:05}.jpg"
        path.parent.mkdir(exist_ok=True)
        text = f"{number:08}".encode()
        body = bodies[number % KINDS]
        total += path.write_bytes(body[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2) + text + body[2:])
    return total


def main(images: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        total = fill(Path(name), images)
        ours = customlabels("-q", "dataset", "split", name, "--report")
        what = f"{images:,} photographs of {total / images / 1e6:.1f} MB looked at, hashed and compared"
        compare(what, ours, {"hashlib and Pillow, a read each": peer("python", "-c", SCRIPT, name)}, rounds=3)
        if AGAINST in os.environ:
            return
        words = [sys.executable, "-c", COUNTED, *ours[1:]]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        read = int(done.stderr.split()[-1]) / total
        memory = run(ours).memory
        with tempfile.TemporaryDirectory() as other:
            fill(Path(other), images // 5)
            fewer = run(customlabels("-q", "dataset", "split", other, "--report")).memory
        figure = f"{read:.3f} bytes read of each byte; {memory:.0f} MB of memory, {fewer:.0f} MB with a fifth of them"
        note(Row("the same, what it takes", figure=figure))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)

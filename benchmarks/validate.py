"""A manifest of 250,000 lines validated, half of them boxes: python benchmarks/validate.py

Beside a bare loop of orjson.loads over the lines. Then ten times as many.
"""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from timing import compare, customlabels, python

from customlabels.datasets.model import Box
from customlabels.manifests.lines import entry_line, write_manifest

LINES = 250_000

BARE = """
import orjson, sys
for line in open(sys.argv[1], "rb"):
    orjson.loads(line)
"""


def lines(count: int) -> Iterator[bytes]:
    """Image-level lines with one label or two, and lines with one to five boxes, in turns."""
    choose, labels = random.Random(0), [f"defect-{number}" for number in range(40)]
    ids = {label: number for number, label in enumerate(labels)}
    for number in range(count):
        name = f"s3://plant-7/line-{number % 7}/2026/part_{number:07}.jpg"
        if number % 2:
            yield entry_line(name, tuple(choose.sample(labels, 2 if number % 8 == 1 else 1)))
            continue
        boxes = [
            Box(choose.choice(labels), choose.randrange(500), choose.randrange(400), 90, 60)
            for _ in range(choose.randint(1, 5))
        ]
        yield entry_line(name, (), boxes, (640, 480, 3), class_ids=ids)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.manifest"), Path(folder, "large.manifest")
        write_manifest(small, lines(LINES))
        write_manifest(large, lines(4 * LINES))

        def ours(path: Path) -> list[str]:
            return customlabels("-q", "manifest", "validate", path)

        compare(
            f"{LINES:,} lines", {"customlabels manifest validate": ours(small), "orjson.loads": python(BARE, small)}
        )
        fails = ["sh", "-c", f"{' '.join(ours(large))}; test $? = 4"]
        compare(
            "four times the lines (too many for an import)", {"of 4 times": fails, "of once": ours(small)}, rounds=3
        )


if __name__ == "__main__":
    main()

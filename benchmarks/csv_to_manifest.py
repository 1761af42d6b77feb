"""A CSV file of labels made into a manifest: python benchmarks/csv_to_manifest.py

Beside a bare loop over csv and orjson that writes the same bytes, and, where pandas is installed, beside its iterrows
with json. Then ten times as many rows, to see how time and memory grow.
"""

import csv
import filecmp
import importlib.util
import random
import tempfile
from pathlib import Path

from timing import compare, customlabels, python

ROWS = 250_000
PREFIX = "s3://plant-7/parts/"
METADATA = """{
        "class-name": label, "confidence": 1, "type": "groundtruth/image-classification", "human-annotated": "yes",
        "creation-date": "2000-01-01T00:00:00.000000", "job-name": "labeling-job/customlabels"}"""

BARE = f"""
import csv, orjson, sys
with open(sys.argv[1], newline="") as rows, open(sys.argv[2], "wb") as out:
    for name, *labels in csv.reader(rows):
        line = {{"source-ref": "{PREFIX}" + name}}
        for place, label in enumerate(labels):
            line[f"label_{{place}}"] = place
            line[f"label_{{place}}-metadata"] = {METADATA}
        out.write(orjson.dumps(line) + b"\\n")
"""
PANDAS = f"""
import json, sys, pandas
with open(sys.argv[2], "w") as out:
    for _, row in pandas.read_csv(sys.argv[1], header=None, names=["image", "a", "b"]).iterrows():
        line = {{"source-ref": "{PREFIX}" + row["image"]}}
        for place, label in enumerate(one for one in (row["a"], row["b"]) if isinstance(one, str)):
            line[f"label_{{place}}"] = place
            line[f"label_{{place}}-metadata"] = {METADATA}
        out.write(json.dumps(line, separators=(",", ":")) + "\\n")
"""


def write_rows(path: Path, count: int) -> None:
    """One label a row, two in every fourth."""
    choose, labels = random.Random(0), [f"defect-{number}" for number in range(40)]
    with path.open("w", newline="") as file:
        write = csv.writer(file).writerow
        for number in range(count):
            write([f"line-{number % 7}/2026/part_{number:07}.jpg", *choose.sample(labels, 2 if number % 4 == 0 else 1)])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.csv"), Path(folder, "large.csv")
        write_rows(small, ROWS)
        write_rows(large, 10 * ROWS)

        def ours(source: Path) -> list[str]:
            target = source.with_suffix(".manifest")
            return customlabels("-q", "manifest", "build", source, "--s3-images", PREFIX, "-o", target)

        peers = {"csv + orjson": python(BARE, small, Path(folder, "bare"))}
        if importlib.util.find_spec("pandas"):
            peers["pandas iterrows + json"] = python(PANDAS, small, Path(folder, "pandas"))
        compare(f"{ROWS:,} rows", {"customlabels manifest build": ours(small), **peers})
        for name in ("bare", "pandas")[: len(peers)]:
            if not filecmp.cmp(Path(folder, name), small.with_suffix(".manifest"), shallow=False):
                raise SystemExit(f"{name} wrote something else")
        compare("ten times the rows", {"of 10 times": ours(large), "of once": ours(small)}, rounds=3)


if __name__ == "__main__":
    main()

"""A CSV file of labels made into a manifest: python benchmarks/csv_to_manifest.py

Beside a bare loop over csv and orjson, polars with orjson, and pandas' iterrows with json, which all write the same
bytes and check nothing. Then ten times as many rows, to see how time and memory grow.
"""

import csv
import filecmp
import random
import tempfile
from pathlib import Path

from timing import compare, customlabels, peer, run

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
        for number, label in enumerate(labels):
            line[f"label_{{number}}"] = number
            line[f"label_{{number}}-metadata"] = {METADATA}
        out.write(orjson.dumps(line) + b"\\n")
"""
PANDAS = f"""
import json, sys, pandas
with open(sys.argv[2], "w") as out:
    for _, row in pandas.read_csv(sys.argv[1], header=None, names=["image", "a", "b"]).iterrows():
        line = {{"source-ref": "{PREFIX}" + row["image"]}}
        for number, label in enumerate(cell for cell in (row["a"], row["b"]) if isinstance(cell, str)):
            line[f"label_{{number}}"] = number
            line[f"label_{{number}}-metadata"] = {METADATA}
        out.write(json.dumps(line, separators=(",", ":")) + "\\n")
"""
POLARS = f"""
import orjson, sys, polars
frame = polars.read_csv(sys.argv[1], has_header=False, new_columns=["image", "a", "b"], truncate_ragged_lines=True)
with open(sys.argv[2], "wb") as out:
    for name, *labels in frame.iter_rows():
        line = {{"source-ref": "{PREFIX}" + name}}
        for number, label in enumerate(label for label in labels if label is not None):
            line[f"label_{{number}}"] = number
            line[f"label_{{number}}-metadata"] = {METADATA}
        out.write(orjson.dumps(line) + b"\\n")
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
            return customlabels("-q", "manifest", "build", source, "--s3-images", PREFIX, "--to", target)

        scripts = {"csv and orjson": BARE, "polars and orjson": POLARS, "pandas iterrows and json": PANDAS}
        peers = {name: peer("python", "-c", code, small, Path(folder, name)) for name, code in scripts.items()}
        run(ours(small))
        for name, command in peers.items():
            run(command)
            if not filecmp.cmp(Path(folder, name), small.with_suffix(".manifest"), shallow=False):
                raise SystemExit(f"{name} wrote something else")
        slow = {"pandas iterrows and json": peers.pop("pandas iterrows and json")}
        what = f"manifest build, CSV of {ROWS:,} rows"
        compare(what, ours(small), peers)
        compare(what, ours(small), slow, rounds=3)
        compare("the same with ten times the rows", ours(large), {"once the rows": ours(small)}, rounds=3)


if __name__ == "__main__":
    main()

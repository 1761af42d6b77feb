"""What a benchmark finds, a row each: printed, and kept for the table where `make bench` asks for it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

ROWS = "CUSTOMLABELS_BENCH_ROWS"
"""Environment variable: the file to which rows are added, as JSON lines."""


@dataclass(frozen=True)
class Row:
    """`ratio` is ours over that of what stands `beside` it; `figure` is what we took, or what came out."""

    what: str
    beside: str = ""
    ratio: str = ""
    figure: str = ""
    runs: int = 1


def note(row: Row) -> None:
    share = f"{row.ratio} of {row.beside}; " if row.beside else ""
    print(f"{row.what}: {share}{row.figure}", flush=True)
    if ROWS in os.environ:
        with Path(os.environ[ROWS]).open("a") as file:
            file.write(json.dumps(asdict(row)) + "\n")

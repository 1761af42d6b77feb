"""Detections written as they come, as JSON lines or CSV, so that a run that was cut off goes on where it was."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from customlabels.core.errors import LayoutError
from customlabels.pipelines.detection import Detection

COLUMNS = ("name", "label", "confidence", "left", "top", "width", "height", "error")


class DetectionFile:
    """A file of detections that grows; made by `detection_file`."""

    def __init__(self, file: TextIO, as_csv: bool, done: set[str]) -> None:
        self._file = file
        self._as_csv = as_csv
        self.done = done
        """Names of the images that are in it already."""

    def write(self, detection: Detection) -> None:
        """Adds a detection, on disk when this returns."""
        self._file.write(_rows(detection) if self._as_csv else json.dumps(asdict(detection), ensure_ascii=False) + "\n")
        self._file.flush()


@contextmanager
def detection_file(path: Path) -> Iterator[DetectionFile]:
    """The file at `path`, CSV where its name ends in .csv, else JSON lines; what is whole in it is kept.

    A line that was cut off, and images that could not be looked at, are left out, to be done again.

    Raises
    ------
    LayoutError : it holds something else
    """
    as_csv = path.suffix.lower() == ".csv"
    kept, done = _kept(path, as_csv)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        with path.open("r+b") as file:
            file.truncate(kept)
    with path.open("a", encoding="utf-8", newline="") as file:
        if as_csv and not kept:
            file.write(",".join(COLUMNS) + "\n")
        yield DetectionFile(file, as_csv, done)


def _kept(path: Path, as_csv: bool) -> tuple[int, set[str]]:
    """How many bytes of the file are whole, and the names in them; what follows the first failure is done again."""
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return 0, set()
    kept, done = 0, set()
    for number, line in enumerate(body.splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            break
        if as_csv and number == 1:
            if line.decode(errors="replace").strip() != ",".join(COLUMNS):
                raise LayoutError(f"{path}: is no file of detections", hint="name another with --to")
        else:
            name, failed = _name(path, number, line, as_csv)
            if failed:
                break
            done.add(name)
        kept += len(line)
    return kept, done


def _name(path: Path, number: int, line: bytes, as_csv: bool) -> tuple[str, bool]:
    """The name in a line, and whether that image could not be looked at."""
    try:
        if as_csv:
            row = next(csv.reader([line.decode()]))
            return row[0], bool(row[len(COLUMNS) - 1])
        found: dict[str, Any] = json.loads(line)
        return found["name"], found["error"] is not None
    except (ValueError, KeyError, IndexError, StopIteration, TypeError) as error:
        raise LayoutError(f"{path}, line {number}: is no detection", hint="name another file with --to") from error


def _rows(detection: Detection) -> str:
    """A row a label; one without a label where nothing was seen, or it could not be looked at."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    name = detection.name.replace("\n", " ").replace("\r", " ")
    for seen in detection.labels:
        writer.writerow([name, seen.label, f"{seen.confidence:.4f}", *(seen.box or ("",) * 4), ""])
    if not detection.labels:
        writer.writerow([name, "", "", "", "", "", "", detection.error or ""])
    return text.getvalue()

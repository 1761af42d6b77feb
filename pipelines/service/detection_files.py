"""Detections written as they come, as JSON lines or CSV, so that a run that was cut off goes on where it was."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.pipelines.service.detection import Detection

COLUMNS = ("name", "label", "confidence", "left", "top", "width", "height", "error", "source", "version", "least")


class Run(NamedTuple):
    """What a file's detections are of: where the images were looked for, which version, and the least confidence."""

    source: str
    version: str
    least: float | None


class DetectionFile:
    """A file of detections that grows; made by `detection_file`."""

    def __init__(self, file: BinaryIO, as_csv: bool, run: Run) -> None:
        self._file = file
        self._as_csv = as_csv
        self._run = run

    def write(self, detection: Detection) -> None:
        """Adds a detection, on disk when this returns."""
        if self._as_csv:
            text = _rows(detection, self._run)
        else:
            text = json.dumps({**asdict(detection), **self._run._asdict()}, ensure_ascii=False) + "\n"
        self._file.write(text.encode())
        self._file.flush()


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a file of detections is whole: the names in it, and its bytes without what has to be done again."""

    done: frozenset[str]
    body: bytes


def read_kept(path: Path, run: Run) -> Kept:
    """What of the file is whole; nothing where there is no file. The file is left as it is.

    Images of another source are kept, and not taken for those of the run.

    A line that was cut off, images that could not be looked at, and in CSV the last image, whose rows may lack some,
    have to be done again.

    Raises
    ------
    LayoutError : it holds something else than detections, or those of another version or least confidence
    """
    as_csv = _is_csv(path)
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return Kept(frozenset(), b"")
    header = ",".join(COLUMNS).encode()
    if as_csv and lines and lines.pop(0).strip() != header:
        raise LayoutError(f"{path}: is no file of detections", hint="name another with --to")
    whole = [line for line in lines if line.endswith(b"\n")]
    if not as_csv and lines and not whole and not lines[0].startswith(b'{"name": '):
        raise LayoutError(f"{path}: is no file of detections", hint="name another with --to")
    named = [(*_name(path, number, line, as_csv), line) for number, line in enumerate(whole, 2 if as_csv else 1)]
    others = {(earlier.version, earlier.least) for _, _, earlier, _ in named} - {(run.version, run.least)}
    if others:
        version, least = sorted(others, key=str)[0]
        at = "the assumed thresholds" if least is None else f"a least confidence of {least:g}"
        raise LayoutError(f"{path}: holds detections of version {version} at {at}", hint="name another file with --to")
    again = {(earlier.source, name) for name, failed, earlier, _ in named if failed}
    if as_csv and named:
        again.add((named[-1][2].source, named[-1][0]))
    body = b"".join(line for name, _, earlier, line in named if (earlier.source, name) not in again)
    done = {
        name for name, _, earlier, _ in named if earlier.source == run.source and (earlier.source, name) not in again
    }
    return Kept(frozenset(done), (header + b"\n" if as_csv else b"") + body)


@contextmanager
def detection_file(path: Path, kept: Kept, run: Run) -> Iterator[DetectionFile]:
    """The file at `path` with what is kept of it, to be added to; CSV where its name ends in .csv, else JSON lines."""
    as_csv = _is_csv(path)
    if not kept.body and as_csv:
        kept = Kept(kept.done, ",".join(COLUMNS).encode() + b"\n")
    with written_aside(path) as aside:
        aside.write(kept.body)
    with path.open("ab") as file:
        yield DetectionFile(file, as_csv, run)


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _name(path: Path, number: int, line: bytes, as_csv: bool) -> tuple[str, bool, Run]:
    """The name in a line, whether that image could not be looked at, and of which run it is."""
    try:
        if as_csv:
            row = next(csv.reader([line.decode()]))
            return row[0], bool(row[7]), Run(row[8], row[9], float(row[10]) if row[10] else None)
        document: dict[str, Any] = json.loads(line)
        return (
            document["name"],
            document["error"] is not None,
            Run(document["source"], document["version"], document["least"]),
        )
    except (ValueError, KeyError, IndexError, StopIteration, TypeError) as error:
        raise LayoutError(f"{path}, line {number}: is no detection", hint="name another file with --to") from error


def _rows(detection: Detection, run: Run) -> str:
    """A row a label; one without a label where nothing was seen, or it could not be looked at."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    name = detection.name.replace("\n", " ").replace("\r", " ")
    for seen in detection.labels:
        writer.writerow([name, seen.label, f"{seen.confidence:.4f}", *(seen.box or ("",) * 4), "", *run])
    if not detection.labels:
        writer.writerow([name, "", "", "", "", "", "", detection.error or "", *run])
    return text.getvalue()

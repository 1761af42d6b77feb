"""Detections written as they come, as JSON lines or CSV, so that a run that was cut off goes on where it was."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

from customlabels.core.csv_text import csv_row
from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.core.printable import printable_json
from customlabels.pipelines.service.detection import DetectedLabel, Detection, as_document

COLUMNS = (
    "name",
    "label",
    "confidence",
    "left",
    "top",
    "width",
    "height",
    "error",
    "source",
    "version",
    "least",
    "content",
)
_OTHERS = (".xlsx", ".xls", ".ods", ".parquet", ".tsv")
"""Endings of what is not written here, and would be taken for that."""

_SAFE = "safe"
"""Head of the column that only a safe CSV has, so that what was written before each cell is taken off again."""


class Run(NamedTuple):
    """What a file's detections are of: where the images were looked for, which version, and the least confidence."""

    source: str
    version: str
    least: float | None


_BY_NAME: Mapping[str, str] = MappingProxyType({})
"""Contents of images that their names stand for, as frames of a video that hold what stands for its bytes."""


class DetectionFile:
    """A file of detections that grows; made by `detection_file`."""

    def __init__(
        self, file: BinaryIO, as_csv: bool, run: Run, *, safe: bool = False, contents: Mapping[str, str] = _BY_NAME
    ) -> None:
        self._file = file
        self._as_csv = as_csv
        self._run = run
        self._safe = safe
        self._contents = contents

    def write(self, detection: Detection) -> None:
        """Adds a detection, on disk when this returns."""
        content = self._contents.get(detection.name)
        if self._as_csv:
            text = _rows(detection, self._run, content, safe=self._safe)
        else:
            text = printable_json({**as_document(detection), **self._run._asdict(), "content": content}) + "\n"
        # A name that is no UTF-8 is written as it is on disk.
        self._file.write(text.encode(errors="surrogateescape"))
        self._file.flush()


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a file of detections is whole: the names in it, and its bytes without what has to be done again.

    Parameters
    ----------
    changed : names of what is done again because other images, or nobody knows which, lay there under them
    """

    done: frozenset[str]
    body: bytes
    changed: frozenset[str] = frozenset()


def read_kept(
    path: Path, run: Run, *, safe: bool = False, beside: Sequence[str] = (), contents: Mapping[str, str] = _BY_NAME
) -> Kept:
    """What of the file is whole; nothing where there is no file. The file is left as it is.

    Images of another source are kept, and not taken for those of the run.

    A line that was cut off, images that could not be looked at, in CSV the last image, whose rows may lack some, and
    images whose content is another by now, have to be done again.

    Parameters
    ----------
    beside : names of the analyzers that look beside the version
    contents : what stands for the content of the images by their names; of others the name alone tells

    Raises
    ------
    LayoutError : it holds something else than detections, or those of another version, least confidence or other
        analyzers, or is a safe CSV where none is asked for, or none where one is
    """
    as_csv = _is_csv(path)
    if path.exists() and not path.is_file():
        raise LayoutError(f"{path}: is no file", hint="name a file with --to")
    if path.suffix.lower() in _OTHERS:
        raise LayoutError(f"{path}: detections are written as JSON lines, or as CSV", hint="name a .jsonl or a .csv")
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return Kept(frozenset(), b"")
    lines = _records(body) if as_csv else body.splitlines(keepends=True)
    header = _header(safe=safe)
    if as_csv and lines and (first := lines.pop(0).strip()) != header:
        if first == _header(safe=not safe):
            raise LayoutError(
                f"{path}: was written {'without' if safe else 'with'} --safe-csv",
                hint=f"go on {'without' if safe else 'with'} it, or name another with --to",
            )
        raise LayoutError(f"{path}: is no file of detections", hint="name another with --to")
    whole = [line for line in lines if line.endswith(b"\n")]
    if not as_csv and lines and not whole and not lines[0].startswith(b'{"name": '):
        raise LayoutError(f"{path}: is no file of detections", hint="name another with --to")
    named = [(*_name(path, number, line, as_csv, safe), line) for number, line in enumerate(whole, 2 if as_csv else 1)]
    others = {(earlier.version, earlier.least) for _, _, earlier, *_ in named} - {(run.version, run.least)}
    if others:
        version, least = sorted(others, key=str)[0]
        at = "the assumed thresholds" if least is None else f"a least confidence of {least:g}"
        raise LayoutError(f"{path}: holds detections of version {version} at {at}", hint="name another file with --to")
    if not as_csv and (beside or b'"beside"' in body):
        _see_that_the_same_look(path, whole, beside)
    of_run = {name: content for name, _, earlier, content, _ in named if earlier.source == run.source}
    changed = frozenset(name for name, content in of_run.items() if contents.get(name, content) != content)
    again = {(earlier.source, name) for name, failed, earlier, *_ in named if failed}
    if as_csv and named:
        again.add((named[-1][2].source, named[-1][0]))
    again |= {(run.source, name) for name in changed}
    body = b"".join(line for name, _, earlier, _, line in named if (earlier.source, name) not in again)
    done = frozenset(name for name in of_run if (run.source, name) not in again)
    return Kept(done, (header + b"\n" if as_csv else b"") + body, changed)


def _see_that_the_same_look(path: Path, lines: Sequence[bytes], beside: Sequence[str]) -> None:
    """Raises LayoutError where other analyzers looked beside the version."""
    others = {frozenset(json.loads(line).get("beside") or ()) for line in lines} - {frozenset(beside)}
    if others:
        names = ", ".join(min(map(sorted, others))) or "no analyzer"
        raise LayoutError(f"{path}: holds what {names} saw beside the version", hint="name another file with --to")


def read_detections(path: Path, run: Run, *, safe: bool = False) -> Iterator[Detection]:
    """The detections of a run in a file of which every line is whole, as it is once `detection_file` has opened it.

    Raises
    ------
    LayoutError : a line that is none
    """
    rows = _in_csv(path, safe) if _is_csv(path) else _in_lines(path)
    for of_run, detection in rows:
        if of_run == run:
            yield detection


def _in_lines(path: Path) -> Iterator[tuple[Run, Detection]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            _, _, of_run, _ = _name(path, number, line, as_csv=False, safe=False)
            document = json.loads(line.decode(errors="surrogateescape"))
            try:
                labels = tuple(map(_label, document["labels"]))
            except (KeyError, TypeError, ValueError) as error:
                raise LayoutError(f"{path}, line {number}: is no detection") from error
            yield of_run, Detection(document["name"], labels, document["error"])


def _in_csv(path: Path, safe: bool) -> Iterator[tuple[Run, Detection]]:
    """Detections whose rows follow each other."""
    rows = enumerate(_records(path.read_bytes())[1:], 2)
    seen = ((*_name(path, number, line, as_csv=True, safe=safe), number, line) for number, line in rows)
    for (name, _, of_run, _), same in groupby(seen, key=lambda row: row[:4]):
        labels, fault = list[DetectedLabel](), ""
        for *_, number, line in same:
            _, label, confidence, left, top, width, height, fault, *_ = _cells(line, safe)
            try:
                box = (float(left), float(top), float(width), float(height)) if left else None
                labels += [DetectedLabel(label, float(confidence), box)] if label else []
            except ValueError as error:
                raise LayoutError(f"{path}, line {number}: is no detection") from error
        yield of_run, Detection(name, tuple(labels), fault or None)


def _label(document: dict[str, Any]) -> DetectedLabel:
    box = document["box"]
    return DetectedLabel(document["label"], float(document["confidence"]), tuple(box) if box else None)


def _cells(line: bytes, safe: bool) -> list[str]:
    """The cells of a row; ValueError where it is not one."""
    (row,) = csv.reader(io.StringIO(line.decode(errors="surrogateescape"), newline=""), strict=True)
    return [cell.removeprefix("'") for cell in row] if safe else row


@contextmanager
def detection_file(
    path: Path, kept: Kept, run: Run, *, safe: bool = False, contents: Mapping[str, str] = _BY_NAME
) -> Iterator[DetectionFile]:
    """The file at `path` with what is kept of it, to be added to; CSV where its name ends in .csv, else JSON lines.

    Parameters
    ----------
    safe : an apostrophe keeps spreadsheets from running cells of a CSV that begin as formulas do
    contents : what stands for the content of each image, by its name
    """
    as_csv = _is_csv(path)
    if not kept.body and as_csv:
        kept = Kept(kept.done, _header(safe=safe) + b"\n")
    with written_aside(path) as aside:
        aside.write(kept.body)
    with path.open("ab") as file:
        yield DetectionFile(file, as_csv, run, safe=safe, contents=contents)


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _header(*, safe: bool) -> bytes:
    return ",".join((*COLUMNS, _SAFE) if safe else COLUMNS).encode()


def _records(body: bytes) -> list[bytes]:
    """The rows of a CSV, each with its end; a name may hold line breaks, between quotes."""
    records: list[bytes] = []
    begun = b""
    for line in body.split(b"\n"):
        begun += line + b"\n"
        if begun.count(b'"') % 2 == 0:
            records.append(begun)
            begun = b""
    # What follows the last line break is a row that was cut off, or nothing.
    last = begun or records.pop()
    return [*records, last[:-1]] if last != b"\n" else records


def _name(path: Path, number: int, line: bytes, as_csv: bool, safe: bool) -> tuple[str, bool, Run, str | None]:
    """The name in a line, whether that image could not be looked at, of which run it is, and the image's content."""
    try:
        if as_csv:
            row = _cells(line, safe)
            return row[0], bool(row[7]), Run(row[8], row[9], float(row[10]) if row[10] else None), row[11] or None
        document: dict[str, Any] = json.loads(line)
        return (
            document["name"],
            document["error"] is not None or _refused(document.get("beside")),
            Run(document["source"], document["version"], document["least"]),
            document.get("content"),
        )
    except (ValueError, KeyError, IndexError, StopIteration, TypeError) as error:
        raise LayoutError(f"{path}, line {number}: is no detection", hint="name another file with --to") from error


def _refused(beside: dict[str, Any] | None) -> bool:
    """Whether an analyzer could not look."""
    return any(findings["refusal"] is not None for findings in (beside or {}).values())


def _rows(detection: Detection, run: Run, content: str | None, *, safe: bool) -> str:
    """A row a label; one without a label where nothing was seen, or it could not be looked at."""
    rows = [
        [detection.name, seen.label, f"{seen.confidence:.4f}", *(seen.box or ("",) * 4), "", *run, content]
        for seen in detection.labels
    ] or [[detection.name, "", "", "", "", "", "", detection.error or "", *run, content]]
    return "".join(csv_row([*row, 1] if safe else row, safe=safe) for row in rows)

"""Manifest files validated whole: what an import and a training would say, and the files the service would write."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from customlabels.core.files import written_aside
from customlabels.datasets.reading import alike
from customlabels.manifests.codes import message
from customlabels.manifests.entries import Entry, read_entries, read_entry
from customlabels.manifests.faults import Fault
from customlabels.manifests.files import file_fault, manifest_lines, other_shape
from customlabels.manifests.ground_truth import SUPERSEDED, resolved
from customlabels.manifests.images import OTHER_SIZE, Look, looked_at
from customlabels.manifests.results import annotated_line, manifest_summary
from customlabels.manifests.validation import Explained, Part, Verdict, import_fault, judge

SUMMARY = "manifest_summary.json"
TRAINING, TESTING = "training", "testing"
IN_PART = (
    "a training uses the line without what is faulty; dataset inspect and train refuse the image, as what the lost "
    "boxes show would be background; --fix takes them out"
)
HALVES = "half an attribute, which nobody reads: its metadata, or what the metadata is of, is lacking"
DOUBLED = (
    "a key stands twice on a line: the service reads one of them alone; dataset inspect and train refuse the image, "
    "--fix drops the line"
)
BOTH_USED = (
    "a training uses what an adjustment job superseded beside what it made of it; dataset inspect and train, --fix and "
    "manifest convert take the adjusted alone"
)
_ADJUSTED = b'"adjustment-status"'


@dataclass(frozen=True, slots=True)
class Report:
    """The parts by name (training, testing), what a training would say, and why an import of each would fail."""

    parts: dict[str, Part]
    verdict: Verdict
    import_faults: dict[str, Fault]

    @property
    def fails(self) -> bool:
        """Whether a dataset import or a training would fail."""
        return bool(self.import_faults or self.verdict.faults)

    @property
    def summary(self) -> dict[str, Any]:
        """The manifest summary file, as a plain document."""
        return manifest_summary(self.parts[TRAINING], self.parts.get(TESTING), self.verdict)

    def rows(self) -> Iterator[tuple[str, str, str, Explained]]:
        """What was found in lines: part, code or reason, message, how often and where first; errors before warnings."""
        for name, part in self.parts.items():
            for code, lines in sorted(part.codes.items(), key=lambda item: item[0]):
                yield name, code, message(code, "…"), lines
            for reason, lines in part.dropped.items():
                yield name, "(dropped in silence)", f"a dataset import leaves the line out: {reason}", lines
            for note, lines in part.notes.items():
                yield name, "(note)", note, lines


def validate(training: Path, testing: Path | None, *, look: Look | None = None, output: Path | None = None) -> Report:
    """The report on one manifest or two.

    Parameters
    ----------
    look : looks at an image; where it is None, images are left alone
    output : a folder for the summary and the validation manifests, in the service's format

    Raises
    ------
    ManifestError : a file cannot be read
    """
    parts: dict[str, Part] = {}
    import_faults: dict[str, Fault] = {}
    with ExitStack() as written:
        for name, path in ((TRAINING, training), (TESTING, testing)):
            if path is None:
                continue
            target = None
            if output is not None:
                target = written.enter_context(written_aside(output / f"{name}_manifest_with_validation.json"))
            parts[name] = _read(path, look, target)
            shape = other_shape(path)
            if shape is not None:
                parts[name].note_file(f"the file holds {shape}, not one object a line; --fix writes it so")
            if parts[name].invalid and parts[name].invalid == parts[name].total:
                from customlabels.manifests.formats import what_else

                if other := what_else(path):
                    parts[name].note_file(other)
            fault = file_fault(path.name, path.stat().st_size) or import_fault(parts[name])
            if fault is not None:
                import_faults[name] = fault
        labels = {label for part in parts.values() for label in (*part.image_labels, *part.box_labels)}
        for finding in alike(labels):
            parts[TRAINING].note_file(f"labels {finding.message}")
        report = Report(parts, judge(parts[TRAINING], parts.get(TESTING)), import_faults)
        if output is not None:
            written.enter_context(written_aside(output / SUMMARY)).write(orjson.dumps(report.summary))
    return report


def _read(path: Path, look: Look | None, target: BinaryIO | None) -> Part:
    part = Part()
    if look is None and target is None:
        for number, line in enumerate(manifest_lines(path), 1):
            entry = read_entry(number, line.rstrip(b"\r\n"))
            part.add(entry)
            if entry.boxes_lost or entry.halves or entry.doubled or (entry.boxes and _ADJUSTED in line):
                _note(part, entry)
        return part
    for entry, fault, other_size in looked_at(read_entries(manifest_lines(path)), look):
        part.add(entry, fault)
        if other_size is not None:
            part.note(OTHER_SIZE, entry, [other_size])
        _note(part, entry)
        if target is not None:
            target.write(annotated_line(entry, fault))
    return part


def _note(part: Part, entry: Entry) -> None:
    """Notes what the service has no code for."""
    if entry.labelled and not entry.usable:
        part.note(IN_PART, entry, [cause for fault in entry.faults for cause in fault.causes])
    if entry.halves:
        part.note(HALVES, entry, entry.halves)
    if entry.doubled:
        part.note(DOUBLED, entry, entry.doubled)
    if _ADJUSTED in entry.line and SUPERSEDED in resolved(entry.line).left_out:
        part.note(BOTH_USED, entry)

"""Whole manifests checked as a dataset import and a training would: lines, thresholds, both parts together."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from customlabels.manifests.entries import Entry, read_entries
from customlabels.manifests.faults import BOTH, PART, Cause, Fault, pointer

MAX_ROWS = 250_000
MAX_BYTES = 1_000_000_000
MAX_LABELS = 250
MAX_INVALID_SHARE = 0.2
MIN_OVERLAP = 0.5
IMAGE_LEVEL_LABELS, OBJECT_LOCALIZATION, NOT_DETERMINED = "IMAGE_LEVEL_LABELS", "OBJECT_LOCALIZATION", "NOT_DETERMINED"
MIN_LABELS = {IMAGE_LEVEL_LABELS: 2, OBJECT_LOCALIZATION: 1, NOT_DETERMINED: 2}
_FIRST = 5
_MOST_KINDS = 20

TWICE, UNUSABLE = "source-ref named before", "no usable line"
"""Why an import drops a line without a word."""


@dataclass(slots=True)
class Occurrence:
    """In how many lines something was found, and the numbers of the first of them."""

    count: int = 0
    lines: list[int] = field(default_factory=list)
    _latest: int = 0

    def add(self, line: int) -> None:
        if line == self._latest:
            return
        self._latest = line
        self.count += 1
        if len(self.lines) < _FIRST:
            self.lines.append(line)


@dataclass(slots=True)
class Explained(Occurrence):
    """An occurrence with the fields that are wrong: of each kind the first, and how often there are such.

    Of many kinds only the first are kept, so that no manifest makes this large.
    """

    causes: dict[str, tuple[Cause, Occurrence]] = field(default_factory=dict)

    def explain(self, line: int, causes: Iterable[Cause]) -> None:
        self.add(line)
        for cause in causes:
            if cause.kind not in self.causes and len(self.causes) >= _MOST_KINDS:
                continue
            _, occurrence = self.causes.setdefault(cause.kind, (cause, Occurrence()))
            occurrence.add(line)


@dataclass(slots=True)
class Part:
    """What is known of one manifest after its lines went through `add`.

    `used` are the lines whose images `dataset inspect` and `train` use; it is less than `valid`, the lines that a
    training would use in whole or in part, where boxes of an image are lost.

    Memory grows with the number of images only by the set of their names, which duplicates are found in.
    """

    total: int = 0
    invalid: int = 0
    ignored: int = 0
    faulty_lines: list[int] = field(default_factory=list)
    used: int = 0
    codes: dict[str, Explained] = field(default_factory=dict)
    dropped: dict[str, Explained] = field(default_factory=dict)
    buckets: set[str] = field(default_factory=set)
    image_lines: int = 0
    box_lines: int = 0
    image_labels: dict[str, int] = field(default_factory=dict)
    box_labels: dict[str, int] = field(default_factory=dict)
    notes: dict[str, Explained] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _latest: str = "-"

    def add(self, entry: Entry, image_fault: Fault | None = None) -> bool:
        """Counts the entry, with what is wrong with its image where that was looked at; whether an import keeps it."""
        self.total += 1
        source_ref = entry.source_ref
        if entry.faults or image_fault is not None:
            self._count_faults(entry, image_fault)
        if source_ref is None:
            self.dropped.setdefault(UNUSABLE, Explained()).explain(entry.number, entry.faults[0].causes)
            return False
        seen = self._seen
        before = len(seen)
        seen.add(source_ref)
        if len(seen) == before:
            causes = (Cause(pointer("source-ref"), source_ref, "named on a line before"),)
            self.dropped.setdefault(TWICE, Explained()).explain(entry.number, causes)
            return False
        if image_fault is not None:
            return True
        if not source_ref.startswith(self._latest):
            end = source_ref.index("/", 5)
            self.buckets.add(source_ref[5:end])
            self._latest = source_ref[: end + 1]
        labels, boxes = entry.labels, entry.boxes
        if labels:
            self.image_lines += 1
            counts = self.image_labels
            for label in labels:
                counts[label] = counts.get(label, 0) + 1
        if boxes:
            self.box_lines += 1
            counts = self.box_labels
            for label in boxes if len(boxes) == 1 else set(boxes):
                counts[label] = counts.get(label, 0) + 1
        if labels or boxes:
            self.used += not entry.boxes_lost or entry.usable
        return True

    def note(self, what: str, entry: Entry, causes: Iterable[Cause] = ()) -> None:
        """Counts something that the service has no code for."""
        self.notes.setdefault(what, Explained()).explain(entry.number, causes)

    def note_file(self, what: str) -> None:
        """Notes something of the file as a whole."""
        self.notes.setdefault(what, Explained()).add(1)

    def _count_faults(self, entry: Entry, image_fault: Fault | None) -> None:
        no_image = image_fault is not None
        for fault in entry.faults if image_fault is None else (*entry.faults, image_fault):
            self.codes.setdefault(fault.code, Explained()).explain(entry.number, fault.causes)
        if no_image or entry.has_errors:
            self.faulty_lines.append(entry.number)
        # An image that cannot be used takes its line with it, whatever else the line holds.
        if no_image or entry.invalid:
            self.invalid += 1
        elif not entry.labelled:
            self.ignored += 1

    @property
    def valid(self) -> int:
        """Lines that a training uses, in whole or in part."""
        return self.total - self.invalid - self.ignored

    @property
    def kept(self) -> int:
        """Lines that a dataset import keeps."""
        return len(self._seen)

    @property
    def lost(self) -> int:
        """Lines that a dataset import drops without a word."""
        return self.total - self.kept

    @property
    def labels(self) -> set[str]:
        return self.image_labels.keys() | self.box_labels.keys()

    def usable(self, use_case: str) -> set[str]:
        """Labels on lines of the kind that is trained; the other lines are set aside."""
        return set(self.box_labels if use_case == OBJECT_LOCALIZATION else self.image_labels)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a training would say: the kind of model, faults of each manifest and of both together."""

    use_case: str
    training: tuple[Fault, ...]
    testing: tuple[Fault, ...]
    both: tuple[Fault, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        return self.training + self.testing + self.both


def read_part(lines: Iterable[bytes]) -> Part:
    """The part that `lines` make, their images not being looked at."""
    part = Part()
    for entry in read_entries(lines):
        part.add(entry)
    return part


def import_fault(part: Part) -> Fault | None:
    """The fault for which a dataset import would fail; that over a fifth of dropped lines is too many is inferred."""
    if part.total > MAX_ROWS:
        return Fault("ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM", PART)
    if part.total and not part.kept:
        return Fault("ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT", PART)
    if part.lost > MAX_INVALID_SHARE * part.total:
        return Fault("ERROR_TOO_MANY_RECORDS_IN_ERROR", PART)
    if len(part.buckets) > 1:
        return Fault("ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", PART)
    if len(part.labels) > MAX_LABELS:
        return Fault("ERROR_MANIFEST_TOO_MANY_LABELS", PART)
    return None


def judge(training: Part, testing: Part | None) -> Verdict:
    """What a training on these manifests would say; without `testing`, of the first one alone.

    Which kind a mixed manifest trains is not documented; taken is: boxes where the test manifest has any, else the kind
    of most training lines, boxes where both are as many.
    """
    use_case = _use_case(training, testing)
    nothing_empty = training.total and testing and testing.total
    both = _overlap_faults(training, testing, use_case) if testing and nothing_empty else []
    return Verdict(
        use_case,
        tuple(_part_faults(training, use_case)),
        tuple(_part_faults(testing, use_case) if testing else ()),
        tuple(both),
    )


def _use_case(training: Part, testing: Part | None) -> str:
    if testing and testing.box_lines:
        return OBJECT_LOCALIZATION
    if not training.image_lines and not training.box_lines:
        return NOT_DETERMINED
    return OBJECT_LOCALIZATION if training.box_lines >= training.image_lines else IMAGE_LEVEL_LABELS


def _part_faults(part: Part, use_case: str) -> list[Fault]:
    if not part.total:
        return [Fault("ERROR_EMPTY_MANIFEST", PART)]
    least = MIN_LABELS[use_case]
    wrong = {
        "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST": part.invalid > MAX_INVALID_SHARE * part.total,
        "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS": len(part.buckets) > 1,
        "ERROR_MANIFEST_TOO_FEW_LABELS": len(part.labels) < least,
        "ERROR_MANIFEST_TOO_MANY_LABELS": len(part.labels) > MAX_LABELS,
        "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS": len(part.usable(use_case)) < least <= len(part.labels),
    }
    return [Fault(code, PART) for code, applies in wrong.items() if applies]


def _overlap_faults(training: Part, testing: Part, use_case: str) -> list[Fault]:
    faults = []
    if _overlap(training.labels, testing.labels) < MIN_OVERLAP:
        faults.append(Fault("ERROR_INSUFFICIENT_LABEL_OVERLAP", BOTH))
    elif _overlap(training.usable(use_case), testing.usable(use_case)) < MIN_OVERLAP:
        faults.append(Fault("ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP", BOTH))
    return faults


def _overlap(train: set[str], test: set[str]) -> float:
    return len(train & test) / len(train) if train else 1.0

"""Images that are there twice: the same bytes, or nearly the same picture."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from customlabels.datasets.fingerprints import MAX_DISTANCE, fingerprint, near
from customlabels.datasets.groups import connected
from customlabels.datasets.model import ImageRecord
from customlabels.datasets.probe import in_parallel

_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Images that show the same; `exact` where their bytes are the same too."""

    records: tuple[ImageRecord, ...]
    exact: bool

    @property
    def labels(self) -> list[tuple[str, ...]]:
        """The different labels that they carry: more than one is most likely a mistake."""
        return sorted({tuple(sorted(record.all_labels)) for record in self.records})

    @property
    def kind(self) -> str:
        """across labels, across the split, or within a label: the worst that holds."""
        if len(self.labels) > 1:
            return "across labels"
        return "across the split" if len({record.side for record in self.records}) > 1 else "within a label"


def exact_duplicates(records: Sequence[ImageRecord]) -> list[Duplicates]:
    """Images of the same bytes.

    Of those that have no hashes, only files of the same size are read, and whole only where their middles agree too.
    """
    groups = alike(records, lambda record: record.info.size)
    if not all(record.hashes for record in records):
        groups = [part for group in groups for part in alike(group, _middle)]
    groups = [part for group in groups for part in alike(group, _whole)]
    return [Duplicates(tuple(group), exact=True) for group in groups]


def near_duplicates(
    records: Sequence[ImageRecord], step: Callable[[], None] | None = None, distance: int = MAX_DISTANCE
) -> list[Duplicates]:
    """Images that look nearly the same, by a perceptual hash of their grey values (pHash).

    Groups hang together by pairs: the first and the last of one may differ more. An image that cannot be decoded
    is like no other. What was fingerprinted when it was hashed is not read again.
    """

    def see(record: ImageRecord) -> bytes:
        known = record.hashes.picture if record.hashes else None
        return fingerprint(record.path) if known is None else known

    pairs = near(list(in_parallel(see, records, step)), distance)
    return [
        Duplicates(tuple(records[number] for number in group), exact=False)
        for group in sorted(map(sorted, connected(pairs)))
    ]


def alike(records: Iterable[ImageRecord], key: Callable[[ImageRecord], Hashable]) -> list[list[ImageRecord]]:
    """The groups of two and more that have the same key."""
    groups: dict[Hashable, list[ImageRecord]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return [group for group in groups.values() if len(group) > 1]


def _middle(record: ImageRecord) -> bytes:
    with record.path.open("rb", buffering=0) as file:
        file.seek(max(0, record.info.size - _SAMPLE) // 2)
        return file.read(_SAMPLE)


def _whole(record: ImageRecord) -> str:
    if record.hashes is not None:
        return record.hashes.sha256
    with record.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

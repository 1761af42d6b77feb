"""The neutral type between layouts of labelled images and manifests."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Side(StrEnum):
    """Which dataset of the project an image goes to."""

    TRAIN = "train"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What an image's header and bytes tell: pixels, format (JPEG or PNG), size in bytes, hashes in hex."""

    width: int
    height: int
    format: str
    size: int
    sha256: str
    md5: str


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A labelled image; `name` is its path below the dataset's root, with forward slashes."""

    name: str
    path: Path
    labels: tuple[str, ...]
    info: ImageInfo
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know about a file.

    `fatal` findings are about images that were meant and cannot be used; the others about files left out on purpose.
    """

    name: str
    message: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled images below `root`, ordered by name, and what was found on the way."""

    root: Path
    records: tuple[ImageRecord, ...]
    findings: tuple[Finding, ...] = ()

    def side(self, side: Side) -> tuple[ImageRecord, ...]:
        return tuple(record for record in self.records if record.side is side)

    @property
    def faults(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.fatal)


def label_counts(records: Iterable[ImageRecord]) -> dict[str, int]:
    """Images a label, ordered by label."""
    return dict(sorted(Counter(label for record in records for label in record.labels).items()))


def content_digest(records: Iterable[ImageRecord]) -> str:
    """A SHA-256 in hex over names, labels and image bytes; the order of `records` does not matter."""
    digest = hashlib.sha256()
    for line in sorted("\0".join((record.name, record.info.sha256, *record.labels)) for record in records):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()

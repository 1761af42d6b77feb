"""The neutral type between layouts of labelled images and manifests."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    import pandas

_SHOWN = 8
"""Labels that a dataset names of itself."""


class Side(StrEnum):
    """Which dataset of the project an image goes to."""

    TRAIN = "train"
    TEST = "test"


class Box(msgspec.Struct, frozen=True, gc=False):
    """A labelled box in pixels; the origin is the image's upper-left corner."""

    label: str
    left: float
    top: float
    width: float
    height: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height


class ImageInfo(NamedTuple):
    """What an image's header tells.

    Parameters
    ----------
    width, height : pixels, as the service sees the image: EXIF orientation applied
    format : JPEG or PNG; another where the image waits to be converted
    size : bytes
    channels : 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha, or CMYK
    bits : a channel
    orientation : EXIF's, 1 (upright) to 8
    pictures : how many it holds, of a JPEG or PNG; the first is what is seen
    """

    width: int
    height: int
    format: str
    size: int
    channels: int = 3
    bits: int = 8
    orientation: int = 1
    pictures: int = 1

    @property
    def is_turned(self) -> bool:
        """Whether the stored pixels lie across: width and height change places when the image is shown."""
        return self.orientation >= 5


@dataclass(frozen=True, slots=True)
class Hashes:
    """Of a file's bytes, in hex.

    Parameters
    ----------
    picture : the fingerprint of the picture that they show; empty where none can be decoded, None where nobody looked
    """

    sha256: str
    md5: str
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A labelled image.

    Parameters
    ----------
    name : its path below the dataset's root, with forward slashes
    labels : of the image as a whole
    boxes : None where nobody looked for objects; empty where there are none on the image
    group : images of one group go to the same side of a split
    hashes : of its bytes, where they were read
    """

    name: str
    path: Path
    labels: tuple[str, ...]
    info: ImageInfo
    side: Side | None = None
    boxes: tuple[Box, ...] | None = None
    group: str | None = None
    hashes: Hashes | None = field(default=None, compare=False, repr=False)

    @property
    def all_labels(self) -> tuple[str, ...]:
        """Labels of the image and of its boxes, each once, in order."""
        if not self.boxes:
            return self.labels
        return tuple(dict.fromkeys((*self.labels, *(box.label for box in self.boxes))))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know about a file, a row, a line; `name` tells where it is.

    `fatal` findings are about images that were meant and cannot be used; the others about what was left out on purpose.
    One finding may tell of several files or annotations: of `count`.
    """

    name: str
    message: str
    fatal: bool
    count: int = 1


@dataclass(frozen=True, slots=True, repr=False)
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

    @classmethod
    def from_pandas(cls, frame: "pandas.DataFrame", *, image: str, label: str | None = None, **more: Any) -> "Dataset":
        """The dataset of a table; `more` as data_frames.dataset_from_frame takes it: box, side, group, root."""
        from customlabels.datasets.data_frames import dataset_from_frame

        return dataset_from_frame(frame, image=image, label=label, **more)

    def to_pandas(self) -> "pandas.DataFrame":
        """A row a label, or a row a box; pandas has to be installed."""
        from customlabels.datasets.data_frames import frame_of_dataset

        return frame_of_dataset(self)

    def __repr__(self) -> str:
        counts = label_counts(self.records)
        named = ", ".join(f"{label} {count}" for label, count in list(counts.items())[:_SHOWN])
        more = ", …" if len(counts) > _SHOWN else ""
        return f"<Dataset {self.root}: {len(self.records)} images ({named}{more}), {len(self.faults)} faults>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(label)}</td><td>{count}</td></tr>" for label, count in label_counts(self.records).items()
        )
        return (
            f"<p>{len(self.records)} images in {escape(str(self.root))}, {len(self.faults)} faults</p>"
            f"<table><thead><tr><th>label</th><th>images</th></tr></thead><tbody>{rows}</tbody></table>"
        )


def label_counts(records: Iterable[ImageRecord]) -> dict[str, int]:
    """Images a label, ordered by label."""
    return dict(sorted(Counter(label for record in records for label in record.all_labels).items()))


def content_digest(records: Iterable[ImageRecord], sha256: dict[str, str]) -> str:
    """A SHA-256 in hex over names, labels, boxes and image bytes; the order of `records` does not matter.

    Parameters
    ----------
    sha256 : of each image by its name, in hex
    """
    digest = hashlib.sha256()
    for line in sorted(_content(record, sha256[record.name]) for record in records):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _content(record: ImageRecord, sha256: str) -> str:
    boxes = "" if record.boxes is None else repr([(box.label, *box.corners) for box in record.boxes])
    return "\0".join((record.name, sha256, *record.labels, boxes))

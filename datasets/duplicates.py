"""Images that are there twice: the same bytes, or nearly the same picture."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.datasets.groups import connected
from customlabels.datasets.model import ImageRecord
from customlabels.datasets.probe import in_parallel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HASH_SIDE = 16
MAX_DISTANCE = 64
"""Bits, of HASH_SIDE², that the hashes of two pictures of the same thing differ in at most.

Of two pictures that have nothing to do with each other they differ in about half.
"""

_SAMPLE = 4096
_CHUNK = 512


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
    """Images of the same bytes. Only files of the same size are read, and whole only where their middles agree too."""
    groups = alike(records, lambda record: record.info.size)
    for key in (_middle, _whole):
        groups = [part for group in groups for part in alike(group, key)]
    return [Duplicates(tuple(group), exact=True) for group in groups]


def near_duplicates(
    records: Sequence[ImageRecord], step: Callable[[], None] | None = None, distance: int = MAX_DISTANCE
) -> list[Duplicates]:
    """Images that look nearly the same, by a perceptual hash of their grey values (pHash).

    Groups hang together by pairs: the first and the last of one may differ more. An image that cannot be decoded
    is like no other.
    """
    import numpy as np

    fingerprints = enumerate(in_parallel(_fingerprint, (record.path for record in records), step))
    hashes = {number: bits for number, bits in fingerprints if bits is not None}
    if len(hashes) < 2:
        return []
    usable, table = list(hashes), np.stack(list(hashes.values()))
    pairs = ((usable[first], usable[second]) for first, second in _close(table, distance))
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


def _whole(record: ImageRecord) -> bytes:
    with record.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _fingerprint(path: Path) -> "NDArray[np.uint64] | None":
    """The bits of a picture's hash in words of 64: which of its lowest frequencies lie above their median.

    Source: pHash, as the imagehash library has it: a cosine transform of 64×64 grey values.
    """
    import numpy as np
    from PIL import Image

    side = 4 * HASH_SIDE
    try:
        with Image.open(path) as image:
            # A JPEG is decoded at a fraction of its size where that is enough.
            image.draft("L", (8 * HASH_SIDE, 8 * HASH_SIDE))
            grey = np.asarray(image.convert("L").resize((side, side), Image.Resampling.LANCZOS), np.float64)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    waves = np.cos(np.pi / side * np.outer(np.arange(HASH_SIDE), np.arange(side) + 0.5))
    low = waves @ grey @ waves.T
    bits = low > np.median(low)
    return np.packbits(bits.ravel()).view(np.uint64)


def _close(table: "NDArray[np.uint64]", distance: int) -> Iterator[tuple[int, int]]:
    """Pairs of rows that differ in at most `distance` bits; all are compared, a block at a time."""
    import numpy as np

    for start in range(0, len(table), _CHUNK):
        block = table[start : start + _CHUNK]
        apart = np.zeros((len(block), len(table) - start), np.uint16)
        for word in range(table.shape[1]):
            apart += np.bitwise_count(block[:, word, None] ^ table[None, start:, word])
        for row, column in zip(*np.nonzero(apart <= distance), strict=True):
            if column > row:
                yield start + int(row), start + int(column)

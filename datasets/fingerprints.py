"""What a picture looks like, in a few bits: pictures of the same thing differ in few of them (pHash)."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HASH_SIDE = 16
MAX_DISTANCE = 64
"""Bits, of HASH_SIDE², that the fingerprints of two pictures of the same thing differ in at most.

Of two pictures that have nothing to do with each other they differ in about half.
"""

_CHUNK = 512


def fingerprint(image: Path | BytesIO) -> bytes:
    """HASH_SIDE² bits: which of a picture's lowest frequencies lie above their median; none where it has no pixels.

    Source: pHash, as the imagehash library has it: a cosine transform of 64×64 grey values.
    """
    import numpy as np
    from PIL import Image

    side = 4 * HASH_SIDE
    try:
        with Image.open(image) as opened:
            # A JPEG is decoded at a fraction of its size where that is enough.
            opened.draft("L", (8 * HASH_SIDE, 8 * HASH_SIDE))
            grey = np.asarray(opened.convert("L").resize((side, side), Image.Resampling.LANCZOS), np.float64)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return b""
    waves = np.cos(np.pi / side * np.outer(np.arange(HASH_SIDE), np.arange(side) + 0.5))
    low = waves @ grey @ waves.T
    return np.packbits(low > np.median(low)).tobytes()


def near(fingerprints: Sequence[bytes], distance: int) -> Iterator[tuple[int, int]]:
    """Pairs of fingerprints, by their numbers, that differ in at most `distance` bits; all are compared."""
    import numpy as np

    usable = [number for number, bits in enumerate(fingerprints) if bits]
    table = np.frombuffer(b"".join(fingerprints), np.uint64).reshape(-1, HASH_SIDE**2 // 64)
    for first, second in _close(table, distance):
        yield usable[first], usable[second]


def _close(table: "NDArray[np.uint64]", distance: int) -> Iterator[tuple[int, int]]:
    """Pairs of rows that differ in at most `distance` bits; a block at a time."""
    import numpy as np

    for start in range(0, len(table), _CHUNK):
        block = table[start : start + _CHUNK]
        apart = np.zeros((len(block), len(table) - start), np.uint16)
        for word in range(table.shape[1]):
            apart += np.bitwise_count(block[:, word, None] ^ table[None, start:, word])
        for row, column in zip(*np.nonzero(apart <= distance), strict=True):
            if column > row:
                yield start + int(row), start + int(column)

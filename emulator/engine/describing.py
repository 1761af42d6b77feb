"""The features of a training's images: kept ones taken, the others described, on all cores where they are many."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from itertools import islice
from pathlib import Path

from customlabels.core.addresses import S3Address
from customlabels.emulator.engine import features
from customlabels.emulator.engine.images import read_bodies
from customlabels.emulator.engine.kept_features import KeptFeatures, Row, digest_of

_CHUNK, _CHUNK_BYTES = 16, 16 * 1024 * 1024
"""Images, or bytes of them, that are described at a time."""

_ALONE, _MANY = 4, 100
"""Chunks that this process describes alone, and images left after them for which it has others help: those take a
second to start."""

Chunk = list[tuple[bytes, bytes]]
"""Digests and bytes of images."""


def described(state: Path, images: Sequence[S3Address | None]) -> list[Row | None]:
    """The features of each image; None where it is not there, or cannot be used."""
    with closing(KeptFeatures(state)) as kept:
        return _rows(state, images, kept)


def _rows(state: Path, images: Sequence[S3Address | None], kept: KeptFeatures) -> list[Row | None]:
    rows: dict[bytes, Row | None] = {}
    digests: list[bytes | None] = []

    def unknown() -> Iterator[tuple[bytes, bytes]]:
        for body in read_bodies(state, images):
            digest = digest_of(body) if body is not None else None
            digests.append(digest)
            if body is None or digest is None or digest in rows:
                continue
            rows[digest] = kept.get(digest)
            if rows[digest] is None:
                yield digest, body

    def all_described() -> Iterator[dict[bytes, Row]]:
        chunks = _chunks(unknown())
        yield from map(_described, islice(chunks, _ALONE))
        yield from _helped(chunks) if len(images) - len(digests) >= _MANY else map(_described, chunks)

    for new in all_described():
        kept.put(new)
        rows |= new
    return [rows[digest] if digest is not None else None for digest in digests]


def _chunks(images: Iterable[tuple[bytes, bytes]]) -> Iterator[Chunk]:
    chunk: Chunk = []
    for image in images:
        chunk.append(image)
        if len(chunk) == _CHUNK or sum(len(body) for _, body in chunk) >= _CHUNK_BYTES:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _described(chunk: Chunk) -> dict[bytes, Row]:
    """The features of those of the images that can be used, by their digests."""
    rows = {}
    for digest, body in chunk:
        try:
            rows[digest] = features.describe(features.decode(body))
        except ValueError:
            continue
    return rows


def _helped(chunks: Iterator[Chunk]) -> Iterator[dict[bytes, Row]]:
    """What `_described` makes of each chunk, by a process a core; few chunks are held at a time."""
    cores = os.cpu_count() or 1
    begun: deque[Future[dict[bytes, Row]]] = deque()
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn"), _end_with_parent) as pool:
        for chunk in chunks:
            begun.append(pool.submit(_described, chunk))
            if len(begun) > 2 * cores:
                yield begun.popleft().result()
        for future in begun:
            yield future.result()


def _end_with_parent() -> None:
    """Ends this process when the one that it helps is gone, however it went."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()

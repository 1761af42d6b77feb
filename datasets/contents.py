"""Image files read whole: what one read tells of each, for a header, hashes and a comparison alike."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from threading import Event

from customlabels.core.plurals import counted
from customlabels.core.watching import Watch
from customlabels.datasets.files import Finder
from customlabels.datasets.fingerprints import fingerprint
from customlabels.datasets.layout import Layout, Options
from customlabels.datasets.limits import MAX_BYTES
from customlabels.datasets.model import Dataset, Hashes, ImageInfo
from customlabels.datasets.probe import checked, in_parallel, probe
from customlabels.datasets.reading import Images, Policy, make_dataset

_CHUNK = 1 << 20

Contents = tuple[ImageInfo, Hashes | None]


def make_hashed_dataset(
    layout: Layout, options: Options, policy: Policy, source: Path, watch: Watch, *, for_naught: bool = False
) -> Dataset:
    """As `make_dataset`, with hashes and fingerprints of all images: each file is opened once, and read once.

    Parameters
    ----------
    policy : its `step` and `image_fault` are not asked
    for_naught : whether nothing will be done with any image as soon as one cannot be used; then others lack hashes

    Raises
    ------
    LayoutError : as `make_dataset`
    """
    hashes: dict[Path, Hashes | None] = {}

    def look(paths: Iterable[Path], *_: object) -> Iterator[ImageInfo | str]:
        files = list(paths)
        title = f"hashing {counted(len(files), 'image')}"
        with watch.step(title, sum(map(_size, files)), in_bytes=True) as advance:
            for path, contents in zip(files, examine_all(files, advance, for_naught=for_naught), strict=True):
                if isinstance(contents, str):
                    yield contents
                else:
                    info, hashes[path] = contents
                    yield info

    dataset = make_dataset(layout, options, policy, source, Images(Finder(layout.root).find, look))
    return replace(dataset, records=tuple(replace(record, hashes=hashes[record.path]) for record in dataset.records))


def examine_all(
    paths: Iterable[Path], step: Callable[[int], None], *, for_naught: bool = False
) -> Iterator[Contents | str]:
    """What there is to know of each image, or why the service would not take it, in the order given.

    Parameters
    ----------
    step : called with the bytes of each file
    for_naught : whether one that cannot be used makes all hashes worthless: behind it, headers are enough
    """
    spoilt = Event()

    def see(path: Path) -> Contents | str:
        try:
            return (probe(path), None) if for_naught and spoilt.is_set() else examine(path)
        except ValueError as error:
            spoilt.set()
            return str(error)
        finally:
            step(_size(path))

    return in_parallel(see, paths)


def examine(path: Path) -> tuple[ImageInfo, Hashes]:
    """What there is to know of an image that the service takes, by one look at its file.

    Raises
    ------
    ValueError : a sentence saying why it cannot be used, as `probe` has it
    """
    try:
        # What is too large is refused by its header, and never comes into memory.
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    return checked(data) if data else probe(path), _hashes_of(data)


def hash_all(
    paths: Iterable[Path], step: Callable[[int], None] | None = None, *, pictures: bool = False
) -> Iterator[Hashes]:
    """The hashes of each file, in the order given.

    Parameters
    ----------
    step : called with the bytes of each file
    pictures : whether they are images that will be compared

    Raises
    ------
    OSError : a file cannot be read
    """

    def read(path: Path) -> Hashes:
        hashes, size = _read_whole(path) if pictures else _read_in_chunks(path)
        if step:
            step(size)
        return hashes

    return in_parallel(read, paths)


def hashed(dataset: Dataset, step: Callable[[int], None] | None = None, *, pictures: bool = False) -> Dataset:
    """`dataset` with the hashes of all images that are here; what was hashed before is not read again.

    Paths of images elsewhere, as in S3, are relative: a file of that name in the working folder is none of them.

    Parameters
    ----------
    step : called with the bytes of each image that is read
    pictures : whether the images will be compared

    Raises
    ------
    OSError : a file cannot be read
    """
    missing = [record for record in dataset.records if record.hashes is None and _is_here(record.path)]
    if not missing:
        return dataset
    read = hash_all((record.path for record in missing), step, pictures=pictures)
    hashes = {record.name: hashes for record, hashes in zip(missing, read, strict=True)}
    records = (replace(record, hashes=record.hashes or hashes.get(record.name)) for record in dataset.records)
    return replace(dataset, records=tuple(records))


def _is_here(path: Path) -> bool:
    return path.is_absolute() and path.is_file()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _hashes_of(data: bytes) -> Hashes:
    sha256, md5 = hashlib.sha256(data), hashlib.md5(data, usedforsecurity=False)
    return Hashes(sha256.hexdigest(), md5.hexdigest(), fingerprint(BytesIO(data)))


def _read_whole(path: Path) -> tuple[Hashes, int]:
    """The hashes of an image's bytes and of its picture, and how many bytes there are."""
    data = path.read_bytes()
    return _hashes_of(data), len(data)


def _read_in_chunks(path: Path) -> tuple[Hashes, int]:
    """The hashes of a file's bytes, and how many there are."""
    size, sha256, md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
            size += len(chunk)
    return Hashes(sha256.hexdigest(), md5.hexdigest()), size

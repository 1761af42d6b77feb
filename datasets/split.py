"""Images divided into train and test."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from customlabels.core.errors import LayoutError
from customlabels.datasets.model import Dataset, ImageRecord, Side, label_counts

MIN_LABELS = 2


def split(dataset: Dataset, *, fraction: float, seed: int) -> Dataset:
    """`dataset` with every image on a side; one that brings its own split keeps it.

    Stratified by label: of each label's images `fraction`, at least one and never all, go to TEST. The choice hangs
    on the seed and the image's name alone.

    Raises
    ------
    LayoutError : a label or a side has too few images to train and test with
    """
    faults = _faults(dataset)
    if faults:
        raise LayoutError(f"{dataset.root}: {faults[0]}", details=faults[1:], hint=_HINT)
    if any(record.side is not None for record in dataset.records):
        divided = dataset
        if not dataset.side(Side.TRAIN) or not dataset.side(Side.TEST):
            missing = "test" if dataset.side(Side.TRAIN) else "train"
            raise LayoutError(
                f"{dataset.root}: there is no image in {missing}/",
                hint=f"add {missing}/LABEL folders, or name the other folder itself to have it split",
            )
    else:
        test = set(_test_names(dataset.records, fraction, seed))
        divided = replace(
            dataset,
            records=tuple(
                replace(record, side=Side.TEST if record.name in test else Side.TRAIN) for record in dataset.records
            ),
        )
    return divided


_HINT = "add images, or leave a label out with --exclude 'LABEL/*'"


def _test_names(records: Iterable[ImageRecord], fraction: float, seed: int) -> Iterable[str]:
    strata: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for record in records:
        strata[record.labels].append(record.name)
    for names in strata.values():
        names.sort(key=lambda name: hashlib.blake2b(f"{seed}\0{name}".encode()).digest())
        count = min(max(1, round(len(names) * fraction)), len(names) - 1)
        yield from names[:count]


def _faults(dataset: Dataset) -> list[str]:
    counts = label_counts(dataset.records)
    if len(counts) < MIN_LABELS:
        return [f"holds one label only ({next(iter(counts))}); the service needs at least {MIN_LABELS}"]
    return [
        f"label {label!r} has a single image; it takes one to train and one to test"
        for label, count in counts.items()
        if count == 1
    ]

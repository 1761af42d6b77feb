"""Images divided into train and test, groups of them kept together."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.model import Dataset, ImageRecord, Side, label_counts

MIN_LABELS = 2

Group = Callable[[str], str]
"""From an image's name to its group's; images of one group go to the same side."""


def each_by_itself(name: str) -> str:
    """The group of an image that belongs to no other."""
    return name


def group_by(pattern: str) -> Group:
    """Groups by a regular expression searched in the image's name: its first group, or all it matches.

    An image that it does not match is a group by itself.

    Raises
    ------
    SettingsError : it is no regular expression
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"--group-by {pattern!r} is no regular expression: {error}") from error

    def group(name: str) -> str:
        found = compiled.search(name)
        return f"group {found[1 if compiled.groups else 0]}" if found else name

    return group


def split(dataset: Dataset, *, fraction: float, seed: int, group: Group = each_by_itself) -> Dataset:
    """`dataset` with every image on a side; one that brings its own split keeps it.

    Stratified by label: of each label's images `fraction`, at least one and never all, go to TEST; with groups
    as near to it as whole groups come. The choice hangs on the seed and the names of images and groups alone.

    Raises
    ------
    LayoutError : a label or a side has too few images to train and test with
    """
    faults = _faults(dataset)
    if faults:
        raise LayoutError(f"{dataset.root}: {faults[0]}", details=faults[1:], hint=_HINT)
    if any(record.side is not None for record in dataset.records):
        if not dataset.side(Side.TRAIN) or not dataset.side(Side.TEST):
            missing = "test" if dataset.side(Side.TRAIN) else "train"
            raise LayoutError(
                f"{dataset.root}: there is no image in {missing}/",
                hint=f"add {missing}/LABEL folders, or name the other folder itself to have it split",
            )
        return dataset
    test = _test_groups(dataset.records, fraction, seed, group)
    sides = (Side.TEST if group(record.name) in test else Side.TRAIN for record in dataset.records)
    records = tuple(replace(record, side=side) for record, side in zip(dataset.records, sides, strict=True))
    divided = replace(dataset, records=records)
    counts = [label_counts(divided.side(side)) for side in Side]
    whole = [
        f"label {label!r}: all its images are of one group, or of groups that other labels need whole"
        for label in label_counts(records)
        if any(label not in side for side in counts)
    ]
    if whole:
        raise LayoutError(f"{dataset.root}: {whole[0]}", details=whole[1:], hint="make smaller groups")
    return divided


def together(dataset: Dataset, group: Group) -> list[str]:
    """Groups with images on both sides, which the dataset's own split may bring."""
    sides: dict[str, set[Side | None]] = defaultdict(set)
    for record in dataset.records:
        sides[group(record.name)].add(record.side)
    return sorted(name for name, found in sides.items() if len(found) > 1)


_HINT = "add images, or leave a label out with --exclude 'LABEL/*'"


def _test_groups(records: Iterable[ImageRecord], fraction: float, seed: int, group: Group) -> set[str]:
    strata: dict[tuple[str, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for record in records:
        strata[record.labels][group(record.name)] += 1
    chosen: set[str] = set()
    for sizes in strata.values():
        total = sum(sizes.values())
        wanted = min(max(1, round(total * fraction)), total - 1)
        have = sum(size for name, size in sizes.items() if name in chosen)
        for name in sorted(
            sizes.keys() - chosen, key=lambda name: hashlib.blake2b(f"{seed}\0{name}".encode()).digest()
        ):
            if have >= wanted:
                break
            if have + sizes[name] < total:
                chosen.add(name)
                have += sizes[name]
    return chosen


def _faults(dataset: Dataset) -> list[str]:
    counts = label_counts(dataset.records)
    if len(counts) < MIN_LABELS:
        return [f"holds one label only ({next(iter(counts))}); the service needs at least {MIN_LABELS}"]
    return [
        f"label {label!r} has a single image; it takes one to train and one to test"
        for label, count in counts.items()
        if count == 1
    ]

"""Images divided into train and test, groups of them kept together."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.contents import hashed
from customlabels.datasets.groups import connected
from customlabels.datasets.limits import MAX_IMAGES, MAX_IMAGES_IN, MAX_TEST_IMAGES_OF_LABEL
from customlabels.datasets.model import Dataset, ImageRecord, Side, label_counts
from customlabels.datasets.videos.together import whole_videos

MIN_LABELS = 2

Group = Callable[[ImageRecord], str]
"""From an image to its group's name; images of one group go to the same side."""


def own_group(record: ImageRecord) -> str:
    """The group that the image's layout gives it; an image without one is a group by itself."""
    return record.name if record.group is None else f"group {record.group}"


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

    def group(record: ImageRecord) -> str:
        match = compiled.search(record.name)
        return f"group {match[1 if compiled.groups else 0]}" if match else record.name

    return group


def split(dataset: Dataset, *, fraction: float, seed: int, group: Group = own_group) -> Dataset:
    """`dataset` with every image on a side; one that brings its side keeps it.

    An image's side hangs on the seed and its bytes, or its name where they are not here; that of a group on the group's
    name. So it keeps it when others come or go, and when it is renamed, moved or exported anew. Of each label about
    `fraction` of the images go to TEST. Only where a label would have no image on a side, or would be tested on less
    than half or more than twice the fraction, are the groups moved that were nearest to go there. Frames of a video,
    as their names tell, are of one group, whatever `group` says.

    Raises
    ------
    LayoutError : a label or a side has too few images to train and test with
    """
    faults = _faults(dataset)
    if faults:
        raise LayoutError(f"{dataset.root}: {faults[0]}", details=faults[1:], hint=_HINT)
    given = {record.side for record in dataset.records}
    if None not in given:
        if len(given) < len(Side):
            held, missing = ("train", "test") if Side.TRAIN in given else ("test", "train")
            raise LayoutError(
                f"{dataset.root}: is divided already, with no image in its {missing} part",
                hint=f"add some; where only a name such as {held}.manifest makes it so, divide all images anew with "
                "--resplit",
            )
        _see_that_it_can_train(dataset)
        return dataset
    try:
        dataset = hashed(dataset)
    except OSError as error:
        raise LayoutError(f"{error.filename}: cannot be read ({error.strerror})") from error
    group = whole_videos(dataset.records, group)
    chosen = _choose(dataset.records, fraction, seed, group)
    records = tuple(
        record if record.side else replace(record, side=chosen[group(record)]) for record in dataset.records
    )
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


def _see_that_it_can_train(dataset: Dataset) -> None:
    """Sees that the split which a source brings has labels on both sides.

    Raises
    ------
    LayoutError : most labels have no image to train with, as where defects lie in test/ alone
    """
    trained, tested = (label_counts(dataset.side(side)) for side in Side)
    lacking = untrained(dataset)
    boxed = any(record.boxes for record in dataset.records)
    if 2 * len(lacking) > len(tested) or (lacking and not boxed and len(trained) < MIN_LABELS):
        raise LayoutError(
            f"{dataset.root}: is divided already, and its train part has no image of {_named(lacking)}",
            hint="divide all images anew with --resplit",
        )


def untrained(divided: Dataset) -> list[str]:
    """Labels that are tested and never trained, as a split that a source brings may have them."""
    trained, tested = (label_counts(divided.side(side)) for side in Side)
    return [label for label in tested if label not in trained]


def _named(labels: Sequence[str], most: int = 5) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(map(repr, labels[:most])) + more


def too_many(divided: Dataset, region: str | None) -> list[str]:
    """What the service would not take of a divided dataset: too many images of a side, or of a label to test with.

    Parameters
    ----------
    region : of the service; None where it is not known

    Source: Custom Labels developer guide, limits.md.
    """
    faults = []
    most = MAX_IMAGES_IN.get(region or "", MAX_IMAGES)
    for side in Side:
        images = len(divided.side(side))
        if images > most[side.value]:
            where = f" in {region}" if region in MAX_IMAGES_IN else ""
            faults.append(f"{images:,} images to {side.value}; the service takes {most[side.value]:,}{where}")
    for label, images in label_counts(divided.side(Side.TEST)).items():
        if images > MAX_TEST_IMAGES_OF_LABEL:
            faults.append(
                f"label {label!r} has {images:,} images to test; the service takes {MAX_TEST_IMAGES_OF_LABEL:,}"
            )
    return faults


@dataclass(frozen=True, slots=True)
class Balance:
    """How one label was divided: images, groups, images a side, and why its share is off, empty where it is not."""

    label: str
    images: int
    groups: int
    train: int
    test: int
    note: str


def balance(divided: Dataset, fraction: float, group: Group = own_group) -> list[Balance]:
    """How each label was divided; a share is off where chance would rarely have it so far from `fraction`."""
    group = whole_videos(divided.records, group)
    groups: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for record in divided.records:
        for label in record.all_labels:
            groups[label][group(record)] += 1
    test = label_counts(divided.side(Side.TEST))
    rows = []
    for label, images in label_counts(divided.records).items():
        sizes = groups[label].values()
        tested, spread = test.get(label, 0), (fraction * (1 - fraction) * images) ** 0.5
        note = ""
        if abs(tested - fraction * images) > max(1.0, 2 * spread):
            note = f"wanted {fraction * images:.0f} tested"
            if max(sizes) > 1:
                note += f"; its largest group has {max(sizes)} images"
        rows.append(Balance(label, images, len(sizes), images - tested, tested, note))
    return rows


def undivided(dataset: Dataset) -> Dataset:
    """`dataset` without the sides that its layout brought."""
    return replace(dataset, records=tuple(replace(record, side=None) for record in dataset.records))


def together(dataset: Dataset, group: Group) -> list[str]:
    """Groups with images on both sides, which the dataset's own split may bring."""
    group = whole_videos(dataset.records, group)
    sides: dict[str, set[Side | None]] = defaultdict(set)
    for record in dataset.records:
        sides[group(record)].add(record.side)
    return sorted(name for name, own_sides in sides.items() if len(own_sides) > 1)


_LAST_NUMBER = re.compile(r"\d+(?=\D*$)", re.ASCII)
_GOLDEN = 0.6180339887498949

_HINT = "add images, or leave a label out with --label-map LABEL=, or its folder with --exclude 'LABEL/*'"


def _choose(records: Sequence[ImageRecord], fraction: float, seed: int, group: Group) -> dict[str, Side]:
    """The side of each group."""
    labels: dict[str, set[str]] = defaultdict(set)
    fixed: dict[str, Side] = {}
    for record in records:
        name = group(record)
        labels[name].update(record.all_labels)
        if record.side is not None:
            fixed.setdefault(name, record.side)
    rank = {name: _rank(seed, name) for name in labels}
    for record in records:
        if record.hashes is not None and group(record) == record.name:
            rank[record.name] = _even(f"{seed}\0{record.hashes.md5}")
    chosen = {name: fixed.get(name) or (Side.TEST if rank[name] < fraction else Side.TRAIN) for name in labels}
    counts: Counter[tuple[str, Side]] = Counter()
    sizes: Counter[tuple[str, str]] = Counter()
    members: dict[str, dict[str, None]] = defaultdict(dict)
    for record in records:
        name = group(record)
        for label in record.all_labels:
            counts[label, chosen[name]] += 1
            sizes[name, label] += 1
            members[label][name] = None
    for label in sorted(members):
        for side, other in ((Side.TEST, Side.TRAIN), (Side.TRAIN, Side.TEST)):
            wanted = _least(counts[label, side] + counts[label, other], side, fraction)
            for name in sorted(members[label], key=rank.__getitem__, reverse=side is Side.TRAIN):
                if counts[label, side] >= wanted:
                    break
                if name in fixed or chosen[name] is side:
                    continue
                if all(counts[carried, other] > sizes[name, carried] for carried in labels[name]):
                    chosen[name] = side
                    for carried in labels[name]:
                        counts[carried, side] += sizes[name, carried]
                        counts[carried, other] -= sizes[name, carried]
    return chosen


def _least(images: int, side: Side, fraction: float) -> int:
    """Of a label's images, how many a side has to have: tested on are half to twice the fraction, at least one."""
    share = fraction / 2 if side is Side.TEST else max(1 - 2 * fraction, (1 - fraction) / 2)
    return max(1, int(share * images))


def _rank(seed: int, name: str) -> float:
    """A number in 0..1 that hangs on the seed and the name alone, evenly spread over names.

    Names that differ in their last number only are spread more evenly than chance would: by the golden ratio, so that
    of any stretch of numbered images about the same part lies below a threshold.
    """
    number = 0.0
    digits = _LAST_NUMBER.search(name)
    if digits:
        number = int(digits[0][-9:]) * _GOLDEN
        name = f"{name[: digits.start()]}\0{name[digits.end() :]}"
    return (_even(f"{seed}\0{name}") + number) % 1


def _even(text: str) -> float:
    """A number in 0..1 that hangs on a text alone, evenly spread over texts."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64


def _faults(dataset: Dataset) -> list[str]:
    counts = label_counts(dataset.records)
    boxed = any(record.boxes for record in dataset.records)
    if not counts:
        return ["holds no label"]
    if len(counts) < MIN_LABELS and not boxed:
        return [f"holds one label only ({next(iter(counts))}); the service needs at least {MIN_LABELS}"]
    return [
        f"label {label!r} has a single image; it takes one to train and one to test"
        for label, count in counts.items()
        if count == 1
    ]


def grouped(dataset: Dataset, groups: Iterable[Iterable[ImageRecord]]) -> Dataset:
    """`dataset` with these images in groups; where the layout gave groups already, those they touch become one."""
    first: dict[str, str] = {}
    pairs = [
        (first.setdefault(record.group, record.name), record.name)
        for record in dataset.records
        if record.group is not None
    ]
    for group in groups:
        names = [record.name for record in group]
        pairs += [(names[0], name) for name in names]
    # What stands for a group is one of its members, so that it changes as little as can be.
    known = {record.name: record.hashes.md5 if record.hashes else record.name for record in dataset.records}
    names_of = {
        name: known[min(members, key=lambda member: _rank(0, known[member]))]
        for members in connected(pairs)
        if len(members) > 1
        for name in members
    }
    records = tuple(
        replace(record, group=names_of[record.name]) if record.name in names_of else record
        for record in dataset.records
    )
    return replace(dataset, records=records)

"""Which images people are asked about, and with what chance each is asked. Pure.

An image's lot is drawn once, from its content: a pick takes those with the smallest lots, of all images for the random
stratum, and further down among those that are worth most for the others. So of every group the images under a limit
are asked about, whatever was picked before, and an image's chance is the part of its group that is. Figures of
production weigh answers by 1/chance.
Source: permanent random numbers, E. Ohlsson, "Coordination of samples using permanent random numbers" (1995).
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from customlabels.pipelines.service.detection import DetectedLabel

_POOR, _GOOD = 0.6, 0.85
"""F1 of a version by which nothing is chosen, and by which as much as ever."""


class Group(StrEnum):
    """What a version makes of an image: close to a threshold, or else a defect, or neither."""

    NEAR = "near"
    DEFECT = "defect"
    REST = "rest"


class Stratum(StrEnum):
    """Why an image was picked; those at random are of all groups, as production has them."""

    NEAR = "near"
    DEFECT = "defect"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image that may be asked about, and what a version saw in it.

    Parameters
    ----------
    image : known by its content
    name : for people
    source : its path, or its address in S3
    seen : confidences in 0..100, also below the thresholds
    """

    image: str
    name: str
    source: str
    seen: tuple[DetectedLabel, ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which confidence on a label counts, 0..100: its own, or else that of all; None where neither is known."""

    every: float | None = None
    by_label: Mapping[str, float] = field(default_factory=dict)

    def of(self, label: str) -> float | None:
        return self.by_label.get(label, self.every)

    @property
    def values(self) -> tuple[float, ...]:
        return (*self.by_label.values(), *(() if self.every is None else (self.every,)))


@dataclass(frozen=True, slots=True)
class Cut:
    """From which confidence on a label counts.

    Parameters
    ----------
    thresholds : of a label that has none all that was seen counts, and none is close
    ok : labels that say that nothing is wrong
    band : how far from its threshold a confidence is close to it
    """

    thresholds: Thresholds
    ok: frozenset[str] = frozenset()
    band: float = 15.0

    def accepted(self, seen: Iterable[DetectedLabel]) -> tuple[DetectedLabel, ...]:
        return tuple(label for label in seen if label.confidence >= (self.thresholds.of(label.label) or 0.0))

    def group(self, seen: Sequence[DetectedLabel]) -> Group:
        for label in seen:
            threshold = self.thresholds.of(label.label)
            if threshold is not None and abs(label.confidence - threshold) <= self.band:
                return Group.NEAR
        defects = [label for label in self.accepted(seen) if label.label not in self.ok]
        return Group.DEFECT if defects else Group.REST


@dataclass(frozen=True, slots=True)
class Picked:
    """An image that people are asked about.

    Parameters
    ----------
    chance : with which it was picked, over 0 and up to 1
    stands_for : images that look the same, itself among them, of which it alone is asked about
    """

    candidate: Candidate
    group: Group
    stratum: Stratum
    chance: float
    stands_for: int = 1


@dataclass(frozen=True, slots=True)
class Pick:
    """What a pick comes to.

    Parameters
    ----------
    new : in no order that tells anything of them
    again : images asked about before, by what is made of them now: their answers count, nobody is asked again
    groups : how many images each group has, near-duplicates once
    """

    new: tuple[Picked, ...]
    again: tuple[Picked, ...]
    groups: Mapping[Group, int]


@dataclass(frozen=True, slots=True)
class Shares:
    """Of those picked, the parts that lie near a threshold and that are other defects; the others are random."""

    near: float = 0.4
    defect: float = 0.2

    @classmethod
    def by(cls, f1: float) -> "Shares":
        """Those for a version with an F1 of 0..1: the poorer it is, the less is chosen by what it says of images.

        What a poor version is unsure of tells little, and images chosen by it teach the next one less than random ones
        do; benchmarks/loop.py and docs/review.md have figures.
        """
        part = min(1.0, max(0.0, (f1 - _POOR) / (_GOOD - _POOR)))
        whole = cls()
        return cls(part * whole.near, part * whole.defect)


@dataclass(frozen=True, slots=True)
class _Unit:
    """Images that look the same, of which one is asked about."""

    candidate: Candidate
    group: Group
    lot: float
    size: int


def lot(image: str, seed: int) -> float:
    """A number in 0..1 for an image, the same whenever it is asked for."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{image}".encode()).digest()[:8]) / 2**64


def pick(
    candidates: Iterable[Candidate],
    cut: Cut,
    count: int,
    *,
    asked: Mapping[str, float] = {},
    alike: Iterable[Collection[str]] = (),
    shares: Shares = Shares(),
    seed: int = 0,
) -> Pick:
    """`count` images to ask about, or as many as there are.

    Parameters
    ----------
    asked : images that were asked about before, each with the chance with which it was picked; 0 of one that was not
        picked from production
    alike : images that look the same; of those that the version takes for the same too, one is asked about
    """
    units = sorted(_units(candidates, cut, asked, alike, seed), key=lambda unit: (unit.lot, unit.candidate.image))
    unasked = [unit for unit in units if unit.candidate.image not in asked]
    by_group = {group: [unit for unit in units if unit.group is group] for group in Group}
    wanted = {Group.NEAR: round(count * shares.near), Group.DEFECT: round(count * shares.defect)}
    at_random = max(0, count - sum(wanted.values()))
    while True:
        random = unasked[:at_random]
        drawn = {unit.candidate.image for unit in random}
        others = [
            unit
            for group, most in wanted.items()
            for unit in [unit for unit in unasked if unit.group is group and unit.candidate.image not in drawn][:most]
        ]
        lacking = min(count, len(unasked)) - len(random) - len(others)
        if lacking <= 0:
            break
        at_random += lacking
    limit = random[-1].lot if random else -1.0
    new = {unit.candidate.image for unit in (*random, *others)}
    picked: list[Picked] = []
    again: list[Picked] = []
    for group, members in by_group.items():
        # Where all were asked about before, none is left to be new.
        whole = len(members) if all(unit.candidate.image in asked for unit in members) else 0
        last = max((number for number, unit in enumerate(members, 1) if unit.candidate.image in new), default=whole)
        for number, unit in enumerate(members, 1):
            image = unit.candidate.image
            chance = max(asked.get(image, 0.0), last / len(members) if number <= last else 0.0)
            stratum = Stratum.RANDOM if unit.lot <= limit or group is Group.REST else Stratum(group.value)
            here = Picked(unit.candidate, group, stratum, chance, unit.size)
            if image in new:
                picked.append(here)
            elif image in asked and chance > 0:
                again.append(here)
    return Pick(
        tuple(sorted(picked, key=lambda image: lot(image.candidate.image, seed + 1))),
        tuple(again),
        {group: len(members) for group, members in by_group.items()},
    )


def _units(
    candidates: Iterable[Candidate],
    cut: Cut,
    asked: Mapping[str, float],
    alike: Iterable[Collection[str]],
    seed: int,
) -> list[_Unit]:
    """Images that look the same together; each known by the one that was asked about before, or else the first."""
    by_image: dict[str, Candidate] = {}
    for candidate in candidates:
        by_image.setdefault(candidate.image, candidate)
    numbers = {image: number for number, images in enumerate(alike) for image in images}
    together: dict[object, list[Candidate]] = defaultdict(list)
    for image, candidate in by_image.items():
        same: object = image
        if image in numbers:
            labels = frozenset(label.label for label in cut.accepted(candidate.seen))
            same = (numbers[image], cut.group(candidate.seen), labels)
        together[same].append(candidate)
    units = []
    for members in together.values():
        first = min(members, key=lambda member: member.image)
        # Two that were both asked about before stay two.
        known = [member for member in members if member.image in asked] or [first]
        for number, member in enumerate(known):
            size = len(members) - len(known) + 1 if number == 0 else 1
            units.append(_Unit(member, cut.group(member.seen), lot(member.image, seed), size))
    return units

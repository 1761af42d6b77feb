"""Whether what a version sees in production has changed since its first images: day by day, signal by signal.

Pure: standard library alone. The reference are a version's first images in production, five hundred or more in whole
days: those of a test set are others, and too few. Each day's images are held against it, a label at a time:

- confidence: over all images, and over those alone on which the label counts, since few have a defect that is rare
  (Kolmogorov and Smirnov's distance; what stayed below the floor counts as equal, which makes it cautious)
- share: of the images on which it counts (Fisher's exact test), and the same of images that are refused
- bytes, brightness and sharpness, where they are known (Kolmogorov and Smirnov)

Each of these tests may be wrong by chance, each day anew, and all are held against one reference, so that they lean
the same way. Bonferroni's correction holds whatever they have to do with each other: a test tells of drift where its
p-value is below FALSE_ALARMS / HORIZON / tests of the day. So in ninety quiet days a false alarm has a chance of five
per cent at most, however many labels there are. Distances below about a tenth are not told with five hundred images; a
textbook's limits on PSI would alarm on a third to two thirds of quiet days.

Sources: F. J. Massey, "The Kolmogorov-Smirnov test for goodness of fit" (1951); M. A. Stephens, "Use of the
Kolmogorov-Smirnov, Cramér-von Mises and related statistics" (1970), for the p-value of small samples; R. A. Fisher,
"Statistical Methods for Research Workers" (1934).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp, lgamma, log, sqrt

REFERENCE = 500
"""Images that a reference has at least."""

LEAST = 50
"""Images of a day that can be told something of; of those on which a label counts, twenty."""

LEAST_COUNTING = 20

HORIZON, FALSE_ALARMS = 90, 0.05
"""Days, and false alarms that are expected in so many."""

LOOKS = 24
"""At a day that has not ended: each is one more chance to be wrong."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of an image that was looked at.

    Parameters
    ----------
    confidences : the greatest of each label, 0..100, from `floor` up
    size : bytes
    brightness : mean lightness in 0..100
    sharpness : logarithm of the variance of the image's edges
    """

    day: date
    confidences: Mapping[str, float] = field(default_factory=dict)
    floor: float = 0.0
    refused: bool = False
    size: int | None = None
    brightness: float | None = None
    sharpness: float | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """What a test says of a day.

    Parameters
    ----------
    kind : confidence, sureness (confidence where it counts), share, refused, bytes, brightness, sharpness
    label : empty where it is of the whole image
    before, now : means, or shares, of the reference and of the day
    p : chance of such a difference where nothing has changed
    drifted : whether that is below what one of the day's tests is allowed
    """

    kind: str
    label: str
    before: float
    now: float
    p: float
    drifted: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day held against the reference.

    Parameters
    ----------
    images : that were looked at; `refused` are beside them
    signals : the least probable first; none where there are too few images
    whole : whether the day has ended
    """

    day: date
    images: int
    refused: int
    signals: tuple[Signal, ...]
    whole: bool = True

    @property
    def drifted(self) -> tuple[Signal, ...]:
        return tuple(signal for signal in self.signals if signal.drifted)


@dataclass(frozen=True, slots=True)
class Reference:
    """The first images in production.

    Parameters
    ----------
    last : the last of its days
    images : that were looked at; `refused` are beside them
    """

    first: date
    last: date
    images: int
    refused: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What became of production since its first images; no reference where there are too few of them yet."""

    reference: Reference | None
    days: tuple[Day, ...]
    images: int


def watch(
    readings: Iterable[Reading],
    thresholds: Mapping[str, float],
    *,
    today: date,
    days: int = 1,
    first_images: int = REFERENCE,
    since: date | None = None,
) -> Watched:
    """Each day since the reference, held against it.

    Parameters
    ----------
    thresholds : from which confidence on a label counts, 0..100; labels that are seen and have none are not counted
    today : has not ended
    days, first_images : that the reference has at least
    since : the first day that is wanted
    """
    by_day: dict[date, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_day[reading.day].append(reading)
    first, remaining = _reference(by_day, today, days, first_images)
    images = sum(not reading.refused for several in by_day.values() for reading in several)
    if first is None:
        return Watched(None, (), images)
    before = _Sample([reading for day in first for reading in by_day[day]])
    reference = Reference(first[0], first[-1], len(before.looked_at), before.refused)
    held = [
        _held_against(before, _Sample(by_day[day]), day, thresholds, whole=day < today)
        for day in remaining
        if since is None or day >= since
    ]
    return Watched(reference, tuple(held), images)


class _Sample:
    """Readings, and what is asked of them more than once."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self.all = readings
        self.looked_at = [reading for reading in readings if not reading.refused]
        self.refused = len(readings) - len(self.looked_at)
        self.labels = {label for reading in self.looked_at for label in reading.confidences}
        floors = Counter(reading.floor for reading in self.looked_at)
        self.floor = max(floors, key=lambda floor: (floors[floor], floor), default=0.0)
        self._sorted: dict[tuple[str, float], list[float]] = {}

    def confidences(self, label: str, floor: float) -> list[float]:
        """In order; 0 of what is below the floor. What was kept from a higher one only says nothing."""
        key = label, floor
        if key not in self._sorted:
            self._sorted[key] = sorted(
                confidence if confidence >= floor else 0.0
                for reading in self.looked_at
                for confidence in (reading.confidences.get(label, 0.0),)
                if confidence >= floor or reading.floor <= floor
            )
        return self._sorted[key]

    def known(self, name: str) -> list[float]:
        """What is known of images as such, in order."""
        key = name, -1.0
        if key not in self._sorted:
            values = (getattr(reading, name) for reading in self.looked_at)
            self._sorted[key] = sorted(float(value) for value in values if value is not None)
        return self._sorted[key]


def _reference(
    by_day: Mapping[date, Sequence[Reading]], today: date, days: int, first_images: int
) -> tuple[list[date] | None, list[date]]:
    """The days of the reference, None where they hold too little, and those after it."""
    count, ordered = 0, sorted(by_day)
    for number, day in enumerate(ordered, 1):
        if day >= today:
            break
        count += sum(not reading.refused for reading in by_day[day])
        if count >= first_images and day - ordered[0] >= (days - 1) * _DAY:
            return ordered[:number], ordered[number:]
    return None, ordered


def _held_against(
    before: _Sample, now: _Sample, day: date, thresholds: Mapping[str, float], *, whole: bool = True
) -> Day:
    """A day's images held against those of the reference."""
    signals = list(_signals(before, now, thresholds))
    level = FALSE_ALARMS / HORIZON / max(1, len(signals)) / (1 if whole else LOOKS)
    judged = [
        Signal(signal.kind, signal.label, signal.before, signal.now, signal.p, signal.p < level) for signal in signals
    ]
    judged.sort(key=lambda signal: (signal.p, signal.kind, signal.label))
    return Day(day, len(now.looked_at), now.refused, tuple(judged), whole)


def _signals(before: _Sample, now: _Sample, thresholds: Mapping[str, float]) -> Iterator[Signal]:
    if len(now.all) >= LEAST:
        yield _share("refused", "", before.refused, len(before.all), now.refused, len(now.all))
    if len(now.looked_at) < LEAST:
        return
    floor = max(before.floor, now.floor)
    for label in sorted(before.labels | now.labels):
        first, second = before.confidences(label, floor), now.confidences(label, floor)
        if min(len(first), len(second)) < LEAST:
            continue
        yield _distance("confidence", label, first, second)
        threshold = thresholds.get(label)
        if threshold is None or threshold < floor:
            continue
        counting, others = ([value for value in values if value >= threshold] for values in (first, second))
        yield _share("share", label, len(counting), len(first), len(others), len(second))
        if min(len(counting), len(others)) >= LEAST_COUNTING:
            yield _distance("sureness", label, counting, others)
    for kind, name in (("bytes", "size"), ("brightness", "brightness"), ("sharpness", "sharpness")):
        if min(len(before.known(name)), len(now.known(name))) >= LEAST:
            yield _distance(kind, "", before.known(name), now.known(name))


def _distance(kind: str, label: str, first: Sequence[float], second: Sequence[float]) -> Signal:
    p = distance_p(ks_distance(first, second), len(first), len(second))
    return Signal(kind, label, sum(first) / len(first), sum(second) / len(second), p)


def _share(kind: str, label: str, count: int, total: int, other: int, others: int) -> Signal:
    return Signal(kind, label, count / total, other / others, fisher_p(count, total, other, others))


def ks_distance(first: Sequence[float], second: Sequence[float]) -> float:
    """The greatest distance between two samples' distribution functions, 0..1.

    Parameters
    ----------
    first, second : in order, with one value at least
    """
    one = other = 0
    greatest = 0.0
    while one < len(first) and other < len(second):
        value = min(first[one], second[other])
        while one < len(first) and first[one] == value:
            one += 1
        while other < len(second) and second[other] == value:
            other += 1
        greatest = max(greatest, abs(one / len(first) - other / len(second)))
    return greatest


def distance_p(distance: float, count: int, other: int) -> float:
    """Chance of such a distance, or a greater one, between samples of that many values from one distribution."""
    effective = sqrt(count * other / (count + other))
    scaled = (effective + 0.12 + 0.11 / effective) * distance
    if scaled < 0.2:
        return 1.0
    terms = ((1 if number % 2 else -1) * exp(-2 * number**2 * scaled**2) for number in range(1, 101))
    return min(1.0, max(0.0, 2 * sum(terms)))


def fisher_p(count: int, total: int, other: int, others: int) -> float:
    """Chance of shares as improbable as `count` of `total` and `other` of `others`, or more so, if nothing differs."""
    both, whole = count + other, total + others
    low, high = max(0, both - others), min(both, total)

    def chance(number: int) -> float:
        return _ways(total, number) + _ways(others, both - number) - _ways(whole, both)

    # A little above what was found, since equal chances differ by rounding.
    most = chance(count) + 1e-7
    return min(1.0, sum(exp(value) for value in map(chance, range(low, high + 1)) if value <= most))


def _ways(total: int, chosen: int) -> float:
    """The logarithm of the number of ways to choose so many of a total."""
    return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)


def surprise(p: float) -> float:
    """How many decimal digits a chance is small by, at most 16: a page shows it as height."""
    return 16.0 if p <= 1e-16 else -log(p) / log(10)

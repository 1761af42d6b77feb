"""What people agree on: one truth of several answers, figures of agreement, and how each does on known answers. Pure.

Answers agree where they give the image the same labels and the same boxes: each box has its own in the other answer, of
the same label, that overlaps it by half or more. Where two disagree a further person is asked, until more than half of
all agree; what never does stays unresolved, and enters no dataset.
Sources: J. Cohen, "A coefficient of agreement for nominal scales" (1960); J. L. Fleiss, "Measuring nominal scale
agreement among many raters" (1971), with a mean over images of unlike numbers of raters.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from customlabels.datasets.boxes import overlap
from customlabels.review.answers import Answer, Region
from customlabels.review.tasks import Known, Task

SAME = 0.5
"""Intersection over union from which two boxes of a label are the same."""

MOST_PEOPLE = 5
"""Asked about one image; where not more than half of them agree, nobody knows."""


class Outcome(StrEnum):
    """How an image stands."""

    OPEN = "open"
    DISPUTED = "disputed"
    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What came of the answers on an image.

    Parameters
    ----------
    wanted : how many people are to answer in all, as things stand
    labels, boxes : what is taken for true; boxes are the means of those that agree. Empty unless it is resolved
    """

    outcome: Outcome
    answers: tuple[Answer, ...]
    wanted: int
    labels: tuple[str, ...] = ()
    boxes: tuple[Region, ...] | None = None

    @property
    def all_labels(self) -> frozenset[str]:
        return frozenset((*self.labels, *(box.label for box in self.boxes or ())))


def resolve(answers: Sequence[Answer], people: int) -> Resolution:
    """What the answers on an image come to, of which `people` were wanted; one who cannot tell is one more to ask."""
    telling = [answer for answer in answers if not answer.unsure]
    unsure = len(answers) - len(telling)
    given, wanted = tuple(answers), min(MOST_PEOPLE, people + unsure)
    if len(telling) < people and len(answers) < MOST_PEOPLE:
        return Resolution(Outcome.OPEN, given, wanted)
    sides = _sides(telling)
    largest = sides[0] if sides else []
    if len(telling) >= people and len(largest) * 2 > len(telling):
        labels = tuple(sorted(set(largest[0].labels)))
        return Resolution(Outcome.RESOLVED, given, len(answers), labels, _mean_boxes(largest))
    if len(answers) >= MOST_PEOPLE:
        return Resolution(Outcome.UNRESOLVED, given, len(answers))
    return Resolution(Outcome.DISPUTED, given, len(answers) + 1)


def resolutions(tasks: Iterable[Task], answers: Iterable[Answer]) -> dict[str, Resolution]:
    """How each task's image stands."""
    by_image: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_image[answer.image].append(answer)
    return {task.image: resolve(by_image[task.image], task.people) for task in tasks}


def agree(first: Answer, second: Answer) -> bool:
    """Whether two answers say the same."""
    if first.unsure or second.unsure or set(first.labels) != set(second.labels):
        return False
    if (first.boxes is None) != (second.boxes is None):
        return False
    boxes, others = first.boxes or (), second.boxes or ()
    return len(boxes) == len(others) == len(matched(boxes, others))


def matched(boxes: Sequence[Region], others: Sequence[Region], least: float = SAME) -> list[tuple[int, int, float]]:
    """Numbers of boxes that are the same, each with its overlap; every box is in one pair at most.

    The pairs are as many as there can be: a box that another needs more goes to it (augmenting paths).
    """
    shares = [
        [overlap(box.rectangle, other.rectangle) if box.label == other.label else 0.0 for other in others]
        for box in boxes
    ]
    taken: dict[int, int] = {}

    def pair(row: int, tried: set[int]) -> bool:
        for column in sorted(range(len(others)), key=lambda column: -shares[row][column]):
            if shares[row][column] >= least and column not in tried:
                tried.add(column)
                if column not in taken or pair(taken[column], tried):
                    taken[column] = row
                    return True
        return False

    for row in range(len(boxes)):
        pair(row, set())
    return sorted((row, column, shares[row][column]) for column, row in taken.items())


def cohens_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Agreement of two people beyond chance, up to 1; None where nothing tells: there is no pair, or one word only."""
    if not pairs:
        return None
    total = len(pairs)
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    same = sum(first == second for first, second in pairs) / total
    chance = sum(firsts[word] * seconds[word] for word in firsts) / total**2
    return None if chance == 1 else (same - chance) / (1 - chance)


def fleiss_kappa(ratings: Iterable[Sequence[Hashable]]) -> float | None:
    """Agreement of any number of people beyond chance, up to 1; None where there is nothing to tell.

    Parameters
    ----------
    ratings : what each of an image's raters said; images with fewer than two tell nothing
    """
    counts = [Counter(words) for words in ratings if len(words) > 1]
    if not counts:
        return None
    alike = [
        sum(count * (count - 1) for count in words.values()) / (words.total() * (words.total() - 1)) for words in counts
    ]
    everything: Counter[Hashable] = sum(counts, Counter())
    chance = sum((count / everything.total()) ** 2 for count in everything.values())
    return None if chance == 1 else (sum(alike) / len(alike) - chance) / (1 - chance)


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """How far people agree on whether a label is on an image.

    Parameters
    ----------
    images : with two answers or more
    same : part of the pairs of answers that agree
    kappa : Fleiss'; None where there is nothing to tell
    overlap : mean intersection over union of the boxes that two people both drew; None where there is none
    """

    label: str
    images: int
    same: float
    kappa: float | None
    overlap: float | None


def label_agreement(answers: Iterable[Answer]) -> list[LabelAgreement]:
    """The agreement a label, over images that two people or more answered."""
    shared = _shared(answers)
    rows = []
    for label in sorted({label for several in shared for answer in several for label in answer.all_labels}):
        ratings = [[label in answer.all_labels for answer in several] for several in shared]
        pairs = [pair for words in ratings for pair in combinations(words, 2)]
        overlaps = [
            share
            for several in shared
            for first, second in combinations(several, 2)
            for _, _, share in matched(_of(first, label), _of(second, label), 1e-9)
        ]
        rows.append(
            LabelAgreement(
                label,
                len(shared),
                sum(first == second for first, second in pairs) / len(pairs),
                fleiss_kappa(ratings),
                sum(overlaps) / len(overlaps) if overlaps else None,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two people agree: over images that both answered, Cohen's kappa of what each says of the image."""

    first: str
    second: str
    images: int
    same: float
    kappa: float | None


def pair_agreement(answers: Iterable[Answer]) -> list[PairAgreement]:
    """The agreement of every two people who answered the same images."""
    both: dict[tuple[str, str], list[tuple[Answer, Answer]]] = defaultdict(list)
    for several in _shared(answers):
        for first, second in combinations(sorted(several, key=lambda answer: answer.person), 2):
            both[first.person, second.person].append((first, second))
    return [
        PairAgreement(
            *people,
            len(pairs),
            sum(agree(first, second) for first, second in pairs) / len(pairs),
            cohens_kappa([(first.all_labels, second.all_labels) for first, second in pairs]),
        )
        for people, pairs in sorted(both.items())
    ]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How a person does on images whose answer is known.

    Parameters
    ----------
    right : of `known`
    low, high : where the part that is right lies with 95 %; None where there is none
    seconds : median that an answer takes; None where nobody counted
    """

    person: str
    answers: int
    unsure: int
    known: int
    right: int
    low: float | None
    high: float | None
    seconds: float | None


def accuracies(tasks: Iterable[Task], answers: Iterable[Answer]) -> list[Accuracy]:
    """How each person does."""
    from statistics import median

    truths = {task.image: task.known for task in tasks if task.known}
    by_person: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_person[answer.person].append(answer)
    rows = []
    for person, own in sorted(by_person.items()):
        judged = [(answer, truths[answer.image]) for answer in own if answer.image in truths and not answer.unsure]
        right = sum(_is_right(answer, known) for answer, known in judged)
        seconds = [answer.seconds for answer in own if answer.seconds is not None]
        low, high = wilson(right, len(judged))
        unsure = sum(answer.unsure for answer in own)
        took = median(seconds) if seconds else None
        rows.append(Accuracy(person, len(own), unsure, len(judged), right, low, high, took))
    return rows


def wilson(right: int, trials: int) -> tuple[float | None, float | None]:
    """Where a share of so many trials lies with 95 %. Source: E. B. Wilson, "Probable inference" (1927)."""
    if not trials:
        return None, None
    z = 1.959964
    share, squared = right / trials, z * z / trials
    middle = (share + squared / 2) / (1 + squared)
    half = z * (share * (1 - share) / trials + squared / 4 / trials) ** 0.5 / (1 + squared)
    # Exact at the ends, where rounding leaves a trace.
    return 0.0 if right == 0 else middle - half, 1.0 if right == trials else middle + half


def _is_right(answer: Answer, known: Known) -> bool:
    """Whether an answer is what is known; by labels alone where one of both has no boxes."""
    if answer.boxes is None or known.boxes is None:
        return answer.all_labels == {*known.labels, *(box.label for box in known.boxes or ())}
    return agree(answer, Answer(answer.image, "", answer.at, known.labels, known.boxes))


def _sides(answers: Sequence[Answer]) -> list[list[Answer]]:
    """Answers that agree with each other, the most first, then the earliest."""
    best: list[list[Answer]] = []
    remaining = list(answers)
    while remaining:
        groups = [[answer for answer in remaining if answer is first or agree(first, answer)] for first in remaining]
        largest = max(groups, key=lambda group: (len(group), -min(answer.at.timestamp() for answer in group)))
        best.append(largest)
        remaining = [answer for answer in remaining if answer not in largest]
    return sorted(best, key=len, reverse=True)


def _mean_boxes(answers: Sequence[Answer]) -> tuple[Region, ...] | None:
    """The boxes of the first answer, each the mean of what the others have for it."""
    first = answers[0]
    if first.boxes is None:
        return None
    several: list[list[Region]] = [[box] for box in first.boxes]
    for answer in answers[1:]:
        for row, column, _ in matched(first.boxes, answer.boxes or ()):
            several[row].append((answer.boxes or ())[column])
    return tuple(map(_mean, several))


def _mean(boxes: Sequence[Region]) -> Region:
    sides = zip(*(box.rectangle for box in boxes), strict=True)
    return Region(boxes[0].label, *(sum(values) / len(boxes) for values in sides))


def _of(answer: Answer, label: str) -> list[Region]:
    return [box for box in answer.boxes or () if box.label == label]


def _shared(answers: Iterable[Answer]) -> list[list[Answer]]:
    """The answers on each image that two people or more could tell something of."""
    by_image: Mapping[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        if not answer.unsure:
            by_image[answer.image].append(answer)
    return [several for several in by_image.values() if len(several) > 1]

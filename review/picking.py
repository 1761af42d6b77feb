"""A pick as a person asks for it: images of a folder just detected, what was asked before, written to the review."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from customlabels.core.errors import LayoutError
from customlabels.core.plurals import counted
from customlabels.core.watching import Watch
from customlabels.datasets.duplicates import near_duplicates
from customlabels.datasets.model import Dataset
from customlabels.review import images as images_
from customlabels.review.pick import Candidate, Cut, Group, Shares, Stratum, lot, pick
from customlabels.review.tasks import Known, Task, add_tasks, look_of, news, read_tasks, task_of

KNOWN_SHARE = 0.05
"""Of the images that are asked about, those whose answer is known."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    Parameters
    ----------
    count : images
    a_day : at most, over all picks of a day in UTC; None: any number
    overlap : part of the images that two people are asked about
    shares : None: those of a good version
    known : labelled images, of which some are mixed in to see how people do
    """

    count: int = 200
    a_day: int | None = None
    overlap: float = 0.2
    shares: Shares | None = None
    seed: int = 0
    known: Dataset | None = None


@dataclass(frozen=True, slots=True)
class Picked:
    """What came of a pick.

    Parameters
    ----------
    strata : images newly asked about, by why
    picked, groups : images newly asked about, and those that there are, by what the version makes of them
    known : images whose answer is known
    twice : of the new ones, those that two people are asked about
    """

    images: int
    strata: Mapping[Stratum, int]
    picked: Mapping[Group, int]
    groups: Mapping[Group, int]
    known: int
    twice: int
    asked_before: int
    alike: int


def pick_into(
    folder: Path,
    candidates: Sequence[Candidate],
    cut: Cut,
    wish: Wish,
    *,
    version: str,
    now: datetime,
    alike: Iterable[Sequence[str]] = (),
) -> Picked:
    """Adds what is picked to the review in `folder`.

    Raises
    ------
    LayoutError : the day's number is asked about already, or all images are
    """
    before = read_tasks(folder)
    # What is asked about to see how people do, and suspects, were not picked from production.
    asked = {task.image: task.chance if task.version else 0.0 for task in before}
    today = sum(task.at.astimezone(UTC).date() == now.astimezone(UTC).date() for task in before)
    count = wish.count if wish.a_day is None else min(wish.count, wish.a_day - today)
    if count <= 0:
        raise LayoutError(
            f"{folder}: {today} images were picked today, of {wish.a_day} (--a-day)", hint="come back tomorrow"
        )
    many = wish.known is not None and max(1, round(count * KNOWN_SHARE))
    result = pick(
        candidates, cut, count - int(many), asked=asked, alike=alike, shares=wish.shares or Shares(), seed=wish.seed
    )
    if not result.new:
        raise LayoutError(
            f"{folder}: all {len(asked)} images were asked about already", hint="detect newer images, and pick of those"
        )
    tasks = [
        task_of(
            picked,
            cut.accepted(picked.candidate.seen),
            version=version,
            people=2 if lot(picked.candidate.image, wish.seed + 2) < wish.overlap else 1,
            at=now,
        )
        for picked in result.new
    ]
    knowns = _known(wish, asked.keys() | {task.image for task in tasks}, int(many), now)
    together = sorted([*tasks, *knowns], key=lambda task: lot(task.image, wish.seed + 1))
    looks = [look_of(picked, cut.accepted(picked.candidate.seen), version) for picked in result.again]
    add_tasks(folder, together, news(folder, looks))
    return Picked(
        images=len(tasks),
        strata=dict(Counter(task.stratum for task in tasks)),
        picked=dict(Counter(task.group for task in tasks)),
        groups=result.groups,
        known=len(knowns),
        twice=sum(task.people > 1 for task in tasks),
        asked_before=sum(candidate.image in asked for candidate in candidates),
        alike=len({candidate.image for candidate in candidates}) - sum(result.groups.values()),
    )


def look_alikes(candidates: Iterable[Candidate], watch: Watch) -> list[list[str]]:
    """Images that look the same, by content; those in S3 are not looked at."""
    files = [candidate for candidate in candidates if not candidate.source.startswith("s3://")]
    by_path = {candidate.source: candidate.image for candidate in files}
    records = images_.records_of(map(Path, by_path))
    with watch.step(f"comparing {counted(len(records), 'image')}", len(records)) as advance:
        groups = near_duplicates(records, lambda: advance(1), images_.MAX_DISTANCE)
    return [[by_path[record.name] for record in group.records] for group in groups]


def _known(wish: Wish, taken: Iterable[str], many: int, now: datetime) -> list[Task]:
    """Tasks of labelled images."""
    if wish.known is None:
        return []
    records = [record for record in wish.known.records if record.path.is_absolute() and record.path.is_file()]
    keys = images_.keys_of([record.path for record in records])
    free = sorted(
        ((key, record) for key, record in zip(keys, records, strict=True) if key not in set(taken)),
        key=lambda pair: lot(pair[0], wish.seed + 3),
    )
    tasks = []
    for key, record in free[:many]:
        tasks.append(
            Task(
                image=key,
                name=record.name,
                source=str(record.path),
                version="",
                seen=(),
                predicted=(),
                group=Group.REST,
                stratum=Stratum.RANDOM,
                chance=1.0,
                at=now,
                known=Known(record.labels, images_.regions_of(record)),
            )
        )
    return tasks

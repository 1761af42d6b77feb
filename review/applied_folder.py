"""Answers applied as a person asks for it: a dataset read, the answers in it, all written to a new folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from customlabels.core.errors import LayoutError, ServiceError
from customlabels.core.plurals import counted
from customlabels.core.watching import Watch
from customlabels.datasets.contents import hashed
from customlabels.datasets.conversion import convert
from customlabels.datasets.duplicates import near_duplicates
from customlabels.datasets.layout import Format
from customlabels.datasets.model import Dataset, ImageInfo, ImageRecord, Side
from customlabels.datasets.probe import probe_all
from customlabels.review.agreement import Outcome, Resolution, resolutions
from customlabels.review.answers import read_answers
from customlabels.review.applying import Applied, Asked, apply, test_digest
from customlabels.review.images import read_image
from customlabels.review.tasks import Task, the_tasks

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Parameters
    ----------
    waiting : images that are open or disputed, by which of both
    before, after : digests of the test set; empty where there is none
    """

    applied: Applied
    waiting: dict[str, int]
    before: str
    after: str


def apply_to(
    review: Path,
    dataset: Dataset | None,
    folder: Path,
    format: Format,
    *,
    to_test: int = 0,
    s3: "Callable[[], S3Client]",
    watch: Watch,
    now: datetime | None = None,
) -> Written:
    """Writes the dataset with a review's answers in it.

    Parameters
    ----------
    dataset : images with their sides; None: the answers alone
    folder : a new one
    now : as for `answers.read_answers`

    Raises
    ------
    LayoutError : there is no review, nothing to write, or the folder holds something
    """
    tasks = the_tasks(review)
    resolved = resolutions(tasks, read_answers(review, now))
    waiting = {
        outcome.value: sum(resolution.outcome is outcome for resolution in resolved.values())
        for outcome in Outcome
        if outcome is not Outcome.RESOLVED
    }
    given = hashed(dataset, pictures=True) if dataset is not None else Dataset(folder.resolve(), ())
    _keep_originals(given, folder)
    usable = [task for task in tasks if task.known is None and resolved[task.image].outcome is Outcome.RESOLVED]
    with TemporaryDirectory(prefix="customlabels-") as name:
        here = [_here(task, number, Path(name), s3) for number, task in enumerate(usable)]
        infos = probe_all([path for path in here if isinstance(path, Path)])
        asked = [
            _asked(task, resolved[task.image], path if isinstance(path, str) else (path, next(infos)))
            for task, path in zip(usable, here, strict=True)
        ]
        applied = apply(given, asked, lambda records: _alike(records, watch), to_test=to_test)
        if not applied.dataset.records:
            raise LayoutError(
                f"{review}: has no answer that people agree on",
                details=[f"{refused.name}: {refused.why}" for refused in applied.refused],
                hint="customlabels review page asks",
            )
        applied = replace(applied, dataset=hashed(applied.dataset))
        with watch.step(
            f"writing {counted(len(applied.dataset.records), 'image')}", len(applied.dataset.records)
        ) as advance:
            convert(applied.dataset, format, folder, lambda: advance(1))
    before = test_digest(given) if given.side(Side.TEST) else ""
    after = test_digest(applied.dataset) if applied.dataset.side(Side.TEST) else ""
    return Written(applied, waiting, before, after)


def _here(task: Task, number: int, folder: Path, s3: "Callable[[], S3Client]") -> Path | str:
    """Where the image lies, fetched where it is in S3; or why it is not had."""
    try:
        body = read_image(task.source, s3, task.image)
    except (LayoutError, ServiceError) as error:
        return error.message
    if not task.source.startswith("s3://"):
        return Path(task.source)
    path = folder / f"{number}{PurePosixPath(task.source).suffix.lower()}"
    path.write_bytes(body)
    return path


def _asked(task: Task, resolution: Resolution, image: tuple[Path, ImageInfo | str] | str) -> Asked:
    if isinstance(image, str):
        return Asked(task, resolution, Path(task.source), None, image)
    path, info = image
    fault = info if isinstance(info, str) else ""
    return Asked(task, resolution, path, None if isinstance(info, str) else info, fault)


def _alike(records: Sequence[ImageRecord], watch: Watch) -> list[tuple[ImageRecord, ...]]:
    with watch.step(f"comparing {counted(len(records), 'image')}", len(records)) as advance:
        return [group.records for group in near_duplicates(records, lambda: advance(1))]


def _keep_originals(dataset: Dataset, folder: Path) -> None:
    """Sees that nothing that is to be read would be written over.

    Raises
    ------
    LayoutError
    """
    target = folder.resolve()
    if any(record.path.is_relative_to(target) for record in dataset.records):
        raise LayoutError(f"{folder}: holds the images that are to be read", hint="name a new folder with --to")

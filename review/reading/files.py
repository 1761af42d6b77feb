"""Files of other tools read as answers, whichever tool wrote each."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from customlabels.core.errors import LayoutError
from customlabels.datasets.files import read_bounded, walk
from customlabels.review.answers import add_answers, arrivals, missing, read_answers
from customlabels.review.reading import a2i, ground_truth, label_studio
from customlabels.review.reading.given import NOT_PICKED, Given, Matching
from customlabels.review.tasks import the_tasks

_MAX_BYTES = 1_000_000_000
_PEEK = 1 << 16
_ENDINGS = {".json", ".jsonl", ".manifest"}


def read_into(
    review: Path, sources: Sequence[Path], nothing: Iterable[str] = (), *, now: datetime | None = None
) -> tuple[int, int, Given]:
    """Adds the answers in files, or in all files below folders, to a review: how many are new, how many known already.

    Parameters
    ----------
    nothing : labels that say that nothing is on the image
    now : as for `answers.read_answers`

    Raises
    ------
    LayoutError : a file that none of the tools wrote, or what is wrong in them, all in one go; nothing is added
    """
    tasks = the_tasks(review)
    matching, given = Matching(tasks), Given()
    located = any(seen.box for task in tasks for seen in task.seen)
    for file in _files(sources):
        _read(file, matching, frozenset(nothing), given, boxes=located)
    faults = [f"{finding.name}: {finding.message}" for finding in given.findings if finding.fatal]
    if faults:
        raise LayoutError(f"{len(faults)} answers cannot be read; none was added", details=faults)
    if not given.answers and any(finding.message == NOT_PICKED for finding in given.findings):
        raise LayoutError(
            f"no answer is on an image that was picked into {review}",
            details=[f"{finding.name}: {finding.message}" for finding in given.findings],
            hint="images are told by their addresses and names",
        )
    new = missing(given.answers, read_answers(review, now), now, arrivals(review))
    add_answers(review, new)
    return len(new), len(given.answers) - len(new), given


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_dir():
            below = [source / name for name in walk(source, copies=True) if Path(name).suffix.lower() in _ENDINGS]
            if not below:
                raise LayoutError(f"{source}: holds no {', '.join(sorted(_ENDINGS))} file")
            yield from below
        elif source.is_file():
            yield source
        else:
            raise LayoutError(f"{source}: no such file or folder")


def _read(file: Path, matching: Matching, nothing: frozenset[str], given: Given, *, boxes: bool) -> None:
    with file.open("rb") as opened:
        beginning = opened.read(_PEEK)
    try:
        if label_studio.recognises(beginning):
            label_studio.read(read_bounded(file, _MAX_BYTES), file.name, matching, nothing, given, boxes=boxes)
        elif b'"humanAnswers"' in beginning or file.suffix.lower() == ".json":
            document = json.loads(read_bounded(file, _MAX_BYTES))
            if not a2i.recognises(document):
                raise ValueError("none of A2I, Ground Truth and Label Studio wrote it")
            a2i.read(document, str(file), matching, nothing, given)
        elif ground_truth.recognises(file):
            ground_truth.read(file, matching, nothing, given)
        else:
            raise ValueError("none of A2I, Ground Truth and Label Studio wrote it")
    except (ValueError, RecursionError) as error:
        given.leave_out(str(file), str(error))

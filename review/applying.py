"""Answers made into a dataset: what people agree on is trained on, and the test set stays clean.

An image alike to one of the test set is refused, or the next figures would flatter. The test set grows by images of the
random stratum alone, which are as production has them; those near a threshold would make it harder than production is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from customlabels.datasets.model import Box, Dataset, ImageInfo, ImageRecord, Side, content_digest, label_counts
from customlabels.datasets.videos.frame_names import frame_of
from customlabels.datasets.videos.together import of_one_video
from customlabels.review.agreement import Outcome, Resolution
from customlabels.review.images import image_key
from customlabels.review.pick import Stratum, lot
from customlabels.review.tasks import Task

Alike = Callable[[Sequence[ImageRecord]], Iterable[Sequence[ImageRecord]]]
"""Groups of images that look the same."""

_UNLABELLED = "nothing is on it; a training ignores such an image"


@dataclass(frozen=True, slots=True)
class Asked:
    """A task, what its answers come to, and the image as it lies here.

    Parameters
    ----------
    fault : why the service would not take the image; empty where it would
    """

    task: Task
    resolution: Resolution
    path: Path
    info: ImageInfo | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """An image that enters no dataset, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Applied:
    """A dataset with the answers in it.

    Parameters
    ----------
    added : names of images that are new in the train part
    corrected : names of images of the train part whose labels are others now
    tested : names of images that are new in the test part
    unchanged : images whose labels were the same already
    strangers : labels that the dataset did not have, each with the images that have it now
    """

    dataset: Dataset
    added: tuple[str, ...]
    corrected: tuple[str, ...]
    tested: tuple[str, ...]
    unchanged: int
    refused: tuple[Refused, ...]
    strangers: Mapping[str, int]


def apply(dataset: Dataset, asked: Iterable[Asked], alike: Alike, *, to_test: int = 0, seed: int = 0) -> Applied:
    """The dataset with what people agree on; images of known answers, and what is open or disputed, stay out.

    Parameters
    ----------
    dataset : images with their sides and hashes; may have none
    to_test : images of the random stratum that are tested on instead, at most
    """
    known = {_key(record): record for record in dataset.records}
    boxed = any(record.boxes is not None for record in dataset.records)
    records = {record.name: record for record in dataset.records}
    refused: list[Refused] = []
    new: list[tuple[Asked, ImageRecord]] = []
    corrected: list[str] = []
    unchanged = 0
    for image in asked:
        resolution, task = image.resolution, image.task
        if task.known is not None or resolution.outcome is not Outcome.RESOLVED:
            continue
        record = known.get(task.image)
        fault = image.fault or _fault(resolution, boxed if dataset.records else resolution.boxes is not None)
        if fault or image.info is None:
            refused.append(Refused(task.name, fault))
            continue
        labels, boxes = _labels(resolution, image.info, boxed if dataset.records else resolution.boxes is not None)
        if record is None:
            record = ImageRecord(_free(task, records), image.path, labels, image.info, Side.TRAIN, boxes)
            new.append((image, record))
            records[record.name] = record
        elif _same(record, labels, boxes):
            unchanged += 1
        elif record.side is Side.TEST:
            refused.append(Refused(task.name, "is tested on, with other labels; those are left as they are"))
        else:
            records[record.name] = replace(record, labels=labels, boxes=boxes)
            corrected.append(record.name)
    tested = _tested(dataset, new, alike, to_test, seed)
    leaking = _leaking(dataset, [record for _, record in new], tested, alike)
    for _, record in new:
        if record.name in leaking:
            del records[record.name]
            refused.append(Refused(record.name, _leak(record, leaking[record.name])))
        elif record.name in tested:
            records[record.name] = replace(record, side=Side.TEST)
    added = [record.name for _, record in new if record.name in records and record.name not in tested]
    kept = tuple(sorted(records.values(), key=lambda record: record.name))
    before = label_counts(dataset.records)
    return Applied(
        replace(dataset, records=kept),
        tuple(added),
        tuple(corrected),
        tuple(sorted(tested)),
        unchanged,
        tuple(refused),
        {label: count for label, count in label_counts(kept).items() if before and label not in before},
    )


def test_digest(dataset: Dataset) -> str:
    """Of the images that are tested on and what is true of them."""
    records = dataset.side(Side.TEST)
    return content_digest(records, {record.name: record.hashes.sha256 if record.hashes else "" for record in records})


test_digest.__test__ = False  # type: ignore[attr-defined] # no test of pytest's


def _key(record: ImageRecord) -> str:
    return image_key(record.hashes.md5, record.info.size) if record.hashes else record.name


def _fault(resolution: Resolution, boxed: bool) -> str:
    """Why a resolved answer makes no image of such a dataset; empty where it does."""
    if boxed and resolution.boxes is None:
        return "nobody was asked for boxes, and the other images have some"
    return "" if boxed or resolution.all_labels else _UNLABELLED


def _labels(resolution: Resolution, info: ImageInfo, boxed: bool) -> tuple[tuple[str, ...], tuple[Box, ...] | None]:
    """Labels and boxes in pixels, in the terms of the dataset."""
    if not boxed:
        return tuple(sorted(resolution.all_labels)), None
    boxes = tuple(
        Box(box.label, box.left * info.width, box.top * info.height, box.width * info.width, box.height * info.height)
        for box in resolution.boxes or ()
    )
    return resolution.labels, boxes


def _same(record: ImageRecord, labels: Sequence[str], boxes: Sequence[Box] | None) -> bool:
    """Whether an image has those labels and boxes, to the pixel."""

    def rounded(boxes: Sequence[Box] | None) -> list[tuple[str, list[int]]] | None:
        return None if boxes is None else sorted((box.label, [round(side) for side in box.corners]) for box in boxes)

    return sorted(record.labels) == sorted(labels) and rounded(record.boxes) == rounded(boxes)


def _free(task: Task, taken: Mapping[str, ImageRecord]) -> str:
    """A name that no other image has."""
    name = f"reviewed/{Path(task.name).as_posix().lstrip('/')}"
    if name not in taken:
        return name
    path = Path(name)
    return path.with_name(f"{path.stem}-{task.image.removeprefix('i#')[:8]}{path.suffix}").as_posix()


def _tested(
    dataset: Dataset, new: Sequence[tuple[Asked, ImageRecord]], alike: Alike, to_test: int, seed: int
) -> set[str]:
    """Names of the new images that are to be tested on: random ones, like no other image."""
    random = [(image, record) for image, record in new if image.task.stratum is Stratum.RANDOM]
    if not to_test or not random:
        return set()
    records = [*dataset.records, *(record for _, record in new)]
    like = {record.name for group in (*alike(records), *of_one_video(records)) for record in group}
    free = [(image, record) for image, record in random if record.name not in like]
    free.sort(key=lambda pair: lot(pair[0].task.image, seed))
    return {record.name for _, record in free[:to_test]}


def _leak(record: ImageRecord, tested: str) -> str:
    frame, other = frame_of(record.name), frame_of(tested)
    if frame is not None and other is not None and frame.video == other.video:
        return f"is of the same video as {tested}, which is tested on"
    return f"looks like {tested}, which is tested on"


def _leaking(dataset: Dataset, new: Sequence[ImageRecord], tested: set[str], alike: Alike) -> dict[str, str]:
    """New images that look like one that is tested on, or are of the same video, each with its name."""
    testing = {record.name for record in dataset.side(Side.TEST)}
    if not testing or not new:
        return {}
    leaking: dict[str, str] = {}
    records = [*dataset.side(Side.TEST), *new]
    for group in (*alike(records), *of_one_video(records)):
        other = next((record.name for record in group if record.name in testing), None)
        if other is not None:
            leaking |= {record.name: other for record in group if record.name not in testing | tested}
    return leaking

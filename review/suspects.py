"""Images whose label is probably wrong, by models trained on the others, or by a version's own evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.core.plurals import counted
from customlabels.core.threads import in_threads
from customlabels.core.watching import Watch
from customlabels.datasets.model import Dataset, ImageRecord
from customlabels.datasets.videos.together import of_one_video
from customlabels.pipelines.evaluation.snapshot import Snapshot
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review.confident_learning import Doubt, doubts
from customlabels.review.images import keys_of
from customlabels.review.pick import Group, Stratum
from customlabels.review.tasks import Task, add_tasks, read_tasks

FOLDS = 5
_THREADS = 2
_FEWEST = 2
"""Images with and without a label, to train a model of it."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """An image whose labels are probably wrong.

    Parameters
    ----------
    labels : that it carries
    doubted : those of them that are doubted; none where one is missing
    likely : what is seen instead; empty where nothing is
    """

    name: str
    labels: tuple[str, ...]
    doubted: tuple[str, ...]
    likely: str
    margin: float
    counted: bool


def suspects(dataset: Dataset, watch: Watch, *, seed: int = 0) -> list[Suspect]:
    """Every image of the dataset, the most suspicious first, by models of the local engine that had not seen it.

    Raises
    ------
    LayoutError : there are too few labels or images to tell
    SettingsError : the extra `local` is not installed
    """
    try:
        from customlabels.emulator.engine import features
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{error.name} is not installed, which the engine of the local service learns with",
            hint="pip install 'customlabels[local]'; or --by VERSION, by what a version said of its test images",
        ) from error

    records = dataset.records
    labels = tuple(sorted({label for record in records for label in record.all_labels}))
    truth = np.array([[label in record.all_labels for label in labels] for record in records], dtype=bool)
    usable = (truth.sum(axis=0) >= _FEWEST) & ((~truth).sum(axis=0) >= _FEWEST)
    if len(records) < FOLDS or not usable.any():
        raise LayoutError(
            f"{dataset.root}: too few images to doubt any", hint="a label needs two images with it and two without"
        )
    with watch.step(f"looking at {counted(len(records), 'image')}", len(records)) as advance:

        def described(record: ImageRecord) -> NDArray[np.float32]:
            try:
                return features.describe(features.decode(record.path.read_bytes()))
            except (OSError, ValueError) as error:
                raise LayoutError(f"{record.name}: {error}") from error
            finally:
                advance(1)

        rows = np.stack(list(in_threads(described, records, _THREADS)))
    chosen = [label for label, possible in zip(labels, usable, strict=True) if possible]
    with watch.step(f"training {FOLDS} models, each without the images that it judges"):
        confidences = unseen(rows, truth[:, usable], chosen, seed, kept_together(records))
    return _named(records, doubts(confidences, truth[:, usable], chosen))


def unseen(
    rows: NDArray[np.float32],
    truth: NDArray[np.bool_],
    labels: Sequence[str],
    seed: int = 0,
    together: Sequence[Sequence[int]] = (),
) -> NDArray[np.float64]:
    """Confidences of models that had not seen the image, (images, labels).

    Parameters
    ----------
    rows : (images, length), features
    truth : (images, labels)
    together : numbers of images of which a model sees all or none
    """
    from customlabels.emulator.engine import classifier, features

    confidences = np.zeros(truth.shape)
    folds = _folds(truth, seed)
    for group in together:
        folds[group] = folds[group[0]]
    for fold in range(FOLDS):
        left_out = folds == fold
        seen = truth[~left_out]
        able = seen.any(axis=0) & ~seen.all(axis=0)
        # A label that only the images left out have cannot be learnt from the others: nothing speaks against it.
        confidences[left_out] = np.where(able, 0.0, truth[left_out])
        if able.any() and left_out.any():
            names = [label for label, possible in zip(labels, able, strict=True) if possible]
            model = classifier.fit(rows[~left_out], seen[:, able], names, seed, features.weights())
            confidences[np.ix_(left_out, able)] = classifier.confidences(model, rows[left_out])
    return confidences


def suspects_of_version(dataset: Dataset, snapshot: Snapshot) -> list[Suspect]:
    """The images of a dataset that a version was tested on, the most suspicious first, by what it said of them.

    Raises
    ------
    LayoutError : none of them is in its test set
    """
    from customlabels.review.mistakes import by_name

    tested = by_name(dataset, snapshot)
    records = [record for record in dataset.records if record.name in tested]
    if not records:
        raise LayoutError(f"{dataset.root}: no image was tested on by {snapshot.version}")
    labels = snapshot.labels
    truth = np.array([[label in record.all_labels for label in labels] for record in records], dtype=bool)
    confidences = np.zeros(truth.shape)
    for row, record in enumerate(records):
        for prediction in tested[record.name].predictions:
            if prediction.label in labels:
                column = labels.index(prediction.label)
                confidences[row, column] = max(confidences[row, column], prediction.confidence)
    return _named(records, doubts(confidences, truth, labels))


def ask_about(folder: Path, dataset: Dataset, doubtful: Sequence[Suspect], now: datetime) -> int:
    """Adds images to a review, none twice; how many. They were not picked from production, and tell nothing of it."""
    records = {record.name: record for record in dataset.records}
    asked = {task.image for task in read_tasks(folder)}
    keys = keys_of([records[suspect.name].path for suspect in doubtful])
    tasks = [
        Task(
            image=key,
            name=suspect.name,
            source=str(records[suspect.name].path),
            version="",
            seen=tuple(DetectedLabel(label, 100.0) for label in suspect.labels),
            predicted=suspect.labels,
            group=Group.REST,
            stratum=Stratum.NEAR,
            chance=1.0,
            at=now,
        )
        for key, suspect in zip(keys, doubtful, strict=True)
        if key not in asked
    ]
    add_tasks(folder, tasks)
    return len(tasks)


def _named(records: Sequence[ImageRecord], doubted: Sequence[Doubt]) -> list[Suspect]:
    return [
        Suspect(
            records[doubt.image].name, records[doubt.image].all_labels, doubt.given, doubt.likely, doubt.margin,
            doubt.counted,
        )
        for doubt in doubted
    ]  # fmt: skip


def kept_together(records: Sequence[ImageRecord]) -> list[list[int]]:
    """Numbers of the frames of each video."""
    numbers = {record.name: number for number, record in enumerate(records)}
    return [[numbers[record.name] for record in frames] for frames in of_one_video(records)]


def _folds(truth: NDArray[np.bool_], seed: int) -> NDArray[np.intp]:
    """A fold for each image, those of the same labels spread over all."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(truth))
    kinds = np.array([row.tobytes() for row in truth])[order]
    spread = order[np.argsort(kinds, kind="stable")]
    folds = np.empty(len(truth), dtype=np.intp)
    folds[spread] = np.arange(len(truth)) % FOLDS
    return folds

"""F1 of the object-detection engine on boxes of magnetic tiles: python benchmarks/boxes.py FOLDER [SEEDS [SPLIT ...]]

FOLDER holds the set that magnetic_tile.py tells of, with a mask beside each defect's photograph. Random: photographs of
one tile on both sides. Near-duplicates: those that look nearly the same are kept on one side, but other photographs of
their tiles are not. Tiles: never a tile on both sides, as for tiles that were never seen. Samples: the same engine on
images that `customlabels sample` makes. All of them where no SPLIT is named; so many SEEDS each, three unless told.
Where the pretrained network is installed it is learnt with it, and named. Each label's F1 is printed beside the row.

A box is found where it overlaps one of its label by half (intersection over union). Thresholds are the best on the
tested images, as in the service; the average precision beside it needs none.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from magnetic_tile import chosen, tiles
from numpy.typing import NDArray
from rows import Row, note

from customlabels.datasets.duplicates import near_duplicates
from customlabels.datasets.model import Dataset, Side
from customlabels.datasets.samples import make_samples
from customlabels.datasets.split import grouped, split
from customlabels.emulator.customlabels import box_evaluation
from customlabels.emulator.customlabels.box_evaluation import Examined
from customlabels.emulator.engine import detector, features
from customlabels.emulator.engine.detector_truth import Box
from customlabels.manifests.formats import load_dataset

TEST_SHARE = 0.2
SAMPLES = 40
SPLITS = ("random", "near-duplicates", "tiles", "samples")


class Boxed(NamedTuple):
    """Images, the boxes on each, and the labels' names."""

    images: list[NDArray[np.uint8]]
    boxes: list[list[Box]]
    labels: list[str]


class Figures(NamedTuple):
    """F1 of each label, and with the average precision its mean; seconds to train and to look at one image."""

    labels: dict[str, float]
    f1: float
    precision: float
    training: float
    detecting: float


def boxed(dataset: Dataset) -> Boxed:
    labels = sorted({box.label for record in dataset.records for box in record.boxes or ()})
    images = [features.decode(record.path.read_bytes()) for record in dataset.records]
    boxes = [
        [(labels.index(box.label), float(box.left), float(box.top), float(box.width), float(box.height)) for box in own]
        for own in (record.boxes or () for record in dataset.records)
    ]
    return Boxed(images, boxes, labels)


def sides(dataset: Dataset, seed: int) -> NDArray[np.bool_]:
    """Which images are tested on."""
    divided = {record.name: record.side for record in split(dataset, fraction=TEST_SHARE, seed=seed).records}
    return np.array([divided[record.name] is Side.TEST for record in dataset.records])


def measured(all_: Boxed, test: NDArray[np.bool_]) -> Figures:
    train, by = np.flatnonzero(~test), features.describer()
    began = time.process_time()
    model = detector.fit([all_.images[k] for k in train], [all_.boxes[k] for k in train], all_.labels, 0, by)
    trained = time.process_time()
    detected = [detector.detect(model, all_.images[k]) for k in np.flatnonzero(test)]
    ended = time.process_time()
    tested = [
        Examined("", all_.images[k].shape[1::-1], all_.boxes[k], own)
        for k, own in zip(np.flatnonzero(test), detected, strict=True)
    ]
    result, _ = box_evaluation.summary(
        version_arn="", labels=all_.labels, tested=tested, training_images=len(train), ended=datetime.now(UTC)
    )
    means = result["AggregatedEvaluationResults"]
    each = {label["Label"]: label["Metrics"]["F1Score"] for label in result["LabelEvaluationResults"]}
    seconds = trained - began, (ended - trained) / len(detected)
    return Figures(each, means["F1Score"], means["AveragePrecision"], *seconds)


def report(what: str, all_: Boxed, tests: Iterable[NDArray[np.bool_]]) -> None:
    figures: list[Figures] = []
    for test in tests:
        figures.append(measured(all_, test))
        each = ", ".join(f"{label} {f1:.3f}" for label, f1 in figures[-1].labels.items())
        print(f"{what}, split {len(figures)}: F1 {figures[-1].f1:.3f}; {each}", flush=True)
    f1 = [figure.f1 for figure in figures]
    precision, training, detecting = (statistics.mean(values) for values in list(zip(*figures, strict=True))[2:])
    spread = f" ({min(f1):.3f} to {max(f1):.3f})" if len(f1) > 1 else ""
    figure = (
        f"F1 {statistics.mean(f1):.3f}{spread} at IoU 0.5, AP {precision:.3f}; {training:.0f} s to train, "
        f"{detecting:.2f} s to look at one"
    )
    by = features.describer()
    named = "" if by == features.BY_HAND else f", {by}"
    note(Row(f"boxes of {what}{named}", figure=figure, runs=len(f1)))


def main(folder: Path, seeds: range, splits: Sequence[str]) -> None:
    tested = load_dataset(folder, "masks")
    photographs = boxed(tested)
    if "random" in splits:
        report("magnetic tiles, random split", photographs, (sides(tested, seed) for seed in seeds))
    if "near-duplicates" in splits:
        alike = grouped(tested, (duplicates.records for duplicates in near_duplicates(tested.records)))
        tests = (sides(alike, seed) for seed in seeds)
        report("magnetic tiles, near-duplicates on one side", photographs, tests)
    if "tiles" in splits:
        truth = np.array(
            [[any(box[0] == k for box in own) for k in range(len(photographs.labels))] for own in photographs.boxes]
        )
        groups = tiles([record.name for record in tested.records])
        tests = (chosen(truth, groups, seed + 1) for seed in seeds)
        report("magnetic tiles, no tile on both sides", photographs, tests)
    if "samples" in splits:
        with tempfile.TemporaryDirectory() as made:
            make_samples(Path(made), images=SAMPLES)
            samples = load_dataset(Path(made) / "boxes.json", "coco")
            report("sample images", boxed(samples), (sides(samples, seed) for seed in seeds))


if __name__ == "__main__":
    given = sys.argv[2:]
    main(Path(sys.argv[1]), range(int(given[0]) if given else 3), given[1:] or SPLITS)

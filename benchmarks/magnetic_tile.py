"""F1 of the image-level engine on photographs of magnetic tiles: python benchmarks/magnetic_tile.py FOLDER

FOLDER holds the public set of Y. Huang, C. Qiu, Y. Guo, X. Wang, K. Yuan, "Surface defect saliency of magnetic tile"
(repository abin24/Magnetic-tile-defect-datasets). A tile was photographed up to six times: `exp1` to `exp6` in the
names, with numbers that follow each other. Random: photographs of one tile on both sides. By tile: never.

Few-shot: trained on 10, 20 and 50 photographs a label (fewer where a label does not have them) and tested on those of
all other tiles; and the same for images that `customlabels sample` makes.

Thresholds are the best on the tested images, as in the service, so the F1 at 0.5 stands beside it: no threshold there
has seen a tested image. Where the pretrained network is installed each row is there again with its name.
"""

import itertools
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rows import Row, note

from customlabels.datasets.layout import Options
from customlabels.datasets.samples import make_samples
from customlabels.emulator.customlabels.evaluation import label_metrics
from customlabels.emulator.engine import classifier, features
from customlabels.manifests.formats import load_dataset

SEEDS = range(1, 7)
TEST_SHARE = 0.2
SHOTS = (10, 20, 50)
SAMPLES = 120
_NEXT_TILE = 400


class Described(NamedTuple):
    """Features (images, length), truth (images, labels), the images' names, and what the features come from."""

    rows: NDArray[np.float32]
    truth: NDArray[np.bool_]
    names: list[str]
    by: str


def tiles(names: list[str]) -> NDArray[np.intp]:
    """A number a tile for each name: within a label, a new one where the exposure does not go up, or after a gap."""
    groups, group = np.zeros(len(names), dtype=np.intp), itertools.count()
    exposures: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for index, name in enumerate(names):
        match = re.search(r"exp(\d)_num_(\d+)", name)
        if match is None:
            raise SystemExit(f"{name}: not a name of that set")
        exposures[name.split("/")[0]].append((int(match[2]), int(match[1]), index))
    for shots in exposures.values():
        current, before = next(group), (-_NEXT_TILE, 9)
        for number, exposure, index in sorted(shots):
            if number - before[0] > _NEXT_TILE or exposure <= before[1]:
                current = next(group)
            groups[index], before = current, (number, exposure)
    return groups


def chosen(truth: NDArray[np.bool_], groups: NDArray[np.intp], seed: int) -> NDArray[np.bool_]:
    """Which images are tested on: of each label whole groups, until they hold its share."""
    random, test = np.random.default_rng(seed), np.zeros(len(truth), dtype=bool)
    for label in range(truth.shape[1]):
        own = np.flatnonzero(truth[:, label])
        for group in random.permutation(np.unique(groups[own])):
            if test[own].sum() >= TEST_SHARE * len(own):
                break
            test[own[groups[own] == group]] = True
    return test


def shots(test: NDArray[np.bool_], truth: NDArray[np.bool_], count: int, seed: int) -> NDArray[np.bool_]:
    """Which images are trained on: of each label `count` of those that are not kept for the test."""
    random, train = np.random.default_rng(seed), np.zeros(len(truth), dtype=bool)
    for label in range(truth.shape[1]):
        train[random.permutation(np.flatnonzero(truth[:, label] & ~test))[:count]] = True
    return train


def macro_f1(images: Described, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> tuple[float, float]:
    """F1 with the best thresholds on the tested images, and with 0.5."""
    names = tuple(map(str, range(images.truth.shape[1])))
    model = classifier.fit(images.rows[train], images.truth[train], names, 0, features.weights(images.by))
    scores, truth = classifier.confidences(model, images.rows[test]), images.truth[test]
    best = [classifier.assumed_threshold(scores[:, k], truth[:, k]) for k in range(len(names))]
    figures = [
        statistics.mean(label_metrics(scores[:, k] >= at[k], truth[:, k])["F1Score"] for k in range(len(names)))
        for at in (best, [0.5] * len(names))
    ]
    return figures[0], figures[1]


def described(folder: Path, by: str) -> Described:
    records = load_dataset(folder, "folder", Options(include=("*.jpg",))).records
    began = time.process_time()
    rows = np.stack([features.describe(features.decode(record.path.read_bytes()), by) for record in records])
    took = (time.process_time() - began) / len(records)
    print(f"{len(records)} images, {took * 1000:.0f} ms of processor time to describe one {by}")
    labels = sorted({record.labels[0] for record in records})
    truth = np.array([[record.labels[0] == label for label in labels] for record in records])
    return Described(rows, truth, [record.name for record in records], by)


def report(what: str, figures: list[tuple[float, float]]) -> None:
    best, half = zip(*figures, strict=True)
    spread = f" ({min(best):.3f} to {max(best):.3f})" if len(best) > 1 else ""
    figure = f"F1 {statistics.mean(best):.3f}{spread}; {statistics.mean(half):.3f} with thresholds of 0.5"
    note(Row(f"labels of {what}", figure=figure, runs=len(best)))


def main(folder: Path) -> None:
    for by in sorted({features.BY_HAND, features.describer()}):
        measure(folder, by, "" if by == features.BY_HAND else f", {by}")


def measure(folder: Path, by: str, named: str) -> None:
    photographs = described(folder, by)
    truth, groups = photographs.truth, tiles(photographs.names)
    kept = [chosen(truth, groups, seed) for seed in SEEDS]
    random = [chosen(truth, np.arange(len(truth)), seed) for seed in SEEDS]
    report(
        f"583 photographs of magnetic tiles, random split{named}",
        [macro_f1(photographs, ~test, test) for test in random],
    )
    report(
        f"583 photographs of magnetic tiles, no tile on both sides{named}",
        [macro_f1(photographs, ~test, test) for test in kept],
    )
    for count in SHOTS:
        trains = [shots(test, truth, count, seed) for seed, test in zip(SEEDS, kept, strict=True)]
        figures = [macro_f1(photographs, train, ~np.isin(groups, groups[train])) for train in trains]
        report(f"magnetic tiles, {count} a label to train{named}", figures)
    with tempfile.TemporaryDirectory() as made:
        make_samples(Path(made), images=SAMPLES)
        samples = described(Path(made), by)
    numbers = np.array([int(Path(name).stem.split("-")[1]) for name in samples.names])
    for count in SHOTS:
        figures = [macro_f1(samples, numbers <= count, numbers > count)]
        report(f"sample images, {count} a label to train{named}", figures)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

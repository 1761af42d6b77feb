"""F1 of the image-level engine on photographs of magnetic tiles: python benchmarks/magnetic_tile.py FOLDER

FOLDER holds the public set of Y. Huang, C. Qiu, Y. Guo, X. Wang, K. Yuan, "Surface defect saliency of magnetic tile"
(repository abin24/Magnetic-tile-defect-datasets). A tile was photographed up to six times: `exp1` to `exp6` in the
names, with numbers that follow each other. Random: photographs of one tile on both sides. By tile: never.
"""

import itertools
import re
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from customlabels.datasets.layout import Options
from customlabels.emulator.engine import classifier, features
from customlabels.emulator.evaluation import label_metrics
from customlabels.manifests.formats import load_dataset

SEEDS = range(1, 7)
TEST_SHARE = 0.2
_NEXT_TILE = 400


def tiles(names: list[str]) -> NDArray[np.intp]:
    """A number a tile for each name: within a label, a new one where the exposure does not go up, or after a gap."""
    groups, group = np.zeros(len(names), dtype=np.intp), itertools.count()
    places: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for place, name in enumerate(names):
        found = re.search(r"exp(\d)_num_(\d+)", name)
        if found is None:
            raise SystemExit(f"{name}: not a name of that set")
        places[name.split("/")[0]].append((int(found[2]), int(found[1]), place))
    for shots in places.values():
        current, before = next(group), (-_NEXT_TILE, 9)
        for number, exposure, place in sorted(shots):
            if number - before[0] > _NEXT_TILE or exposure <= before[1]:
                current = next(group)
            groups[place], before = current, (number, exposure)
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


def macro_f1(rows: NDArray[np.float32], truth: NDArray[np.bool_], test: NDArray[np.bool_]) -> float:
    names = tuple(map(str, range(truth.shape[1])))
    model = classifier.fit(rows[~test], truth[~test], names, 0, features.weights())
    scores, there = classifier.confidences(model, rows[test]), truth[test]
    return statistics.mean(
        label_metrics(scores[:, k] >= classifier.assumed_threshold(scores[:, k], there[:, k]), there[:, k])["F1Score"]
        for k in range(len(names))
    )


def main(folder: Path) -> None:
    records = load_dataset(folder, "folder", Options(include=("*.jpg",))).records
    began = time.process_time()
    rows = np.stack([features.describe(features.decode(record.path.read_bytes())) for record in records])
    took = (time.process_time() - began) / len(records)
    names = sorted({record.labels[0] for record in records})
    truth = np.array([[record.labels[0] == name for name in names] for record in records])
    print(f"{len(records)} images, {took * 1000:.0f} ms of processor time to describe one")
    for how, groups in (
        ("random", np.arange(len(records))),
        ("by tile", tiles([record.name for record in records])),
    ):
        figures = [macro_f1(rows, truth, chosen(truth, groups, seed)) for seed in SEEDS]
        low, high = min(figures), max(figures)
        print(f"{how:<8} split: F1 {statistics.mean(figures):.3f} ({low:.3f} to {high:.3f}, {len(figures)} seeds)")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

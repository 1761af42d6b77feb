"""F1 of the image-level engine on sets that it was not tuned to: python benchmarks/public_sets.py FOLDER [SET ...]

FOLDER holds the sets as their authors publish them, each in a folder of its repository's name; those that are not there
are left out:

- elpv-dataset (zae-bayern): cells of solar modules, defect or good, in the order of their modules. A group is a run of
  60 cells of one kind of module; every fourth is taken.
- NEU-DET-Steel-Surface-Defect-Detection (siddhartamukherjee): six faults of steel strip by K. Song and Y. Yan. Nothing
  tells which photographs are of one strip; every fifth is taken.
- Sign-Language-Digits-Dataset (ardamavi): ten digits shown by hand. A group is a person; every fourth is taken.

Grouped: no group on both sides. Few: trained on 10 images a label, tested on those kept for it. Thresholds are the best
on the tested images, as in the service. Where the pretrained network is installed there is a row with and one without.
"""

import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from magnetic_tile import chosen, shots
from numpy.typing import NDArray
from rows import Row, note

from customlabels.emulator.engine import classifier, features

SEEDS = range(1, 7)
FEW = 10
MODULE = 60


class Image(NamedTuple):
    path: Path
    label: str
    group: int


def cells(folder: Path) -> list[Image]:
    images: list[Image] = []
    group, before, count = 0, "", 0
    data = folder / "src/elpv_dataset/data"
    for line in (data / "labels.csv").read_text().split("\n"):
        if not line.strip():
            continue
        name, defective, module = line.split()
        if module != before or count == MODULE:
            group, before, count = group + 1, module, 0
        count += 1
        images.append(Image(data / name, "defect" if float(defective) >= 0.5 else "good", group))
    return [image for image in images if image.group % 4 == 1]


def steel(folder: Path) -> list[Image]:
    paths = sorted((folder / "IMAGES").glob("*.jpg"))
    return [Image(path, path.stem.rpartition("_")[0], number) for number, path in enumerate(paths)][::5]


def hands(folder: Path) -> list[Image]:
    images = []
    for path in sorted((folder / "Dataset").glob("*/*.JPG")):
        number = re.search(r"(\d+)", path.stem)
        assert number is not None, path
        # A person's ten digits follow each other.
        images.append(Image(path, path.parent.name, (int(number[1]) - 1118) // 10))
    return [image for image in images if image.group % 4 == 0]


SETS: dict[str, tuple[str, Callable[[Path], list[Image]]]] = {
    "elpv-dataset": ("cells of solar modules", cells),
    "NEU-DET-Steel-Surface-Defect-Detection": ("photographs of steel", steel),
    "Sign-Language-Digits-Dataset": ("photographs of hands", hands),
}


def macro_f1(
    rows: NDArray[np.float32], truth: NDArray[np.bool_], weights: NDArray[Any], train: Any, test: Any
) -> float:
    labels = truth.shape[1]
    model = classifier.fit(rows[train], truth[train], tuple(map(str, range(labels))), 0, weights)
    scores, seen = classifier.confidences(model, rows[test]), truth[test]
    figures = []
    for label in range(labels):
        counted = scores[:, label] >= classifier.assumed_threshold(scores[:, label], seen[:, label])
        both = int((counted & seen[:, label]).sum())
        figures.append(2 * both / max(1, int(counted.sum() + seen[:, label].sum())))
    return statistics.mean(figures)


def measure(what: str, images: list[Image], by: tuple[str, ...]) -> None:
    labels = sorted({image.label for image in images})
    truth = np.array([[image.label == label for label in labels] for image in images])
    groups = np.unique([image.group for image in images], return_inverse=True)[1]
    pixels = [features.decode(image.path.read_bytes()) for image in images]
    began = time.process_time()
    rows = np.stack([features.describe(image, *by) for image in pixels])
    took = (time.process_time() - began) / len(images) * 1000
    named = f", {by[0]}" if by and by[0] != features.BY_HAND else ""
    note(Row(f"{what}, an image described{named}", figure=f"{took:.0f} ms of processor time", runs=len(images)))

    def grouped(seed: int) -> NDArray[np.bool_]:
        order = np.random.default_rng(seed).permutation(groups.max() + 1)
        return np.isin(groups, order[: max(1, len(order) // 5)])

    kept = {seed: grouped(seed) for seed in SEEDS}
    random = {seed: chosen(truth, np.arange(len(truth)), seed) for seed in SEEDS}
    splits: dict[str, list[tuple[Any, Any]]] = {
        "random split": [(~test, test) for test in random.values()],
        f"{FEW} a label to train": [(shots(test, truth, FEW, seed), test) for seed, test in kept.items()],
    }
    if groups.max() + 1 < len(images):
        splits["no group on both sides"] = [(~test, test) for test in kept.values()]
    for title, sides in splits.items():
        figures = [macro_f1(rows, truth, features.weights(*by), train, test) for train, test in sides]
        figure = f"F1 {statistics.mean(figures):.3f} ({min(figures):.3f} to {max(figures):.3f})"
        note(Row(f"labels of {len(images)} {what}, {title}{named}", figure=figure, runs=len(figures)))


def main(folder: Path, names: list[str]) -> None:
    describer = getattr(features, "describer", None)
    ways: list[tuple[str, ...]] = [()]
    if describer is not None:
        ways = [(name,) for name in sorted({features.BY_HAND, describer()})]
    for name, (what, listed) in SETS.items():
        if (folder / name).exists() and (not names or name in names):
            for by in ways:
                measure(what, listed(folder / name), by)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

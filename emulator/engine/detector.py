"""Object locations learnt from boxes: pixels that may belong to something, boxes around them, and what is in those.

A small network says how likely each pixel is to lie in a box of each label; boxes are proposed where that is likely or
where something stands out; a forest says how well each box fits an object of each label, and where that object's own
box lies from it. The forest learns from what networks say that had not seen the image, as they will not later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from customlabels.emulator.engine import detector_boxes, detector_forest, detector_pixels, model_files, pretrained
from customlabels.emulator.engine.detector_boxes import Boxes, clipped, kept, overlaps
from customlabels.emulator.engine.detector_copies import with_copies
from customlabels.emulator.engine.detector_mistakes import Examples, joined, most_mistaken
from customlabels.emulator.engine.detector_pixels import Net, Plane
from customlabels.emulator.engine.detector_truth import (
    FOLDS,
    Box,
    Truth,
    chosen_boxes,
    scaled,
    split,
    targets_of,
    usual_sizes,
)

_FAR = 70
"""Proposed boxes that are near no object, of each image at most, to learn from."""

_FURTHER = 400
"""Others of them, of which those are learnt from that are taken for objects most."""

_MOST_BOXES = 60_000
_MOST_CHECKED = 60
"""Images on which confidences are calibrated at most."""

_STEPS = 2
_REFINED = 40
"""How many times the best boxes are moved to where the forest says that the object's own lie, and about how many."""

_SAME = 0.4
"""Two boxes of a label that overlap by more are one thing."""

_MOST_FOUND = 50
_LEAST_CONFIDENCE = 0.01

Detection = tuple[int, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class BoxDetector:
    """A trained model, all arrays of plain numbers, so that it is stored and read without pickle.

    `net` (numbers,) and `layers` (arrays, 2), the shapes into which it is cut; `shapes` (shapes, 4), `shape_labels`
    (shapes,), usual sizes; `features`, `thresholds` (nodes,), `children` (nodes, 2), `values` (nodes, labels + 5),
    `firsts` (trees,), the forest; `slopes`, `offsets` (labels,) of the confidences; `described_by`, what pixels are
    described by beside what is figured out by hand.
    """

    labels: tuple[str, ...]
    net: NDArray[np.float32]
    layers: NDArray[np.int64]
    shapes: NDArray[np.float64]
    shape_labels: NDArray[np.int64]
    features: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    children: NDArray[np.int32]
    values: NDArray[np.float32]
    firsts: NDArray[np.int32]
    slopes: NDArray[np.float64]
    offsets: NDArray[np.float64]
    described_by: str = ""


class _Seen(NamedTuple):
    """Sums of all maps (height + 1, width + 1, channels), what pixels are likely to be, and figures of the whole."""

    sums: NDArray[np.float64]
    likely: Plane
    light: Plane
    whole: Plane


def fit(
    images: Sequence[NDArray[np.uint8]],
    boxes: Sequence[Sequence[Box]],
    labels: Sequence[str],
    seed: int,
    described_by: str = "",
) -> BoxDetector:
    """A model of `labels`; on the same kind of processor the same input gives the same model.

    Parameters
    ----------
    images : (height, width) grey or (height, width, 3) RGB, of any sizes
    boxes : of each image those of its objects: number of the label, left, top, width, height in pixels of that image
    described_by : pretrained.NAME where pixels are described by the network too

    Raises
    ------
    ValueError : no image has a box
    ModuleNotFoundError : the network is asked for, and not installed
    """
    if not any(boxes):
        raise ValueError("no image has a box to learn from")
    random = np.random.default_rng(seed)
    copied = with_copies(images, boxes, seed)
    truths = [scaled(image, own) for image, own in zip(copied.images, copied.boxes, strict=True)]
    is_own = np.diff(copied.origins, prepend=-1) > 0
    # A copy is in the fold of its image.
    folds = split([truth for truth, own in zip(truths, is_own, strict=True) if own])[copied.origins]
    net, nets = _nets(truths, folds, len(labels), seed, described_by)
    shapes, shape_labels = usual_sizes(truths, len(labels), seed)
    far, further = (min(most, max(10, _MOST_BOXES // len(truths))) for most in (_FAR, _FURTHER))
    learnt: list[Examples] = []
    others: list[Examples] = []
    for number, (truth, fold) in enumerate(zip(truths, folds, strict=True)):
        seen = _look(nets[fold], truth.image, len(labels), described_by)
        proposed = detector_boxes.proposed(seen.likely, seen.light, shapes, shape_labels)
        both = chosen_boxes(proposed, truth, far, further, _random(seed, number))
        for into, chosen in zip((learnt, others), both, strict=True):
            rows = detector_boxes.described(seen.sums, chosen, seen.whole)
            targets = targets_of(chosen, truth, len(labels))
            into.append(Examples(rows, targets, np.full(len(chosen), number), np.full(len(chosen), fold)))
    first = joined(learnt)
    examples = joined([first, most_mistaken(first, joined(others), len(labels), seed)])
    if len(examples.rows) > _MOST_BOXES:
        examples = examples.some(random.choice(len(examples.rows), _MOST_BOXES, replace=False))
    table, aims, owner = examples.rows, examples.targets, examples.folds

    def model(net: Net, forest: detector_forest.Forest) -> BoxDetector:
        return BoxDetector(
            tuple(labels),
            np.concatenate([part.ravel() for part in net]),
            np.array([part.shape if part.ndim == 2 else (0, len(part)) for part in net], dtype=np.int64),
            shapes,
            shape_labels,
            *forest,
            slopes=np.full(len(labels), 6.0),
            offsets=np.full(len(labels), -3.0),
            described_by=described_by,
        )

    whole = model(net, detector_forest.grow(table, aims, seed))
    unseen = np.flatnonzero(is_own & (folds == FOLDS - 1))
    if len(unseen) < 2 or not (owner != FOLDS - 1).any():
        return whole
    partly = model(nets[FOLDS - 1], detector_forest.grow(table[owner != FOLDS - 1], aims[owner != FOLDS - 1], seed))
    checked = random.permutation(unseen)[:_MOST_CHECKED]
    _calibrate(whole, partly, [truths[number] for number in checked])
    return whole


def detect(model: BoxDetector, image: NDArray[np.uint8]) -> list[Detection]:
    """What is in an image, most confident first: number of the label, left, top, width, height, confidence in 0..1.

    Parameters
    ----------
    image : (height, width) or (height, width, 3) in RGB; the boxes are in its pixels
    """
    small = detector_pixels.working(image)
    larger = np.tile([image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]], 2)
    detections: list[Detection] = []
    for label, (boxes, scores) in enumerate(_scored(model, small)):
        sure = 1 / (1 + np.exp(-np.clip(model.slopes[label] * scores + model.offsets[label], -30, 30)))
        for box, confidence in zip((boxes * larger).tolist(), sure.tolist(), strict=True):
            if confidence >= _LEAST_CONFIDENCE:
                detections.append((label, box[0], box[1], box[2], box[3], confidence))
    return sorted(detections, key=lambda detection: -detection[5])[:_MOST_FOUND]


def save(model: BoxDetector, path: Path) -> None:
    """Writes the model, whole or not at all."""
    model_files.write(model, path)


def load(path: Path) -> BoxDetector:
    """The model in a file that `save` wrote.

    Raises
    ------
    ValueError : another file
    """
    return model_files.read(BoxDetector, path)


def _random(seed: int, number: int) -> np.random.Generator:
    """Chance for an image, its own: what another processor rounds otherwise on one does not move that of all others."""
    return np.random.default_rng((seed, number))


def _nets(
    truths: list[Truth], folds: NDArray[np.intp], labels: int, seed: int, described_by: str
) -> tuple[Net, list[Net]]:
    """The network of all images, and of each fold that of all others."""
    rows, classes, owners = [], [], []
    for number, (truth, fold) in enumerate(zip(truths, folds, strict=True)):
        planes, _ = detector_pixels.channels(truth.image)
        sides = (truth.image.shape[0], truth.image.shape[1])
        down, across, own = detector_pixels.places(sides, truth.boxes, truth.which, _random(seed, number))
        coarse = detector_pixels.sampled(_maps(truth.image, described_by), sides, (down, across))
        rows.append(np.column_stack([*(plane[down, across] for plane in planes), coarse]))
        classes.append(own)
        owners.append(np.full(len(own), fold))
    table, truth_of, owner = np.concatenate(rows), np.concatenate(classes), np.concatenate(owners)
    net = detector_pixels.learn(table, truth_of, labels, seed)
    nets = []
    for fold in range(FOLDS):
        others = owner != fold
        # Fewer images than folds: a fold may be empty, or hold them all.
        enough = others.any() and not others.all()
        nets.append(detector_pixels.learn(table[others], truth_of[others], labels, seed) if enough else net)
    return net, nets


def _maps(image: NDArray[np.uint8], described_by: str) -> list[Plane]:
    return pretrained.maps(image) if described_by == pretrained.NAME else []


def _look(net: Net, image: NDArray[np.uint8], labels: int, described_by: str) -> _Seen:
    planes, boxed = detector_pixels.channels(image)
    likely = detector_pixels.likely(net, planes, labels, _maps(image, described_by))
    height, width = image.shape[:2]
    sums = detector_boxes.summed([*likely, *boxed])
    highest = np.array([cv2.blur(plane, (9, 9)).max() for plane in likely])
    whole = np.concatenate([sums[-1, -1] / (height * width), highest, np.array([height, width]) / 100])
    return _Seen(sums, likely, boxed[0], whole.astype(np.float32))


def _scored(model: BoxDetector, image: NDArray[np.uint8]) -> list[tuple[Boxes, NDArray[np.float64]]]:
    """Of each label the boxes that are left, best first, with the forest's scores; `image` at its working size."""
    labels = len(model.labels)
    seen = _look(_net(model), image, labels, model.described_by)
    forest = (model.features, model.thresholds, model.children, model.values, model.firsts)
    boxes = detector_boxes.proposed(seen.likely, seen.light, model.shapes, model.shape_labels)
    answers = detector_forest.asked(forest, detector_boxes.described(seen.sums, boxes, seen.whole))
    all_boxes, all_answers = [boxes], [answers]
    for _ in range(_STEPS):
        shares = overlaps(boxes, boxes)
        best = [kept(shares, answers[:, label], 0.8, _REFINED // labels + 3) for label in range(labels)]
        chosen = np.unique(np.concatenate(best))
        boxes, answers = boxes[chosen], answers[chosen]
        by = answers[:, labels + 1 :] / np.maximum(answers[:, labels : labels + 1], 0.2)
        sizes = boxes[:, 2:] * np.exp(by[:, 2:])
        corners = boxes[:, :2] + boxes[:, 2:] / 2 + by[:, :2] * boxes[:, 2:] - sizes / 2
        boxes = clipped(np.concatenate([corners, sizes], axis=1), (image.shape[0], image.shape[1]))
        answers = detector_forest.asked(forest, detector_boxes.described(seen.sums, boxes, seen.whole))
        all_boxes.append(boxes)
        all_answers.append(answers)
    boxes, scores = np.concatenate(all_boxes), np.concatenate(all_answers)
    shares = overlaps(boxes, boxes)
    left = [kept(shares, scores[:, label], _SAME, _MOST_FOUND) for label in range(labels)]
    return [(boxes[own], scores[own, label]) for label, own in enumerate(left)]


def _net(model: BoxDetector) -> Net:
    sizes = [max(1, rows) * columns for rows, columns in model.layers]
    parts = np.split(model.net, np.cumsum(sizes)[:-1])
    return [
        part.reshape(rows, columns) if rows else part for part, (rows, columns) in zip(parts, model.layers, strict=True)
    ]


def _calibrate(model: BoxDetector, partly: BoxDetector, truths: list[Truth]) -> None:
    """Sets the curves of `model` after images that `partly`, a model of some of the others, had not seen."""
    from sklearn.linear_model import LogisticRegression

    scores: list[list[float]] = [[] for _ in model.labels]
    hits: list[list[bool]] = [[] for _ in model.labels]
    for truth in truths:
        for label, (boxes, own) in enumerate(_scored(partly, truth.image)):
            shares = overlaps(boxes, truth.boxes[truth.which == label])
            free = np.ones(shares.shape[1], dtype=bool)
            for share, score in zip(shares, own, strict=True):
                at = int(np.argmax(share * free)) if free.any() else -1
                hit = at >= 0 and bool(free[at]) and share[at] >= 0.5
                if hit:
                    free[at] = False
                scores[label].append(float(score))
                hits[label].append(hit)
    for label, (values, correct) in enumerate(zip(scores, hits, strict=True)):
        if sum(correct) < 3:
            continue
        curve = LogisticRegression(C=10.0).fit(np.array(values)[:, None], correct)
        if curve.coef_[0, 0] > 1:
            model.slopes[label], model.offsets[label] = curve.coef_[0, 0], curve.intercept_[0]

"""The evaluation manifest snapshot: what a version said of every test image, and what was true.

Source: Custom Labels developer guide, im-evaluation-manifest-snapshot*.md.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TRUTH, _EVALUATION = "rekognition-custom-labels-training-", "rekognition-custom-labels-evaluation"
_DETAILS = f"{_EVALUATION}-details"

Rectangle = tuple[float, float, float, float]
"""Left, top, width and height in pixels."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A label that is on an image, with its box where boxes were trained."""

    label: str
    box: Rectangle | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """A label that the version gave an image or a box, its confidence in 0..1, and how it turned out.

    `present` tells whether it is really there, `accepted` whether the confidence reaches the label's assumed threshold.
    """

    label: str
    confidence: float
    present: bool
    accepted: bool
    box: Rectangle | None = None


@dataclass(frozen=True, slots=True)
class TestImage:
    """One image of the test set; `size` is width and height in pixels, None for image-level labels."""

    __test__ = False  # no test of pytest's

    source_ref: str
    truth: tuple[Truth, ...]
    predictions: tuple[Prediction, ...]
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a version said of its test set.

    Parameters
    ----------
    boxes : whether it locates objects
    thresholds : assumed threshold of each of its labels, 0..1
    unread : a sentence for each line that could not be read
    """

    version: str
    boxes: bool
    images: tuple[TestImage, ...]
    thresholds: Mapping[str, float]
    unread: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(self.thresholds))

    @property
    def test_digest(self) -> str:
        """A SHA-256 in hex over the test images and what is true of them; two versions with the same are comparable."""
        digest = hashlib.sha256()
        for image in sorted(self.images, key=lambda image: image.source_ref):
            truths = sorted((truth.label, truth.box or ()) for truth in image.truth)
            digest.update(json.dumps([image.source_ref, truths]).encode())
        return digest.hexdigest()


def parse_snapshot(version: str, lines: Iterable[bytes], thresholds: Mapping[str, float]) -> Snapshot:
    """The snapshot that the lines hold; a line of another form is left out, and named in `unread`.

    It is read when the training has been paid for: what cannot be read of it may not end the run.
    """
    images: list[TestImage] = []
    unread: list[str] = []
    boxes = False
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            located = _EVALUATION in line
            images.append(_located(line) if located else _whole(line))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
            unread.append(f"line {number} is none of an evaluation snapshot: {error!r}")
            continue
        boxes = boxes or located
    return Snapshot(version, boxes, tuple(images), dict(thresholds), tuple(unread))


def _whole(line: dict[str, Any]) -> TestImage:
    truth = tuple(Truth(about["class-name"]) for about in _abouts(line, _TRUTH))
    predictions = tuple(
        Prediction(about["class-name"], _figure(about["confidence"]), *_outcome(about))
        for about in _abouts(line, f"{_EVALUATION}-")
    )
    return TestImage(line["source-ref"], truth, predictions)


def _figure(value: Any) -> float:
    figure = float(value)
    if not math.isfinite(figure):
        raise ValueError(f"{value!r} is no figure")
    return figure


def _outcome(about: dict[str, Any]) -> tuple[bool, bool]:
    """Whether it is there, and whether it was found."""
    details = about[_DETAILS]
    return bool(details["is-present-in-ground-truth"]), details["is-true-positive"] or details["is-false-positive"]


def _abouts(line: dict[str, Any], stem: str) -> Iterator[dict[str, Any]]:
    """The metadata of every attribute whose name is the stem and a number."""
    for name, value in line.items():
        if name.startswith(stem) and name.removeprefix(stem).isdecimal() and value:
            yield line[f"{name}-metadata"]


def _located(line: dict[str, Any]) -> TestImage:
    size = line[_EVALUATION].get("image_size") or line.get(f"{_TRUTH}0", {}).get("image_size") or [{}]
    truth = tuple(Truth(label, box) for label, box, _ in _boxes(line, f"{_TRUTH}0"))
    predictions = tuple(
        Prediction(label, _figure(about["confidence"]), *_outcome(about), box)
        for label, box, about in _boxes(line, _EVALUATION)
    )
    width, height = int(size[0].get("width", 0)), int(size[0].get("height", 0))
    return TestImage(line["source-ref"], truth, predictions, (width, height))


def _boxes(line: dict[str, Any], name: str) -> Iterator[tuple[str, Rectangle, dict[str, Any]]]:
    """Label, place and metadata of each box of an attribute."""
    if name not in line:
        return
    about = line[f"{name}-metadata"]
    names = {str(number): label for number, label in about["class-map"].items()}
    for box, object_ in zip(line[name]["annotations"], about["objects"], strict=True):
        rectangle = (_figure(box["left"]), _figure(box["top"]), _figure(box["width"]), _figure(box["height"]))
        yield names[str(box["class_id"])], rectangle, object_

"""The training manifest snapshot: which images a version was trained on, and how many a label.

Source: Rekognition API reference, TrainingDataResult, Output.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from customlabels.aws.s3_reading import lines
from customlabels.pipelines.evaluation.results import manifest_of, named_faults
from customlabels.pipelines.service.versions import Description

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class TrainingSnapshot:
    """What a version was trained on, as far as it can be read.

    Parameters
    ----------
    images : source-refs
    counts : images a label, by its name
    unread : a sentence for each line that could not be read
    """

    images: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def load_training(s3: "S3Client", description: Description) -> TrainingSnapshot:
    """The version's training snapshot; nothing is in it where it is not there any more.

    Raises
    ------
    ServiceError : it may not be read
    """
    address = manifest_of(description.get("TrainingDataResult"), "Output")
    snapshot = parse_training((lines(s3, address) if address else None) or ())
    return TrainingSnapshot(snapshot.images, snapshot.counts, named_faults(str(address), snapshot.unread))


def parse_training(training: Iterable[bytes]) -> TrainingSnapshot:
    """The snapshot that the lines hold; a line of another form is left out, and named in `unread`."""
    images: set[str] = set()
    counts: Counter[str] = Counter()
    unread: list[str] = []
    for number, text in enumerate(training, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            image, labels = line["source-ref"], _labels(line)
            if not isinstance(image, str):
                raise TypeError(f"source-ref is {image!r}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            unread.append(f"line {number} is none of a training snapshot: {error!r}")
            continue
        images.add(image)
        counts.update(labels)
    return TrainingSnapshot(frozenset(images), dict(sorted(counts.items())), tuple(unread))


def _labels(line: dict[str, Any]) -> list[str]:
    """The labels of an image; that of an attribute with boxes once each, however many boxes it has."""
    labels: list[str] = []
    for name, about in line.items():
        if name.endswith("-metadata") and "class-name" in about:
            labels.append(_text(about["class-name"]))
        elif name.endswith("-metadata") and "class-map" in about:
            boxes = line[name.removesuffix("-metadata")]["annotations"]
            labels += {_text(about["class-map"][str(box["class_id"])]) for box in boxes}
    return labels


def _text(label: object) -> str:
    if not isinstance(label, str):
        raise TypeError(f"{label!r} is no name of a label")
    return label

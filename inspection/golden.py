"""Golden images: a few whose labels are known, shown to the running version over and over. Canaries of the service.

Pure: standard library alone. `golden_images` reads, shows and packs them; the deployed function unpacks them here.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

INDEX = "index.json"
"""In what golden images are packed in: the files' names in it, and the images' names and labels."""

_THRESHOLD = 50.0
"""Of a label of which none is known."""


@dataclass(frozen=True, slots=True)
class Golden:
    """How golden images came out.

    Parameters
    ----------
    wrong : a sentence for each image that the version gets wrong
    confidence : mean, 0..100, of the labels that are on the images; None where none has a label
    """

    images: int
    wrong: tuple[str, ...]
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """An image, the labels that are on it, and what a version said of it.

    Parameters
    ----------
    best : the greatest confidence of each label, 0..100
    error : why it could not be asked; None where it was
    """

    name: str
    truth: frozenset[str]
    best: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """A golden image as the deployed function has it."""

    name: str
    labels: frozenset[str]
    body: bytes


def golden_of(shown: list[Shown], thresholds: Mapping[str, float]) -> Golden:
    """How images came out.

    Parameters
    ----------
    thresholds : from which confidence on a label counts, 0..100
    """
    wrong: list[str] = []
    confidences: list[float] = []
    for image in shown:
        if image.error is not None:
            wrong.append(f"{image.name}: {image.error}")
            continue
        best = image.best
        counting = {label for label, confidence in best.items() if confidence >= thresholds.get(label, _THRESHOLD)}
        confidences += [best.get(label, 0.0) for label in image.truth]
        if counting != image.truth:
            wanted, answer = (", ".join(sorted(names)) or "nothing" for names in (image.truth, counting))
            wrong.append(f"{image.name} is {wanted}, the version says {answer}")
    return Golden(len(shown), tuple(wrong), sum(confidences) / len(confidences) if confidences else None)


def unpacked(body: bytes) -> list[Packed]:
    """The golden images in what `golden_images.packed` made."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        index = json.loads(archive.read(INDEX))
        return [
            Packed(image["name"], frozenset(image["labels"]), archive.read(image["file"])) for image in index["images"]
        ]

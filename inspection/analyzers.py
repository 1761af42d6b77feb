"""Rekognition's own analyzers of images, beside the champion: what each is asked, and what it answers with.

Pure but for `ask`: standard library alone. Whatever else Rekognition offers is not here; docs/video.md says why.
Source: Amazon Rekognition API reference, the operations; prices: the price page (US regions, mid-2026; group 2).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from customlabels.inspection.rules import MOST_LABELS, Seen

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

PER_IMAGE, PER_PROPERTIES = 0.001, 0.00075
"""Dollars: an image shown to an operation, and its properties; the first million a month."""

NO_VERSION = "-"
"""Of a model whose answers tell none, as DetectFaces' do."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What an analyzer answers.

    Parameters
    ----------
    version : of the model that looked; part of what the answer is known by
    seen : the surest first; of colours the confidence is their part of the image
    figures : brightness, sharpness and contrast, 0..100
    refusal : why the service refused to look
    """

    version: str
    seen: tuple[Seen, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Analyzer:
    """An operation, and how it is asked.

    Parameters
    ----------
    name : as people ask for it, and as the results table has it
    given : its parameters beside the image
    price : dollars an image
    """

    name: str
    operation: str
    given: Mapping[str, Any]
    read: Callable[[Mapping[str, Any]], Findings]
    price: float = PER_IMAGE


def _labels(answer: Mapping[str, Any]) -> Findings:
    seen: list[Seen] = []
    for label in answer.get("Labels", ()):
        boxes = [instance for instance in label.get("Instances", ()) if instance.get("BoundingBox")]
        seen += [
            Seen(label["Name"], instance.get("Confidence", label["Confidence"]), _box(instance["BoundingBox"]))
            for instance in boxes
        ] or [Seen(label["Name"], label["Confidence"])]
    return Findings(_version(answer, "LabelModelVersion"), _surest(seen))


def _properties(answer: Mapping[str, Any]) -> Findings:
    about = answer.get("ImageProperties", {})
    figures = {name.lower(): float(value) for name, value in about.get("Quality", {}).items() if value is not None}
    parts: dict[str, float] = {}
    for colour in about.get("DominantColors", ()):
        name = colour.get("SimplifiedColor") or colour.get("HexCode", "")
        parts[name] = parts.get(name, 0.0) + float(colour["PixelPercent"])
    seen = [Seen(name, min(100.0, part)) for name, part in parts.items()]
    return Findings(_version(answer, "LabelModelVersion"), _surest(seen), figures)


def _text(answer: Mapping[str, Any]) -> Findings:
    # Words are parts of lines.
    lines = [part for part in answer.get("TextDetections", ()) if part.get("Type") == "LINE"]
    seen = [
        Seen(line["DetectedText"], line["Confidence"], _box(line.get("Geometry", {}).get("BoundingBox")))
        for line in lines
    ]
    return Findings(_version(answer, "TextModelVersion"), _surest(seen))


def _moderation(answer: Mapping[str, Any]) -> Findings:
    seen = [Seen(label["Name"], label["Confidence"]) for label in answer.get("ModerationLabels", ())]
    return Findings(_version(answer, "ModerationModelVersion"), _surest(seen))


def _faces(answer: Mapping[str, Any]) -> Findings:
    seen = [Seen("face", face["Confidence"], _box(face["BoundingBox"])) for face in answer.get("FaceDetails", ())]
    return Findings(NO_VERSION, _surest(seen))


ANALYZERS: Mapping[str, Analyzer] = {
    analyzer.name: analyzer
    for analyzer in (
        Analyzer("labels", "DetectLabels", {"Features": ["GENERAL_LABELS"]}, _labels),
        Analyzer(
            "properties",
            "DetectLabels",
            {"Features": ["IMAGE_PROPERTIES"]},
            _properties,
            PER_PROPERTIES,
        ),
        Analyzer("text", "DetectText", {}, _text),
        Analyzer("moderation", "DetectModerationLabels", {}, _moderation),
        Analyzer("faces", "DetectFaces", {}, _faces),
    )
}
"""By the names that people ask for."""

REFUSES = frozenset({"InvalidImageFormatException", "ImageTooLargeException", "InvalidS3ObjectException"})
"""Codes of an image that is never taken."""


def ask(rekognition: "RekognitionClient", analyzer: Analyzer, image: Mapping[str, Any]) -> Findings:
    """What the analyzer sees in an image; `version` is empty where the service refused it.

    Raises
    ------
    botocore.exceptions.ClientError : it cannot be asked
    """
    method = _CALLS[analyzer.operation]
    try:
        return analyzer.read(getattr(rekognition, method)(Image=image, **analyzer.given))
    except rekognition.exceptions.ClientError as error:
        refusal = error.response["Error"]
        if refusal["Code"] not in REFUSES:
            raise
        return Findings("", refusal=f"{refusal['Code']}: {refusal.get('Message', '')}")


_CALLS = {
    "DetectLabels": "detect_labels",
    "DetectText": "detect_text",
    "DetectModerationLabels": "detect_moderation_labels",
    "DetectFaces": "detect_faces",
}


def price(names: Iterable[str], images: int) -> float:
    """Dollars for showing so many images to each of the analyzers, at list prices."""
    return images * sum(ANALYZERS[name].price for name in names)


def in_words(findings: Findings) -> str:
    """Findings on one line."""
    if findings.refusal is not None:
        return findings.refusal
    figures = [f"{name} {value:.0f}" for name, value in findings.figures.items()]
    return ", ".join([*figures, *_named(findings.seen)]) or "none"


def _named(seen: tuple[Seen, ...]) -> Iterator[str]:
    for thing in seen:
        where = "" if thing.box is None else f" at {', '.join(f'{100 * side:.0f}' for side in thing.box)}"
        yield f"{thing.label} ({thing.confidence:.1f}){where}"


def _surest(seen: list[Seen]) -> tuple[Seen, ...]:
    return tuple(sorted(seen, key=lambda thing: (-thing.confidence, thing.label))[:MOST_LABELS])


def _version(answer: Mapping[str, Any], member: str) -> str:
    return str(answer.get(member) or NO_VERSION)


def _box(box: Mapping[str, float] | None) -> tuple[float, float, float, float] | None:
    return (box["Left"], box["Top"], box["Width"], box["Height"]) if box else None

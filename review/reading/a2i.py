"""A2I's output files: an answer of each worker, of several, or of none where the loop expired or was stopped.

Source: Amazon A2I developer guide, a2i-output-data.md; reference of crowd HTML elements, crowd-image-classifier and
crowd-bounding-box.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from customlabels.review.answers import Answer, Region, read_region
from customlabels.review.reading.given import NOT_PICKED, Given, Matching, texts

TOOL = "a2i"


def recognises(document: object) -> bool:
    return isinstance(document, dict) and "humanAnswers" in document


def read(document: Mapping[str, Any], where: str, matching: Matching, nothing: frozenset[str], given: Given) -> None:
    """Adds the answers of an output file.

    Parameters
    ----------
    nothing : labels that say that nothing is on the image
    """
    answers = document["humanAnswers"]
    image = matching.image(texts(document.get("inputContent")))
    if image is None:
        given.leave_out(where, NOT_PICKED, fatal=False)
    elif not isinstance(answers, list):
        given.leave_out(where, f"its humanAnswers are no list: {str(answers)[:40]}")
    elif not answers:
        given.leave_out(where, "has no answer: the loop expired, or was stopped", fatal=False)
    else:
        for number, raw in enumerate(answers, 1):
            try:
                given.add(_answer(raw, image, nothing))
            except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
                given.leave_out(f"{where}, answer {number}", f"is none that can be read: {error!r}")


def _answer(raw: Mapping[str, Any], image: str, nothing: frozenset[str]) -> Answer:
    labels: list[str] = []
    boxes: list[Region] | None = None
    known = False
    for content in raw["answerContent"].values():
        if not isinstance(content, dict):
            continue
        if "boundingBoxes" in content:
            size = content["inputImageProperties"]
            boxes = [*(boxes or ()), *(_region(box, size) for box in content["boundingBoxes"])]
        elif isinstance(content.get("label"), str):
            labels.append(content["label"])
        elif isinstance(content.get("labels"), list):
            labels += content["labels"]
        else:
            continue
        known = True
    if not known:
        raise ValueError("neither a label nor boxes")
    at = datetime.fromisoformat(raw["submissionTime"])
    seconds = raw.get("timeSpentInSeconds")
    return Answer(
        image=image,
        person=raw["workerId"],
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        labels=tuple(label for label in labels if label not in nothing),
        boxes=None if boxes is None else tuple(boxes),
        seconds=seconds,
        tool=TOOL,
    )


def _region(box: Mapping[str, Any], size: Mapping[str, Any]) -> Region:
    width, height = float(size["width"]), float(size["height"])
    return read_region(
        {
            "label": box["label"],
            "left": box["left"] / width,
            "top": box["top"] / height,
            "width": box["width"] / width,
            "height": box["height"] / height,
        }
    )

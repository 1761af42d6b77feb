"""DetectLabels, DetectText, DetectModerationLabels and DetectFaces: their answers, of what is measured or scripted.

Source: Amazon Rekognition API reference, the operations; botocore's model of them.
"""

from typing import Any

from customlabels.core.addresses import S3Address
from customlabels.emulator.analyzers.properties import properties
from customlabels.emulator.analyzers.scripts import Scripted, script
from customlabels.emulator.customlabels.context import Context
from customlabels.emulator.customlabels.inference import image_body
from customlabels.emulator.s3 import objects
from customlabels.emulator.server.refusals import Refusal, invalid_parameter

LABEL_MODEL, TEXT_MODEL, MODERATION_MODEL = "3.0", "3.0", "7.0"
"""The versions that answers carry; those of the service, at the time of writing."""

_LEAST = {"labels": 55.0, "text": 0.0, "moderation": 50.0}
"""The confidence from which on things are told where a request says nothing."""

_MOST_LABELS, _MOST_COLOURS = 1000, 10


def detect_labels(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    features = parameters.get("Features") or ["GENERAL_LABELS"]
    settings = parameters.get("Settings", {})
    body, tags = _image(context, parameters)
    answer: dict[str, Any] = {"LabelModelVersion": LABEL_MODEL}
    if "IMAGE_PROPERTIES" in features:
        most = settings.get("ImageProperties", {}).get("MaxDominantColors", _MOST_COLOURS)
        answer["ImageProperties"] = _decoded(body, most)
    if "GENERAL_LABELS" in features:
        filters = settings.get("GeneralLabels", {})
        _refuse(filters, "LabelCategoryInclusionFilters", "LabelCategoryExclusionFilters")
        included, excluded = filters.get("LabelInclusionFilters"), filters.get("LabelExclusionFilters", ())
        seen = [
            thing
            for thing in _sure(script("labels", tags), parameters, "labels")
            if (not included or thing.name in included) and thing.name not in excluded
        ]
        answer["Labels"] = [
            {
                "Name": thing.name,
                "Confidence": thing.confidence,
                "Instances": [{"BoundingBox": _box(thing), "Confidence": thing.confidence}] if thing.box else [],
                "Parents": [],
                "Aliases": [],
                "Categories": [],
            }
            for thing in seen[: parameters.get("MaxLabels", _MOST_LABELS)]
        ]
    return answer


def detect_text(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    filters = parameters.get("Filters", {})
    _refuse(filters, "RegionsOfInterest")
    words = filters.get("WordFilter", {})
    _refuse(words, "MinBoundingBoxHeight", "MinBoundingBoxWidth")
    _, tags = _image(context, parameters)
    found: list[dict[str, Any]] = []
    for line in _sure(script("text", tags), words, "text"):
        number, geometry = len(found), {"BoundingBox": _box(line)}
        about = {"Confidence": line.confidence, "Geometry": geometry}
        found.append({"DetectedText": line.name, "Type": "LINE", "Id": number, **about})
        found += [
            {"DetectedText": word, "Type": "WORD", "Id": number + place, "ParentId": number, **about}
            for place, word in enumerate(line.name.split(), 1)
        ]
    return {"TextDetections": found, "TextModelVersion": TEXT_MODEL}


def detect_moderation_labels(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    _refuse(parameters, "HumanLoopConfig", "ProjectVersion")
    _, tags = _image(context, parameters)
    return {
        "ModerationLabels": [
            {"Name": thing.name, "Confidence": thing.confidence, "ParentName": "", "TaxonomyLevel": 1}
            for thing in _sure(script("moderation", tags), parameters, "moderation")
        ],
        "ModerationModelVersion": MODERATION_MODEL,
        "ContentTypes": [],
    }


def detect_faces(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    if set(parameters.get("Attributes", ["DEFAULT"])) != {"DEFAULT"}:
        raise _not_offered("Attributes other than DEFAULT")
    body, tags = _image(context, parameters)
    if tags is None:
        # Frames of videos are sent, and lie nowhere: they are scripted by objects with their bytes.
        tags = objects.tags_of_bytes(context.store, body)
    return {
        "FaceDetails": [{"BoundingBox": _box(face), "Confidence": face.confidence} for face in script("faces", tags)]
    }


def _image(context: Context, parameters: dict[str, Any]) -> tuple[bytes, dict[str, str] | None]:
    """The image's bytes, and the tags of the object that it is, where it is one."""
    body = image_body(context, parameters["Image"])
    named = parameters["Image"].get("S3Object")
    if named is None:
        return body, None
    return body, objects.tags_of(S3Address(named["Bucket"], named["Name"]), named.get("Version"))


def _decoded(body: bytes, most: int) -> dict[str, Any]:
    try:
        return properties(body, most)
    except ValueError as error:
        raise Refusal("InvalidImageFormatException", f"Request has an invalid image format: {error}") from error


def _sure(seen: list[Scripted], parameters: dict[str, Any], kind: str) -> list[Scripted]:
    least = parameters.get("MinConfidence", _LEAST[kind])
    return [thing for thing in seen if thing.confidence >= least]


def _box(thing: Scripted) -> dict[str, float]:
    left, top, width, height = thing.box or (0.0, 0.0, 1.0, 1.0)
    return {"Left": left, "Top": top, "Width": width, "Height": height}


def _refuse(given: dict[str, Any], *names: str) -> None:
    """Refuses parameters that would change the answer, and that nothing here goes by."""
    for name in names:
        if name in given:
            raise _not_offered(name)


def _not_offered(what: str) -> Refusal:
    return invalid_parameter(f"{what}: not offered by the local service.")

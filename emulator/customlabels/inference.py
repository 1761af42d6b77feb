"""DetectCustomLabels."""

import json
import os
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from customlabels.datasets.limits import MAX_BYTES
from customlabels.emulator.customlabels import hosting
from customlabels.emulator.customlabels.context import Context
from customlabels.emulator.customlabels.datasets import read_object
from customlabels.emulator.customlabels.state import Version
from customlabels.emulator.customlabels.versions import training_folder
from customlabels.emulator.engine.job_files import MODEL, OUTCOME
from customlabels.emulator.server.refusals import Refusal, invalid_parameter, not_ready

if TYPE_CHECKING:
    from customlabels.emulator.engine.kept_features import KeptFeatures

MAX_SENT_BYTES = 4 * 1024 * 1024
_KEPT_MODELS = 4

_models: OrderedDict[Path, tuple[Any, dict[str, float]]] = OrderedDict()
_lock = Lock()
_turns = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="inference")
"""As many images are looked at at once as there are cores, always by the same threads: each holds tens of megabytes."""


def detect_custom_labels(context: Context, parameters: dict[str, Any]) -> dict[str, Any]:
    version = context.find(Version, parameters["ProjectVersionArn"])
    if version.status.now != "RUNNING":
        raise not_ready(f"The version is {version.status.now}; start it and wait until it is RUNNING.")
    hosting.admit(context, version)
    body = image_body(context, parameters["Image"])
    model, thresholds = load_model(training_folder(context.store.folder, version.arn))
    try:
        predictions = _turns.submit(predicted, model, body, context.store.folder).result()
    except ModuleNotFoundError as error:
        raise not_ready(f"The version was trained with what is not here: {error}") from error
    except ValueError as error:
        raise Refusal("InvalidImageFormatException", f"Request has an invalid image format: {error}") from error
    least = parameters.get("MinConfidence")
    reached = [
        prediction
        for prediction in predictions
        if prediction[0] >= (thresholds[prediction[1]] if least is None else least / 100)
    ]
    reached.sort(key=lambda prediction: -prediction[0])
    return {
        "CustomLabels": [
            {
                "Name": label,
                "Confidence": round(score * 100, 4),
                "Geometry": {"BoundingBox": box} if box is not None else None,
            }
            for score, label, box in reached[: parameters.get("MaxResults", len(reached))]
        ]
    }


def predicted(model: Any, body: bytes, state: Path) -> list[tuple[float, str, dict[str, float] | None]]:
    """Confidence (0..1) and label of what the model sees, and its box in fractions of the sides where it locates.

    Raises
    ------
    ValueError : no image that can be used
    ModuleNotFoundError : what describes images for this model is not installed
    """
    from customlabels.emulator.engine import classifier

    if isinstance(model, classifier.ImageClassifier):
        from customlabels.emulator.engine import features
        from customlabels.emulator.engine.kept_features import features_of

        row = features_of(body, _kept(state), model.described_by or features.BY_HAND)
        scores = classifier.confidences(model, row[None])[0]
        return [(float(score), label, None) for label, score in zip(model.labels, scores, strict=True)]
    from customlabels.emulator.engine import detector_pixels, features
    from customlabels.emulator.engine.box_training import found_in

    image = features.decode(body)
    height, width = image.shape[:2]
    return [
        (
            sure,
            model.labels[label],
            {"Width": across / width, "Height": down / height, "Left": left / width, "Top": top / height},
        )
        for label, left, top, across, down, sure in found_in(model, detector_pixels.working(image), (width, height))
    ]


@cache
def _kept(state: Path) -> "KeptFeatures":
    from customlabels.emulator.engine.kept_features import KeptFeatures

    return KeptFeatures(state)


def image_body(context: Context, image: dict[str, Any]) -> bytes:
    """The bytes of an image of a request, sent or in S3.

    Raises
    ------
    Refusal : there is none, or it is too large
    """
    if ("Bytes" in image) == ("S3Object" in image):
        raise invalid_parameter("Image takes either Bytes or S3Object.")
    if "Bytes" in image:
        body: bytes = image["Bytes"]
        most = MAX_SENT_BYTES
    else:
        named = image["S3Object"]
        if "Bucket" not in named or "Name" not in named:
            raise invalid_parameter("S3Object needs Bucket and Name.")
        body = read_object(context, named)
        most = MAX_BYTES
    if len(body) > most:
        raise Refusal("ImageTooLargeException", f"The image is larger than {most} bytes.")
    return body


def load_model(folder: Path) -> tuple[Any, dict[str, float]]:
    """The model in `folder` and the assumed threshold (0..1) of each label; the last few stay in memory."""
    from customlabels.emulator.engine import classifier

    with _lock:
        if folder not in _models:
            outcome = json.loads((folder / OUTCOME).read_bytes())
            thresholds = dict(zip(outcome["labels"], outcome["thresholds"], strict=True))
            if outcome.get("boxes"):
                from customlabels.emulator.engine import detector

                _models[folder] = detector.load(folder / MODEL), thresholds
            else:
                _models[folder] = classifier.load(folder / MODEL), thresholds
            while len(_models) > _KEPT_MODELS:
                _models.popitem(last=False)
        _models.move_to_end(folder)
        return _models[folder]

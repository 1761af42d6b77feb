"""Evaluation of an image-level model in the service's own files: the summary and the manifest snapshots.

Source: Custom Labels developer guide, im-summary-file-api.md and im-evaluation-manifest-snapshot*.md.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customlabels.manifests.lines import IMAGE_LEVEL

TRAINING, EVALUATION = "rekognition-custom-labels-training", "rekognition-custom-labels-evaluation"


def label_metrics(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> dict[str, float]:
    """Precision, recall and F1 of one label over images, each 0 where it is not defined.

    Parameters
    ----------
    predicted, truth : (images,), whether the label is predicted, and whether it is there
    """
    hits = int((predicted & truth).sum())
    precision = hits / int(predicted.sum()) if predicted.any() else 0.0
    recall = hits / int(truth.sum()) if truth.any() else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return {"F1Score": f1, "Precision": precision, "Recall": recall}


def summary(
    *,
    version_arn: str,
    labels: Sequence[str],
    scores: NDArray[np.float64],
    truth: NDArray[np.bool_],
    thresholds: Sequence[float],
    training_images: int,
    ended: datetime,
) -> dict[str, Any]:
    """The summary file; its aggregate figures are the plain means over labels.

    Parameters
    ----------
    scores, truth : (test images, labels), confidences in 0..1 and whether the label is there
    thresholds : assumed threshold of each label, 0..1
    """
    by_label: list[dict[str, Any]] = [
        {
            "Label": label,
            "NumberOfTestingImages": int(truth[:, number].sum()),
            "Metrics": {
                **label_metrics(scores[:, number] >= thresholds[number], truth[:, number]),
                "Threshold": float(thresholds[number]),
            },
        }
        for number, label in enumerate(labels)
    ]
    means = {
        name: float(np.mean([result["Metrics"][name] for result in by_label]))
        for name in ("F1Score", "Precision", "Recall")
    }
    return {
        "Version": 1,
        "EvaluationDetails": {
            "EvaluationEndTimestamp": iso(ended),
            "Labels": list(labels),
            "NumberOfTestingImages": len(truth),
            "NumberOfTrainingImages": training_images,
            "ProjectVersionArn": version_arn,
        },
        "AggregatedEvaluationResults": {"ConfusionMatrix": _confusion(labels, scores, truth), **means},
        "LabelEvaluationResults": sorted(by_label, key=lambda result: -result["Metrics"]["F1Score"]),
    }


def _confusion(labels: Sequence[str], scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Shares of each true label's images by the label with the highest confidence; zeros are left out."""
    best = scores.argmax(axis=1)
    pairs = Counter((int(label), int(best[image])) for image, label in zip(*truth.nonzero(), strict=True))
    return [
        {
            "GroundTruthLabel": labels[true],
            "PredictedLabel": labels[predicted],
            "Value": count / int(truth[:, true].sum()),
        }
        for (true, predicted), count in sorted(pairs.items())
    ]


def truth_line(number: int, source_ref: str, labels: Sequence[str], ended: datetime) -> dict[str, Any]:
    """A line of the training snapshot: the image and what was taken as its truth."""
    line: dict[str, Any] = {"source-ref": source_ref, "rekognition-custom-labels-object-id": number}
    for index, label in enumerate(labels):
        line |= _pair(f"{TRAINING}-{index}", label, 1.0, "yes", TRAINING, ended)
    return line


def evaluation_line(
    number: int,
    source_ref: str,
    *,
    labels: Sequence[str],
    scores: NDArray[np.float64],
    truth: NDArray[np.bool_],
    thresholds: Sequence[float],
    ended: datetime,
) -> dict[str, Any]:
    """A line of the evaluation snapshot: the truth, and a prediction a label with how it turned out.

    Parameters
    ----------
    scores, truth : (labels,)
    """
    line = truth_line(
        number, source_ref, [label for label, present in zip(labels, truth, strict=True) if present], ended
    )
    for index, label in enumerate(labels):
        predicted, present = bool(scores[index] >= thresholds[index]), bool(truth[index])
        pair = _pair(f"{EVALUATION}-{index}", label, float(scores[index]), "no", EVALUATION, ended)
        pair[f"{EVALUATION}-{index}-metadata"][f"{EVALUATION}-details"] = outcome_details(predicted, present)
        line |= pair
    return line


def outcome_details(predicted: bool, present: bool) -> dict[str, Any]:
    """How a prediction turned out: whether its confidence reaches the threshold, and whether it is in the truth."""
    return {
        "version": 1,
        "ground-truth-labelling-jobs": [f"{TRAINING}-job"] if present else [],
        "is-true-positive": predicted and present,
        "is-true-negative": not predicted and not present,
        "is-false-positive": predicted and not present,
        "is-false-negative": not predicted and present,
        "is-present-in-ground-truth": present,
    }


def _pair(name: str, label: str, confidence: float, human: str, job: str, ended: datetime) -> dict[str, Any]:
    return {
        name: 1,
        f"{name}-metadata": {
            "confidence": confidence,
            "job-name": f"{job}-job",
            "class-name": label,
            "human-annotated": human,
            "creation-date": iso(ended),
            "type": IMAGE_LEVEL,
        },
    }


def iso(time: datetime) -> str:
    """A time as the service writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")

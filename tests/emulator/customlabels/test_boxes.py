"""A model that locates objects: trained, evaluated and asked over HTTP."""

import json
from typing import Any

import numpy as np
import pytest
from support.drawing import SIDE, squares
from support.local_services import BUCKET, Service

from customlabels.emulator.customlabels.box_evaluation import Examined, label_figures, matches
from customlabels.manifests.lines import entry_line

LABELS = ("bright", "dark")


@pytest.fixture(scope="module")
def located(service: Service) -> dict[str, Any]:
    """A version trained on 24 pictures and tested on 8."""
    lines = []
    for number in range(32):
        body, boxes = squares(number)
        key = f"located/{number:02}.png"
        service.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        lines.append(entry_line(f"s3://{BUCKET}/{key}", (), boxes, (SIDE, SIDE, 1)))
    for name, part in (("train", lines[:24]), ("test", lines[24:])):
        service.s3.put_object(Bucket=BUCKET, Key=f"located/{name}.manifest", Body=b"".join(part))
    project = service.rekognition.create_project(ProjectName="located")["ProjectArn"]

    def asset(name: str) -> Any:
        manifest = {"S3Object": {"Bucket": BUCKET, "Name": f"located/{name}.manifest"}}
        return {"Assets": [{"GroundTruthManifest": manifest}]}

    service.rekognition.create_project_version(
        ProjectArn=project,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "located/out"},
        TrainingData=asset("train"),
        TestingData=asset("test"),
    )
    service.rekognition.get_waiter("project_version_training_completed").wait(
        ProjectArn=project, VersionNames=["v1"], WaiterConfig={"Delay": 1, "MaxAttempts": 100}
    )
    return dict(service.rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"][0])


def read(service: Service, s3_object: Any) -> bytes:
    return service.s3.get_object(Bucket=s3_object["Bucket"], Key=s3_object["Name"])["Body"].read()


def test_the_summary_has_what_it_has_for_boxes(service: Service, located: dict[str, Any]) -> None:
    summary = json.loads(read(service, located["EvaluationResult"]["Summary"]["S3Object"]))
    means = summary["AggregatedEvaluationResults"]
    assert means.keys() == {"F1Score", "Precision", "Recall", "AveragePrecision", "AverageRecall"}
    assert means["F1Score"] == located["EvaluationResult"]["F1Score"] > 0.8
    assert [figures["NumberOfTestingImages"] for figures in summary["LabelEvaluationResults"]] == [8, 8]
    statistics = json.loads(read(service, located["ManifestSummary"]["S3Object"]))["statistics"]
    assert statistics["training"]["use_case"] == "OBJECT_LOCALIZATION"


def test_the_snapshot_tells_each_box_and_how_it_turned_out(service: Service, located: dict[str, Any]) -> None:
    (asset,) = located["TestingDataResult"]["Output"]["Assets"]
    lines = [json.loads(line) for line in read(service, asset["GroundTruthManifest"]["S3Object"]).splitlines()]
    assert len(lines) == 8
    for line in lines:
        truth = line["rekognition-custom-labels-training-0"]["annotations"]
        assert len(truth) == 2
        boxes = line["rekognition-custom-labels-evaluation"]["annotations"]
        metadata = line["rekognition-custom-labels-evaluation-metadata"]
        assert len(boxes) == len(metadata["objects"])
        for box in metadata["objects"]:
            details = box["rekognition-custom-labels-evaluation-details"]
            assert sum(details[f"is-{how}"] for how in
                       ("true-positive", "true-negative", "false-positive", "false-negative")) == 1  # fmt: skip


def test_it_finds_boxes_where_they_are(service: Service, located: dict[str, Any]) -> None:
    arn = located["ProjectVersionArn"]
    service.rekognition.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    service.rekognition.get_waiter("project_version_running").wait(
        ProjectArn=service.rekognition.describe_projects(ProjectNames=["located"])["ProjectDescriptions"][0][
            "ProjectArn"
        ],
        VersionNames=["v1"],
        WaiterConfig={"Delay": 1, "MaxAttempts": 20},
    )
    hits = 0
    for seed in range(100, 105):
        body, boxes = squares(seed)
        answer = service.rekognition.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": body})
        detections = [
            (LABELS.index(label["Name"]), *(SIDE * label["Geometry"]["BoundingBox"][side] for side in
             ("Left", "Top", "Width", "Height")), label["Confidence"])
            for label in answer["CustomLabels"]
        ]  # fmt: skip
        truth = [(LABELS.index(box.label), box.left, box.top, box.width, box.height) for box in boxes]
        hits += sum(matches(Examined("", (SIDE, SIDE), truth, detections)))
    assert hits >= 8
    service.rekognition.stop_project_version(ProjectVersionArn=arn)


def test_each_object_is_found_once_and_by_the_surest_box() -> None:
    truth = [(0, 10.0, 10.0, 20.0, 20.0), (1, 60.0, 60.0, 20.0, 20.0)]
    detections = [
        (0, 11.0, 11.0, 20.0, 20.0, 0.4),
        (0, 10.0, 10.0, 20.0, 20.0, 0.9),
        (0, 60.0, 60.0, 20.0, 20.0, 0.8),
        (1, 70.0, 70.0, 20.0, 20.0, 0.7),
    ]
    assert matches(Examined("", (100, 100), truth, detections)) == [False, True, False, False]


def test_figures_of_a_label_are_those_at_the_best_threshold() -> None:
    confidences, hits = np.array([0.9, 0.8, 0.7, 0.6, 0.6]), np.array([True, False, True, True, False])
    figures = label_figures(confidences, hits, 4)
    # Boxes of the same confidence are found together or not at all; no box lies below, so 0 is the lower bound.
    assert figures["Threshold"] == 0.3
    assert (figures["Precision"], figures["Recall"]) == (0.6, 0.75)
    assert figures["F1Score"] == pytest.approx(2 / 3)
    assert figures["Reached"] == 0.75
    nothing = label_figures(np.array([]), np.array([], dtype=bool), 3)
    assert (nothing["Threshold"], nothing["F1Score"]) == (1.0, 0.0)

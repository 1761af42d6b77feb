"""What DetectLabels answers, by botocore's own model of it, becomes detections."""

from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from PIL import Image

from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.pipelines.service.general_labels import detect_general

IMAGE = S3Address("line-1", "a.jpg")
SHOWN = {"S3Object": {"Bucket": "line-1", "Name": "a.jpg"}}


@pytest.fixture
def stub() -> Stubber:
    return Stubber(boto3.client("rekognition", "us-east-1", aws_access_key_id="any", aws_secret_access_key="any"))


def test_each_instance_is_a_box_and_a_label_without_any_is_of_the_whole_image(stub: Stubber) -> None:
    box = {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}
    labels = [
        {"Name": "Screw", "Confidence": 90.0, "Instances": [{"BoundingBox": box, "Confidence": 99.0}]},
        {"Name": "Metal", "Confidence": 95.0, "Instances": [], "Parents": [{"Name": "Material"}]},
    ]
    stub.add_response("detect_labels", {"Labels": labels}, {"Image": SHOWN, "MinConfidence": 40})
    with stub:
        (detection,) = detect_general(stub.client, [("a.jpg", IMAGE)], min_confidence=40)
    assert detection.labels == (DetectedLabel("Screw", 99.0, (0.1, 0.2, 0.3, 0.4)), DetectedLabel("Metal", 95.0))


def test_an_image_that_is_refused_ends_no_other_and_no_permission_ends_all(stub: Stubber, tmp_path: Path) -> None:
    Image.new("L", (64, 64)).save(tmp_path / "b.png")
    stub.add_client_error("detect_labels", "InvalidS3ObjectException", "no such object")
    stub.add_response("detect_labels", {"Labels": []})
    images = [("a.jpg", IMAGE), ("b.png", tmp_path / "b.png")]
    with stub:
        errors = [next(detect_general(stub.client, [image])).error for image in images]
    assert errors[0] is not None
    assert "no such object" in errors[0]
    assert errors[1] is None
    stub.add_client_error("detect_labels", "AccessDeniedException", "no")
    with stub, pytest.raises(ServiceError):
        list(detect_general(stub.client, images[:1]))

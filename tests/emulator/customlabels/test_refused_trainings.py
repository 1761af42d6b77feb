"""Trainings that the service takes and fails, and what they tell."""

import json
from typing import Any

import pytest
from support.local_services import BUCKET, Service, connect

from customlabels.core.waiting import wait_for
from customlabels.manifests.lines import entry_line


def ended(service: Service, project: str) -> dict[str, Any]:
    def look() -> Any:
        (shown,) = service.rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"]
        return None if shown["Status"] == "TRAINING_IN_PROGRESS" else dict(shown)

    described: dict[str, Any] = wait_for(look, what="training", most=60)
    return described


def lines(labels: str, bucket: str = BUCKET) -> bytes:
    return b"".join(entry_line(f"s3://{bucket}/absent/{n}.jpg", (label,)) for n, label in enumerate(labels))


@pytest.mark.parametrize(
    ("name", "body", "bucket", "message"),
    [
        ("missing", None, BUCKET, "The manifest file extension or contents are invalid."),
        ("no-extension", b"{}", BUCKET, "The manifest file extension or contents are invalid."),
        ("empty", b"", BUCKET, "The manifest file is empty."),
        ("unwritable", lines("ababab"), "nobodys-bucket", "Unable to write to output S3 bucket."),
    ],
)
def test_what_only_a_training_finds_out_is_taken_and_fails(
    service: Service, name: str, body: bytes | None, bucket: str, message: str
) -> None:
    key = f"refused/{name}" + ("" if name == "no-extension" else ".manifest")
    if body is not None:
        service.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    project = service.rekognition.create_project(ProjectName=f"refused-{name}")["ProjectArn"]
    asset: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": key}}}
    service.rekognition.create_project_version(
        ProjectArn=project,
        VersionName="v1",
        OutputConfig={"S3Bucket": bucket, "S3KeyPrefix": "out"},
        TrainingData={"Assets": [asset]},
        TestingData={"AutoCreate": True},
    )
    described = ended(service, project)
    assert (described["Status"], described["StatusMessage"]) == ("TRAINING_FAILED", message)


def test_a_split_that_fails_tells_so_in_the_summary_and_leaves_the_validated_manifest(service: Service) -> None:
    service.s3.put_object(Bucket=BUCKET, Key="refused/few.manifest", Body=lines("aaab") + b"no json\n")
    project = service.rekognition.create_project(ProjectName="refused-split")["ProjectArn"]
    asset: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "refused/few.manifest"}}}
    service.rekognition.create_project_version(
        ProjectArn=project,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "refused/split"},
        KmsKeyId="arn:aws:kms:us-east-1:123456789012:key/mine",
        TrainingData={"Assets": [asset]},
        TestingData={"AutoCreate": True},
    )
    described = ended(service, project)
    assert "insufficient labeled images per label to perform auto-split" in described["StatusMessage"]
    held = described["ManifestSummary"]["S3Object"]
    summary = service.s3.get_object(Bucket=held["Bucket"], Key=held["Name"])
    document = json.loads(summary["Body"].read())
    codes = [error["code"] for error in document["statistics"]["training"]["errors"]]
    assert "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT" in codes
    assert (summary["ServerSideEncryption"], summary["SSEKMSKeyId"][-4:]) == ("aws:kms", "mine")
    (asset,) = described["TrainingDataResult"]["Validation"]["Assets"]
    held = asset["GroundTruthManifest"]["S3Object"]
    validated = service.s3.get_object(Bucket=held["Bucket"], Key=held["Name"])["Body"].read().splitlines()
    assert json.loads(validated[-1])["errors"][0]["code"] == "ERROR_INVALID_JSON_LINE"


def test_images_in_a_bucket_of_another_region_fail_a_training(service: Service) -> None:
    elsewhere = connect(service.state, "eu-west-1")
    elsewhere.s3.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    service.s3.put_object(Bucket=BUCKET, Key="refused/far.manifest", Body=lines("ab" * 6, "elsewhere"))
    project = service.rekognition.create_project(ProjectName="refused-far")["ProjectArn"]
    asset: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "refused/far.manifest"}}}
    service.rekognition.create_project_version(
        ProjectArn=project,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "refused/far"},
        TrainingData={"Assets": [asset]},
        TestingData={"AutoCreate": True},
    )
    described = ended(service, project)
    assert described["StatusMessage"] == "The manifest file contains too many invalid rows."
    held = described["TrainingDataResult"]["Validation"]["Assets"][0]["GroundTruthManifest"]["S3Object"]
    first = service.s3.get_object(Bucket=held["Bucket"], Key=held["Name"])["Body"].read().splitlines()[0]
    assert json.loads(first)["errors"][0]["code"] == "ERROR_INVALID_IMAGE"

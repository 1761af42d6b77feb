import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import BUCKET, Service

from customlabels.core.waiting import wait_for
from customlabels.emulator.engine import features
from customlabels.manifests.lines import entry_line
from customlabels.pipelines.service import hosting


@dataclass(frozen=True)
class Trained:
    project: str
    version: str
    datasets: dict[str, str]
    description: dict[str, Any]


def refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def manifest(images: Path, names: slice) -> bytes:
    return b"".join(
        entry_line(f"s3://{BUCKET}/tiles/{path.parent.name}/{path.name}", (path.parent.name,))
        for folder in sorted(images.iterdir())
        for path in sorted(folder.iterdir())[names]
    )


def settled(service: Service, arn: str) -> dict[str, Any]:
    def look() -> Any:
        described = service.rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        return None if described["Status"].endswith("IN_PROGRESS") else described

    description: dict[str, Any] = wait_for(look, what="dataset", most=20)
    return description


@pytest.fixture(scope="module")
def trained(service: Service, images: Path) -> Trained:
    """A version trained by boto3 alone, as the guide tells, with its project and datasets."""
    rekognition, s3 = service.rekognition, service.s3
    for path in images.rglob("*.jpg"):
        s3.upload_file(str(path), BUCKET, f"tiles/{path.parent.name}/{path.name}")
    project = rekognition.create_project(ProjectName="flow")["ProjectArn"]
    datasets = {}
    for kind, names in (("TRAIN", slice(0, 7)), ("TEST", slice(7, 10))):
        s3.put_object(Bucket=BUCKET, Key=f"flow/{kind}.manifest", Body=manifest(images, names))
        datasets[kind] = rekognition.create_dataset(
            ProjectArn=project,
            DatasetType=kind,
            DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": f"flow/{kind}.manifest"}}},
        )["DatasetArn"]
        assert settled(service, datasets[kind])["Status"] == "CREATE_COMPLETE"
    version = rekognition.create_project_version(
        ProjectArn=project, VersionName="v1", OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "flow/out"}
    )["ProjectVersionArn"]
    rekognition.get_waiter("project_version_training_completed").wait(
        ProjectArn=project, VersionNames=["v1"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    (description,) = rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"]
    return Trained(project, version, datasets, dict(description))


def read(service: Service, s3_object: Any) -> bytes:
    return service.s3.get_object(Bucket=s3_object["Bucket"], Key=s3_object["Name"])["Body"].read()


def test_a_trained_version_tells_all_that_the_service_tells(trained: Trained) -> None:
    described = trained.description
    assert described["Status"] == "TRAINING_COMPLETED"
    assert described["StatusMessage"] == "The model is ready to run."
    assert described["BillableTrainingTimeInSeconds"] > 0
    assert described["TrainingEndTimestamp"] > described["CreationTimestamp"]
    assert trained.version.endswith(str(round(described["CreationTimestamp"].timestamp() * 1000)))
    assert set(described["EvaluationResult"]) == {"F1Score", "Summary"}


def test_summary_and_tags_say_what_images_were_described_by(service: Service, trained: Trained) -> None:
    summary = json.loads(read(service, trained.description["EvaluationResult"]["Summary"]["S3Object"]))
    tags = service.rekognition.list_tags_for_resource(ResourceArn=trained.version)["Tags"]
    assert summary["EvaluationDetails"]["Features"] == tags["customlabels:local-features"] == features.describer()


def test_the_summary_holds_the_figures_a_label_and_their_plain_means(service: Service, trained: Trained) -> None:
    result = trained.description["EvaluationResult"]
    summary = json.loads(read(service, result["Summary"]["S3Object"]))
    overall = summary["AggregatedEvaluationResults"]
    by_label = {label["Label"]: label["Metrics"] for label in summary["LabelEvaluationResults"]}
    assert summary["EvaluationDetails"]["NumberOfTrainingImages"] == 14
    assert summary["EvaluationDetails"]["NumberOfTestingImages"] == 6
    assert summary["EvaluationDetails"]["ProjectVersionArn"] == trained.version
    assert set(by_label) == {"across", "down"}
    assert overall["F1Score"] == result["F1Score"] == pytest.approx(sum(m["F1Score"] for m in by_label.values()) / 2)
    assert result["F1Score"] > 0.9
    shares: dict[str, float] = {}
    for cell in overall["ConfusionMatrix"]:
        shares[cell["GroundTruthLabel"]] = shares.get(cell["GroundTruthLabel"], 0) + cell["Value"]
    assert shares == pytest.approx({"across": 1.0, "down": 1.0})


def test_the_snapshot_tells_truth_and_prediction_of_each_test_image(service: Service, trained: Trained) -> None:
    (asset,) = trained.description["TestingDataResult"]["Output"]["Assets"]
    lines = [json.loads(line) for line in read(service, asset["GroundTruthManifest"]["S3Object"]).splitlines()]
    assert len(lines) == 6
    flags = ("is-true-positive", "is-true-negative", "is-false-positive", "is-false-negative")
    for line in lines:
        truth = line["rekognition-custom-labels-training-0-metadata"]["class-name"]
        assert truth in line["source-ref"]
        for number in range(2):
            predicted = line[f"rekognition-custom-labels-evaluation-{number}-metadata"]
            details = predicted["rekognition-custom-labels-evaluation-details"]
            assert 0 <= predicted["confidence"] <= 1
            assert sum(details[flag] for flag in flags) == 1
            assert details["is-present-in-ground-truth"] == (predicted["class-name"] == truth)


def test_entries_are_listed_page_by_page_and_filtered(service: Service, trained: Trained) -> None:
    arn = trained.datasets["TRAIN"]
    pages = service.rekognition.get_paginator("list_dataset_entries").paginate(
        DatasetArn=arn, PaginationConfig={"PageSize": 5}
    )
    entries = [json.loads(entry) for page in pages for entry in page["DatasetEntries"]]
    assert len({entry["source-ref"] for entry in entries}) == 14
    assert all(entry["cl-metadata"]["is_labeled"] for entry in entries)
    listed = service.rekognition.list_dataset_entries
    assert len(listed(DatasetArn=arn, ContainsLabels=["down"])["DatasetEntries"]) == 7
    assert len(listed(DatasetArn=arn, SourceRefContains="/across/00")["DatasetEntries"]) == 7
    assert listed(DatasetArn=arn, Labeled=False)["DatasetEntries"] == []
    assert listed(DatasetArn=arn, HasErrors=True)["DatasetEntries"] == []
    labels = service.rekognition.list_dataset_labels(DatasetArn=arn)["DatasetLabelDescriptions"]
    assert {label["LabelName"]: label["LabelStats"]["EntryCount"] for label in labels} == {"across": 7, "down": 7}


def test_a_model_is_started_asked_and_stopped(service: Service, trained: Trained, images: Path) -> None:
    rekognition, arn = service.rekognition, trained.version
    across = (images / "across" / "009.jpg").read_bytes()
    ask: dict[str, Any] = {"ProjectVersionArn": arn, "Image": {"Bytes": across}}
    assert refused(rekognition.detect_custom_labels, **ask) == "ResourceNotReadyException"
    assert refused(rekognition.stop_project_version, ProjectVersionArn=arn) == "ResourceInUseException"
    assert rekognition.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=2)["Status"] == "STARTING"
    assert refused(rekognition.delete_project_version, ProjectVersionArn=arn) == "ResourceInUseException"
    rekognition.get_waiter("project_version_running").wait(
        ProjectArn=trained.project, VersionNames=["v1"], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    assert refused(rekognition.start_project_version, ProjectVersionArn=arn, MinInferenceUnits=1) == (
        "ResourceInUseException"
    )
    (label,) = rekognition.detect_custom_labels(**ask)["CustomLabels"]
    assert (label["Name"], "Geometry" in label) == ("across", False)
    every = rekognition.detect_custom_labels(**ask, MinConfidence=0)["CustomLabels"]
    assert [label["Name"] for label in every] == ["across", "down"]
    assert every[0]["Confidence"] > 50 > every[1]["Confidence"]
    assert len(rekognition.detect_custom_labels(**ask, MinConfidence=0, MaxResults=1)["CustomLabels"]) == 1
    in_s3: Any = {"S3Object": {"Bucket": BUCKET, "Name": "tiles/across/009.jpg"}}
    assert rekognition.detect_custom_labels(ProjectVersionArn=arn, Image=in_s3)["CustomLabels"] == [label]
    for image, code in (
        ({"Bytes": b"GIF89a"}, "InvalidImageFormatException"),
        ({"Bytes": across[: len(across) // 2]}, "InvalidImageFormatException"),
        ({"Bytes": b"\xff" * 4_200_000}, "ImageTooLargeException"),
        ({"S3Object": {"Bucket": BUCKET, "Name": "nowhere.jpg"}}, "InvalidS3ObjectException"),
        ({}, "InvalidParameterException"),
    ):
        given: Any = image
        assert refused(rekognition.detect_custom_labels, ProjectVersionArn=arn, Image=given) == code
    assert rekognition.stop_project_version(ProjectVersionArn=arn)["Status"] == "STOPPING"


def test_what_is_in_use_cannot_be_made_again_or_deleted(service: Service, trained: Trained) -> None:
    rekognition = service.rekognition
    assert refused(rekognition.create_project, ProjectName="flow") == "ResourceInUseException"
    assert refused(rekognition.delete_project, ProjectArn=trained.project) == "ResourceInUseException"
    assert refused(
        rekognition.create_dataset, ProjectArn=trained.project, DatasetType="TRAIN"
    ) == "ResourceAlreadyExistsException"  # fmt: skip
    assert refused(
        rekognition.create_project_version,
        ProjectArn=trained.project,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": ""},
    ) == "ResourceInUseException"  # fmt: skip


def test_a_resource_of_one_region_is_unknown_in_another(service: Service, trained: Trained) -> None:
    from support.local_services import connect

    elsewhere = connect(service.state, "eu-west-1").rekognition
    assert elsewhere.describe_projects()["ProjectDescriptions"] == []
    assert refused(elsewhere.describe_project_versions, ProjectArn=trained.project) == "ResourceNotFoundException"


def test_tags_are_kept_changed_and_taken_away(service: Service, trained: Trained) -> None:
    rekognition, arn = service.rekognition, trained.datasets["TEST"]
    rekognition.tag_resource(ResourceArn=arn, Tags={"team": "a", "line": "7"})
    rekognition.tag_resource(ResourceArn=arn, Tags={"team": "b"})
    rekognition.untag_resource(ResourceArn=arn, TagKeys=["line", "absent"])
    assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "b"}


GOOD = entry_line(f"s3://{BUCKET}/a.jpg", ("a",))


@pytest.mark.parametrize(
    ("name", "body", "status", "message"),
    [
        ("empty.manifest", b"", "CREATE_COMPLETE", ""),
        ("no-extension", GOOD, "CREATE_FAILED", "The manifest file extension or contents are invalid."),
        ("text.manifest", b"no json\n", "CREATE_FAILED", "The manifest file extension or contents are invalid."),
        ("twice.manifest", GOOD * 2, "CREATE_FAILED", "The manifest file has too many terminal errors."),
    ],
)
def test_a_manifest_that_cannot_be_imported_says_so_in_the_dataset(
    service: Service, name: str, body: bytes, status: str, message: str
) -> None:
    rekognition = service.rekognition
    service.s3.put_object(Bucket=BUCKET, Key=f"bad/{name}", Body=body)
    project = rekognition.create_project(ProjectName=f"bad-{name}")["ProjectArn"]
    dataset = rekognition.create_dataset(
        ProjectArn=project,
        DatasetType="TRAIN",
        DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": f"bad/{name}"}}},
    )["DatasetArn"]
    described = settled(service, dataset)
    assert described["Status"] == status
    assert message in described["StatusMessage"]
    assert refused(
        rekognition.create_project_version,
        ProjectArn=project,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": ""},
    ) in {"InvalidParameterException", "ResourceInUseException"}


def test_a_missing_manifest_is_refused_at_once(service: Service) -> None:
    project = service.rekognition.create_project(ProjectName="missing-manifest")["ProjectArn"]
    source: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "nowhere.manifest"}}}
    assert refused(
        service.rekognition.create_dataset, ProjectArn=project, DatasetType="TRAIN", DatasetSource=source
    ) == "InvalidS3ObjectException"  # fmt: skip


def test_images_that_cannot_be_read_fail_the_training_with_a_reason(service: Service) -> None:
    rekognition = service.rekognition
    lines = b"".join(
        entry_line(f"s3://{BUCKET}/absent/{label}/{number}.jpg", (label,))
        for label in ("a", "b")
        for number in range(5)
    )
    project = rekognition.create_project(ProjectName="absent-images")["ProjectArn"]
    service.s3.put_object(Bucket=BUCKET, Key="absent.manifest", Body=lines)
    for kind in ("TRAIN", "TEST"):
        arn = rekognition.create_dataset(
            ProjectArn=project,
            DatasetType=kind,
            DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "absent.manifest"}}},
        )["DatasetArn"]
        settled(service, arn)
    rekognition.create_project_version(
        ProjectArn=project, VersionName="v1", OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "x"}
    )
    from botocore.exceptions import WaiterError

    with pytest.raises(WaiterError, match="TRAINING_FAILED"):
        rekognition.get_waiter("project_version_training_completed").wait(
            ProjectArn=project, VersionNames=["v1"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
    (failed,) = rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"]
    assert failed["StatusMessage"] == "The manifest file contains too many invalid rows."
    assert "EvaluationResult" not in failed
    assert "BillableTrainingTimeInSeconds" not in failed


@pytest.fixture
def expendable(service: Service, trained: Trained) -> Trained:
    """A project of its own that holds copies of the trained version and its datasets, the version running."""
    rekognition = service.rekognition
    project = rekognition.create_project(ProjectName="expendable")["ProjectArn"]
    datasets = {}
    for kind, source in trained.datasets.items():
        datasets[kind] = rekognition.create_dataset(
            ProjectArn=project, DatasetType=kind, DatasetSource={"DatasetArn": source}
        )["DatasetArn"]
        assert settled(service, datasets[kind])["Status"] == "CREATE_COMPLETE"
    version = rekognition.copy_project_version(
        SourceProjectArn=trained.project,
        SourceProjectVersionArn=trained.version,
        DestinationProjectArn=project,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "expendable"},
    )["ProjectVersionArn"]
    status(service, project, "COPYING_COMPLETED")
    rekognition.start_project_version(ProjectVersionArn=version, MinInferenceUnits=1)
    status(service, project, "RUNNING")
    return Trained(project, version, datasets, {})


def status(service: Service, project: str, wanted: str) -> None:
    """Waits until the project's version has it."""

    def look() -> Any:
        (shown,) = service.rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"]
        return True if shown["Status"] == wanted else None

    wait_for(look, what=wanted, most=20)


def test_everything_is_deleted_in_its_order(service: Service, expendable: Trained) -> None:
    rekognition = service.rekognition
    versions = rekognition.describe_project_versions
    trained = expendable

    hosting.stop(rekognition, trained.version)
    assert rekognition.delete_project_version(ProjectVersionArn=trained.version)["Status"] == "DELETING"
    wait_for(
        lambda: True if not versions(ProjectArn=trained.project)["ProjectVersionDescriptions"] else None,
        what="version",
        most=20,
    )
    for arn in trained.datasets.values():
        rekognition.delete_dataset(DatasetArn=arn)
    wait_for(
        lambda: (
            None
            if rekognition.describe_projects(ProjectNames=["expendable"])["ProjectDescriptions"][0]["Datasets"]
            else True
        ),
        what="datasets",
        most=20,
    )
    assert rekognition.delete_project(ProjectArn=trained.project)["Status"] == "DELETING"
    wait_for(
        lambda: True if not rekognition.describe_projects(ProjectNames=["expendable"])["ProjectDescriptions"] else None,
        what="project",
        most=20,
    )

"""Operations beyond the first flow: entries changed and distributed, external manifests, copies, policies."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import BUCKET, Service, connect

from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.manifests.lines import entry_line


def refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def line(name: str, *labels: str, folder: str = "ops") -> bytes:
    return entry_line(f"s3://{BUCKET}/{folder}/{name}.jpg", labels)


def settled(service: Service, arn: str) -> dict[str, Any]:
    def look() -> Any:
        described = service.rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        return None if described["Status"].endswith("IN_PROGRESS") else described

    description: dict[str, Any] = wait_for(look, what="dataset", most=20)
    return description


def trained(service: Service, project: str, name: str) -> dict[str, Any]:
    def look() -> Any:
        (description,) = service.rekognition.describe_project_versions(ProjectArn=project, VersionNames=[name])[
            "ProjectVersionDescriptions"
        ]
        return None if description["Status"].endswith("IN_PROGRESS") else description

    description: dict[str, Any] = wait_for(look, what="version", most=60)
    return description


def project(service: Service, name: str) -> str:
    return service.rekognition.create_project(ProjectName=name)["ProjectArn"]


def dataset(service: Service, project_arn: str, kind: str, lines: bytes = b"") -> str:
    arn = service.rekognition.create_dataset(ProjectArn=project_arn, DatasetType=kind)["DatasetArn"]  # type: ignore[arg-type]
    settled(service, arn)
    if lines:
        service.rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": lines})
        assert settled(service, arn)["Status"] == "UPDATE_COMPLETE"
    return arn


def entries(service: Service, arn: str) -> dict[str, list[str]]:
    """The labels of each image of a dataset."""
    pages = service.rekognition.get_paginator("list_dataset_entries").paginate(DatasetArn=arn, MaxResults=7)
    values = [json.loads(entry) for page in pages for entry in page["DatasetEntries"]]
    return {
        value["source-ref"].rpartition("/")[2].removesuffix(".jpg"): [
            value[name]["class-name"] for name in value if name.startswith("label_") and name.endswith("-metadata")
        ]
        for value in values
    }


def test_an_update_adds_and_replaces_by_image_and_the_same_again_changes_nothing(service: Service) -> None:
    arn = dataset(service, project(service, "update"), "TRAIN")
    assert settled(service, arn)["DatasetStats"]["TotalEntries"] == 0
    many = [line(f"{number}", "ok") for number in range(9)]
    changes = b"".join([line("a", "crack"), line("b", "ok"), b"garbage\n", line("b", "crack"), *many])
    for _ in range(2):
        service.rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": changes})
        described = settled(service, arn)
        assert (described["Status"], described["StatusMessageCode"]) == ("UPDATE_COMPLETE", "SUCCESS")
        assert described["DatasetStats"] == {
            "LabeledEntries": 11, "TotalEntries": 11, "TotalLabels": 2, "ErrorEntries": 0,
        }  # fmt: skip
    service.rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": line("a")})
    settled(service, arn)
    labels_of = entries(service, arn)
    assert list(labels_of)[:2] == ["a", "b"]
    assert (labels_of["a"], labels_of["b"]) == ([], ["crack"])


def test_a_dataset_that_is_being_updated_takes_no_other_change(tmp_path: Path) -> None:
    slow = connect(tmp_path / "state", pace=address.Pace(scale=1000.0))
    try:
        made = slow.rekognition.create_project(ProjectName="slow")["ProjectArn"]
        address.advance(slow.state, 3600)
        arn = slow.rekognition.create_dataset(ProjectArn=made, DatasetType="TRAIN")["DatasetArn"]
        address.advance(slow.state, 3600)
        update, changes = slow.rekognition.update_dataset_entries, {"GroundTruth": line("a", "ok")}
        update(DatasetArn=arn, Changes=changes)
        assert refused(update, DatasetArn=arn, Changes=changes) == "ResourceInUseException"
    finally:
        address.stop(slow.state)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (entry_line("s3://elsewhere/x.jpg", ("ok",)), "The manifest file contains images from multiple S3 buckets."),
        (b"no json\n", "The manifest file extension or contents are invalid."),
    ],
)
def test_an_update_that_fails_keeps_what_there_was(service: Service, changes: bytes, says: str) -> None:
    arn = dataset(service, project(service, f"failing-{len(changes)}"), "TRAIN", line("a", "ok"))
    service.rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": changes})
    described = settled(service, arn)
    assert (described["Status"], described["StatusMessage"]) == ("UPDATE_FAILED", says)
    assert described["StatusMessageCode"] == "CLIENT_ERROR"
    assert entries(service, arn) == {"a": ["ok"]}
    service.rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": line("b", "ok")})
    assert settled(service, arn)["Status"] == "UPDATE_COMPLETE"


def test_a_fifth_is_distributed_with_labels_in_balance(service: Service) -> None:
    arn = project(service, "distribute")
    lines = [line(f"{label}-{n}", label) for label, count in (("a", 20), ("b", 10), ("c", 2)) for n in range(count)]
    lines += [line(f"both-{n}", "a", "b") for n in range(5)]
    train, test = dataset(service, arn, "TRAIN", b"".join(lines)), dataset(service, arn, "TEST")
    service.rekognition.distribute_dataset_entries(Datasets=[{"Arn": test}, {"Arn": train}])
    assert (settled(service, train)["Status"], settled(service, test)["Status"]) == ("UPDATE_COMPLETE",) * 2
    left, moved = entries(service, train), entries(service, test)
    assert left.keys().isdisjoint(moved)
    assert len(left) + len(moved) == len(lines)
    counts = {label: sum(label in labels for labels in moved.values()) for label in "abc"}
    assert counts["c"] == 1
    assert 4 <= counts["a"] <= 6
    assert 2 <= counts["b"] <= 4
    call = service.rekognition.distribute_dataset_entries
    assert refused(call, Datasets=[{"Arn": train}, {"Arn": test}]) == "InvalidParameterException"
    assert refused(call, Datasets=[{"Arn": train}, {"Arn": train}]) == "InvalidParameterException"


def test_too_few_images_cannot_be_distributed(service: Service) -> None:
    arn = project(service, "too-few")
    train = dataset(service, arn, "TRAIN", line("a", "a") + line("b", "b") + line("c", "b"))
    test = dataset(service, arn, "TEST")
    service.rekognition.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    described = settled(service, train)
    assert described["Status"] == "UPDATE_FAILED"
    assert "enough labeled images to distribute" in described["StatusMessage"]
    assert len(entries(service, train)) == 3


@pytest.fixture(scope="module")
def uploaded(service: Service, images: Path) -> str:
    """Key of a manifest of twenty images, ten a label."""
    lines = []
    for path in sorted(images.rglob("*.jpg")):
        name = f"{path.parent.name}-{path.stem}"
        service.s3.upload_file(str(path), BUCKET, f"external/{name}.jpg")
        lines.append(line(name, path.parent.name, folder="external"))
    service.s3.put_object(Bucket=BUCKET, Key="external/all.manifest", Body=b"".join(lines))
    service.s3.put_object(Bucket=BUCKET, Key="external/few.manifest", Body=b"".join(lines[::5]))
    return "external/all.manifest"


def asset(key: str) -> dict[str, Any]:
    return {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": key}}}


@pytest.mark.parametrize("auto", [True, False])
def test_a_version_is_trained_on_manifests_of_its_own(service: Service, uploaded: str, auto: bool) -> None:
    arn = project(service, f"external-{auto}")
    training: dict[str, Any] = {"Assets": [asset(uploaded)]}
    testing: dict[str, Any] = {"AutoCreate": True} if auto else {"Assets": [asset("external/few.manifest")]}
    service.rekognition.create_project_version(
        ProjectArn=arn,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": f"external/{auto}"},
        TrainingData=training,
        TestingData=testing,
    )
    version = trained(service, arn, "v1")
    assert version["Status"] == "TRAINING_COMPLETED", version
    assert version["TrainingDataResult"]["Input"] == training
    assert version["TestingDataResult"]["Input"] == testing
    statistics = json.loads(read(service, version["ManifestSummary"]["S3Object"]))["statistics"]
    assert [statistics[part]["valid_json_lines"] for part in ("training", "testing")] == ([16, 4] if auto else [20, 4])
    for part in ("TrainingDataResult", "TestingDataResult"):
        for file in ("Output", "Validation"):
            (only,) = version[part][file]["Assets"]
            assert read(service, only["GroundTruthManifest"]["S3Object"]).count(b"\n") in (4, 16, 20)


def read(service: Service, s3_object: Any) -> bytes:
    return service.s3.get_object(Bucket=s3_object["Bucket"], Key=s3_object["Name"])["Body"].read()


def test_both_ways_of_training_are_not_mixed(service: Service, uploaded: str) -> None:
    arn = project(service, "mixed")
    call = service.rekognition.create_project_version
    shared: dict[str, Any] = {
        "ProjectArn": arn,
        "VersionName": "v",
        "OutputConfig": {"S3Bucket": BUCKET, "S3KeyPrefix": "x"},
    }
    training = {"Assets": [asset(uploaded)]}
    assert refused(call, **shared) == "InvalidParameterException"
    assert refused(call, **shared, TrainingData=training) == "InvalidParameterException"
    assert refused(call, **shared, TrainingData=training, TestingData={}) == "InvalidParameterException"
    both = {**training, "AutoCreate": True}
    assert refused(call, **shared, TrainingData=training, TestingData=both) == "InvalidParameterException"
    dataset(service, arn, "TRAIN")
    auto = {"AutoCreate": True}
    assert refused(call, **shared, TrainingData=training, TestingData=auto) == "InvalidParameterException"


def test_a_training_that_fails_on_its_manifest_tells_where(service: Service, uploaded: str) -> None:
    arn = project(service, "faulty")
    body = b"".join(line(f"absent-{n}", "across" if n % 2 else "down", folder="external") for n in range(8))
    service.s3.put_object(Bucket=BUCKET, Key="external/absent.manifest", Body=body)
    service.rekognition.create_project_version(
        ProjectArn=arn,
        VersionName="v1",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "external/faulty"},
        TrainingData={"Assets": [asset("external/absent.manifest")]},
        TestingData={"Assets": [asset(uploaded)]},
    )
    version = trained(service, arn, "v1")
    assert version["Status"] == "TRAINING_FAILED"
    assert version["StatusMessage"] == "The manifest file contains too many invalid rows."
    assert "EvaluationResult" not in version
    summary = json.loads(read(service, version["ManifestSummary"]["S3Object"]))
    assert summary["statistics"]["training"]["error_json_line_indices"] == list(range(1, 9))
    (only,) = version["TrainingDataResult"]["Validation"]["Assets"]
    first = json.loads(read(service, only["GroundTruthManifest"]["S3Object"]).splitlines()[0])
    assert first["errors"][0]["code"] == "ERROR_INVALID_IMAGE"


def test_a_trained_version_is_copied_and_runs_there(service: Service, uploaded: str) -> None:
    source, target = project(service, "source"), project(service, "target")
    output: Any = {"S3Bucket": BUCKET, "S3KeyPrefix": "external/copy"}
    version = service.rekognition.create_project_version(
        ProjectArn=source,
        VersionName="v1",
        OutputConfig=output,
        TrainingData={"Assets": [asset(uploaded)]},
        TestingData={"AutoCreate": True},
    )["ProjectVersionArn"]
    call = service.rekognition.copy_project_version
    given: dict[str, Any] = {
        "SourceProjectArn": source,
        "SourceProjectVersionArn": version,
        "DestinationProjectArn": target,
        "VersionName": "copied",
        "OutputConfig": output,
    }
    assert refused(call, **given) == "InvalidParameterException"
    before = trained(service, source, "v1")
    copied = call(**given)["ProjectVersionArn"]
    assert ":project/target/version/copied/" in copied
    assert refused(call, **given) == "ResourceInUseException"
    copy = trained(service, target, "copied")
    assert (copy["Status"], copy["SourceProjectVersionArn"]) == ("COPYING_COMPLETED", version)
    assert copy["EvaluationResult"]["F1Score"] == before["EvaluationResult"]["F1Score"]
    assert (
        copy["EvaluationResult"]["Summary"]["S3Object"]["Name"]
        != before["EvaluationResult"]["Summary"]["S3Object"]["Name"]
    )
    assert read(service, copy["EvaluationResult"]["Summary"]["S3Object"])
    service.rekognition.start_project_version(ProjectVersionArn=copied, MinInferenceUnits=1)
    service.rekognition.get_waiter("project_version_running").wait(
        ProjectArn=target, VersionNames=["copied"], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    key = "external/across-000.jpg"
    answer = service.rekognition.detect_custom_labels(
        ProjectVersionArn=copied, Image={"S3Object": {"Bucket": BUCKET, "Name": key}}
    )
    assert "across" in [label["Name"] for label in answer["CustomLabels"]]
    service.rekognition.stop_project_version(ProjectVersionArn=copied)


POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "111122223333"},
        "Action": "rekognition:CopyProjectVersion",
        "Resource": "arn:aws:rekognition:us-east-1:111122223333:project/x/version/*",
    },
}


def test_policies_are_put_by_revision_listed_and_deleted(service: Service) -> None:
    arn = project(service, "policies")
    rekognition, document = service.rekognition, json.dumps(POLICY)
    put = rekognition.put_project_policy
    first = put(ProjectArn=arn, PolicyName="p", PolicyDocument=document)["PolicyRevisionId"]
    assert refused(put, ProjectArn=arn, PolicyName="p", PolicyDocument=document) == "ResourceAlreadyExistsException"
    second = put(ProjectArn=arn, PolicyName="p", PolicyDocument=document, PolicyRevisionId=first)["PolicyRevisionId"]
    stale = {"ProjectArn": arn, "PolicyName": "p", "PolicyRevisionId": first}
    assert refused(put, **stale, PolicyDocument=document) == "InvalidPolicyRevisionIdException"
    assert refused(rekognition.delete_project_policy, **stale) == "InvalidPolicyRevisionIdException"
    for number in range(4):
        put(ProjectArn=arn, PolicyName=f"p{number}", PolicyDocument=document)
    assert refused(put, ProjectArn=arn, PolicyName="p9", PolicyDocument=document) == "LimitExceededException"
    pages = rekognition.get_paginator("list_project_policies").paginate(ProjectArn=arn, MaxResults=2)
    listed = [policy for page in pages for policy in page["ProjectPolicies"]]
    assert [policy["PolicyName"] for policy in listed] == ["p", "p0", "p1", "p2", "p3"]
    assert (listed[0]["PolicyRevisionId"], listed[0]["PolicyDocument"]) == (second, document)
    rekognition.delete_project_policy(ProjectArn=arn, PolicyName="p", PolicyRevisionId=second)
    gone = {"ProjectArn": arn, "PolicyName": "p"}
    assert refused(rekognition.delete_project_policy, **gone) == "ResourceNotFoundException"
    rekognition.delete_project(ProjectArn=arn)


@pytest.mark.parametrize(
    "change",
    [
        {"Action": "rekognition:*"},
        {"Resource": "*"},
        {"Principal": None},
        {"NotAction": "x"},
        {"Effect": "Maybe"},
    ],
)
def test_a_policy_that_says_anything_else_is_malformed(service: Service, change: dict[str, Any]) -> None:
    projects = service.rekognition.describe_projects(ProjectNames=["malformed"])["ProjectDescriptions"]
    arn = projects[0]["ProjectArn"] if projects else project(service, "malformed")
    document = json.dumps({**POLICY, "Statement": [{**POLICY["Statement"], **change}]})  # type: ignore[dict-item]
    assert (
        refused(service.rekognition.put_project_policy, ProjectArn=arn, PolicyName="p", PolicyDocument=document)
        == "MalformedPolicyDocumentException"
    )

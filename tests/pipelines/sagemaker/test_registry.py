"""Model packages beside the champion, on the local service."""

import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.local_services import BUCKET, Service, client

from customlabels.pipelines.evaluation.summary import Evaluation
from customlabels.pipelines.sagemaker import registry
from customlabels.pipelines.service import champion

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/{}/version/{}/1700000000000"


class Group:
    """A model package group of its own, and what is done to it; `project` is also the group's name."""

    def __init__(self, service: Service, project: str) -> None:
        self.project = project
        self.s3 = service.s3
        self.sagemaker, self.ssm = client(service, "sagemaker"), client(service, "ssm")

    def arn(self, version: str) -> str:
        return ARN.format(self.project, version)

    def register(self, version: str, digests: dict[str, str] | None = None, **more: Any) -> str:
        found: Any = {
            "ProjectVersionArn": self.arn(version),
            "OutputConfig": {"S3Bucket": BUCKET, "S3KeyPrefix": f"out/{self.project}"},
            "KmsKeyId": "alias/models",
        }
        evaluation = Evaluation(version, 20, 5, 0.8, 0.7, 0.75, ())
        return registry.register(self.sagemaker, self.s3, self.project, found, evaluation, digests or {}, **more)

    def follow(self, version: str, why: str = "", left: str | None = None) -> list[str]:
        package = self.register(version)
        gone = self.arn(left) if left else None
        return registry.follow(self.sagemaker, self.project, package, version, why, gone)

    def promote(self, version: str) -> None:
        champion.promote(self.ssm, self.project, champion.Promotion(version, self.arn(version)))

    @property
    def champion(self) -> str | None:
        found = champion.current(self.ssm, self.project)
        return found.version if found else None

    @property
    def packages(self) -> dict[str, tuple[str, str]]:
        """Status and reason by version, the package that was made first first."""
        listed = self.sagemaker.list_model_packages(ModelPackageGroupName=self.project, SortOrder="Ascending")
        found = [
            self.sagemaker.describe_model_package(ModelPackageName=one["ModelPackageArn"])
            for one in listed["ModelPackageSummaryList"]
        ]
        return {
            one["CustomerMetadataProperties"]["version"]: (
                one["ModelApprovalStatus"],
                one.get("ApprovalDescription", ""),
            )
            for one in found
        }


@pytest.fixture
def group(service: Service, request: pytest.FixtureRequest) -> Group:
    return Group(service, f"g{zlib.crc32(request.node.name.encode())}")


def test_a_version_is_registered_once_with_its_figures_and_digests(group: Group) -> None:
    package = group.register("v1", {"train": "aa", "test": "bb"}, execution="arn:of/it")
    assert group.register("v1") == package
    about = group.sagemaker.describe_model_package(ModelPackageName=package)
    assert about["ModelApprovalStatus"] == "PendingManualApproval"
    assert about["CustomerMetadataProperties"] == {
        "project": group.project,
        "version": "v1",
        "version-arn": group.arn("v1"),
        "f1": "0.7500",
        "train-digest": "aa",
        "test-digest": "bb",
        "train-images": "20",
        "test-images": "5",
        "execution": "arn:of/it",
    }
    place = about["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"].removeprefix(f"s3://{BUCKET}/")
    assert place == f"out/{group.project}/model-quality-{group.project}-v1.json"
    written = group.s3.get_object(Bucket=BUCKET, Key=place)
    assert (written["ServerSideEncryption"], written["SSEKMSKeyId"]) == ("aws:kms", "alias/models")
    figures = json.loads(written["Body"].read())
    assert {name: one["value"] for name, one in figures["multiclass_classification_metrics"].items()} == {
        "f1": 0.75,
        "precision": 0.8,
        "recall": 0.7,
    }
    assert group.register("v1", approval=registry.APPROVED) == package
    assert group.packages["v1"][0] == "Approved"


def test_the_latest_approved_package_is_the_champion(group: Group) -> None:
    assert group.follow("v1", "first") == []
    group.register("v2")
    assert group.follow("v3", "better\nby far") == []
    assert group.packages == {
        "v1": ("Approved", "first"),
        "v2": ("PendingManualApproval", ""),
        "v3": ("Approved", "better by far"),
    }
    (rejected,) = group.follow("v1", "misses cracks", left="v3")
    assert rejected.endswith("/3")
    assert group.packages["v1"] == ("Approved", "first")
    assert group.packages["v3"] == ("Rejected", "v1 is the champion in its place: misses cracks")
    assert group.follow("v1") == []
    # Once more the champion, it is approved once more.
    group.follow("v3", "cracks were dust")
    assert group.packages["v3"] == ("Approved", "cracks were dust")
    # An older version is promoted, by no rollback.
    group.follow("v2")
    assert [status for status, _ in group.packages.values()] == ["Approved", "Approved", "Rejected"]


def test_what_was_gone_back_from_is_rejected_though_its_package_is_older(group: Group) -> None:
    group.follow("v2")
    group.follow("v1", left="v2")
    assert group.packages == {"v2": ("Rejected", "v1 is the champion in its place"), "v1": ("Approved", "")}


def test_approving_the_champion_changes_nothing(group: Group) -> None:
    group.promote("v1")
    group.follow("v1", "good")
    when = champion.history(group.ssm, group.project)
    assert registry.promote_approved(group.sagemaker, group.ssm, group.register("v1"), datetime.now(UTC)) == "v1"
    assert champion.history(group.ssm, group.project) == when


def test_an_approval_that_was_overtaken_promotes_nothing(group: Group) -> None:
    approved = datetime.now(UTC) - timedelta(minutes=5)
    package = group.register("v1", approval=registry.APPROVED)
    group.promote("v2")
    assert registry.promote_approved(group.sagemaker, group.ssm, package, approved) == ""
    assert group.champion == "v2"
    assert registry.promote_approved(group.sagemaker, group.ssm, package, datetime.now(UTC)) == "v1"
    assert group.champion == "v1"
    group.follow("v2", left="v1")
    assert registry.promote_approved(group.sagemaker, group.ssm, package, datetime.now(UTC)) == ""

"""Model packages beside the champion, on the local service."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.local_services import BUCKET, Service, client
from support.serving import answering

from customlabels.aws.clients import Clients, Connection
from customlabels.core.errors import SettingsError
from customlabels.core.settings import NotifySettings
from customlabels.core.watching import Callbacks
from customlabels.pipelines.evaluation.evaluation_summary import Evaluation
from customlabels.pipelines.following import Following
from customlabels.pipelines.model_alias import rest_follower
from customlabels.pipelines.sagemaker import registry
from customlabels.pipelines.service import champion

NOBODY = Following(NotifySettings())
ARN = "arn:aws:rekognition:us-east-1:123456789012:project/{}/version/{}/1700000000000"


class Group:
    """A model package group of its own, and what is done to it; `project` is also the group's name."""

    def __init__(self, service: Service, project: str) -> None:
        self.project = project
        self.s3 = service.s3
        self.clients = Clients(Connection(region="us-east-1", endpoint_url=service.endpoint_url, local_key=service.key))
        self.warnings: list[str] = []
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

    def approve(self, package: str, when: datetime, following: Following = NOBODY) -> str:
        watch = Callbacks(lambda title, done, total: None, self.warnings.append)
        return registry.promote_approved(self.clients, following, watch, package, when)

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
    assert group.approve(group.register("v1"), datetime.now(UTC)) == "v1"
    assert champion.history(group.ssm, group.project) == when


def test_an_approval_that_was_overtaken_promotes_nothing(group: Group) -> None:
    approved = datetime.now(UTC) - timedelta(minutes=5)
    package = group.register("v1", approval=registry.APPROVED)
    group.promote("v2")
    assert group.approve(package, approved) == ""
    assert group.champion == "v2"
    assert group.approve(package, datetime.now(UTC)) == "v1"
    assert group.champion == "v1"
    group.follow("v2", left="v1")
    assert group.approve(package, datetime.now(UTC)) == ""


def test_an_approval_is_told_of_and_moves_the_alias_as_a_promotion_by_command(group: Group, service: Service) -> None:
    sqs, sns = client(service, "sqs"), client(service, "sns")
    url = sqs.create_queue(QueueName=f"{group.project}-told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name=f"{group.project}-models")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    package = group.register("v1", approval=registry.APPROVED)
    with mlflow_like({group.arn("v1"): "7"}) as (uri, calls):
        following = Following(NotifySettings(topic=topic), (rest_follower(uri),))
        assert group.approve(package, datetime.now(UTC), following) == "v1"
    assert calls == [("POST", {"name": group.project, "alias": "champion", "version": "7"})]
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert json.loads(json.loads(message["Body"])["Message"])["event"] == "Version promoted"
    assert group.warnings == []


def test_an_alias_of_a_version_that_is_not_logged_is_taken_away_and_said(group: Group) -> None:
    package = group.register("v1", approval=registry.APPROVED)
    with mlflow_like({}) as (uri, calls):
        assert group.approve(package, datetime.now(UTC), Following(NotifySettings(), (rest_follower(uri),))) == "v1"
    assert [method for method, _ in calls] == ["DELETE"]
    assert "v1 is not logged on the tracking server" in group.warnings[0]
    assert group.approve(package, datetime.now(UTC), Following(NotifySettings(), (rest_follower(uri),))) == "v1"
    assert "the tracking server does not know of the champion" in group.warnings[1]


@pytest.mark.parametrize("uri", ["https://me:secret@mlflow.example.com", "databricks", "file:///tmp/x", ""])
def test_a_function_calls_no_server_with_a_login_in_its_address(uri: str) -> None:
    with pytest.raises(SettingsError) as refused:
        rest_follower(uri)
    assert "secret" not in refused.value.message


@contextmanager
def mlflow_like(logged: dict[str, str]) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """A server that knows model versions by the ARN in their tag; its address, and what was changed on it."""
    calls: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = parse_qs(urlsplit(self.path).query)["filter"][0]
            self.answer({"model_versions": [{"version": number} for arn, number in logged.items() if arn in wanted]})

        def do_POST(self) -> None:
            calls.append(("POST", json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.answer({})

        def do_DELETE(self) -> None:
            calls.append(("DELETE", None))
            self.answer({})

        def answer(self, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with answering(server):
        yield f"http://127.0.0.1:{server.server_port}", calls

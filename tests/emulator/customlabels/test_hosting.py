"""Models that are up: their rate, their scaling, what they are billed for, and the clock that moves them."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.local_services import BUCKET, Service, begin_training, client, connect

from customlabels.core.errors import ServiceError, SettingsError
from customlabels.core.spans import parse_span
from customlabels.core.waiting import wait_for
from customlabels.emulator.cloudwatch import datapoints
from customlabels.emulator.cloudwatch.service_metrics import Metrics
from customlabels.emulator.customlabels.state import Status, Usage, Version
from customlabels.emulator.customlabels.versions import START_TAG
from customlabels.emulator.server import address
from customlabels.pipelines.service import hosting
from customlabels.scheduler.usage import unit_hours


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Any:
    """A service of its own with a trained version: (service, project's ARN, version's ARN)."""
    service = connect(tmp_path_factory.mktemp("hosting"), pace=address.Pace(scale=0.05, rate=1.0))
    project, version = begin_training(service, "hosted", images)
    service.rekognition.get_waiter("project_version_training_completed").wait(
        ProjectArn=project, VersionNames=["v1"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    yield service, project, version
    address.stop(service.state)


def asked(service: Service, version: str, times: int) -> list[str]:
    """What each of many requests at once is answered with: a code, or nothing."""
    image: Any = {"S3Object": {"Bucket": BUCKET, "Name": "across-000.jpg"}}

    def ask(_: int) -> str:
        try:
            service.rekognition.detect_custom_labels(ProjectVersionArn=version, Image=image)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, range(times)))


def test_above_the_rate_of_its_units_a_model_refuses(model: Any) -> None:
    service, _, version = model
    hosting.start(service.rekognition, version, units=1)
    codes = asked(service, version, 30)
    assert set(codes) == {"", "ProvisionedThroughputExceededException"}
    assert 1 <= codes.count("") < 30
    metrics = client(service, "cloudwatch").list_metrics(Namespace="AWS/Rekognition")["Metrics"]
    assert "ThrottledCount" in {metric["MetricName"] for metric in metrics}
    hosting.stop(service.rekognition, version)


def test_hours_of_units_are_billed_while_it_is_up_and_not_after(model: Any) -> None:
    service, _, version = model
    cloudwatch = client(service, "cloudwatch")

    def hours() -> float:
        now = datetime.fromtimestamp(address.advance(service.state, 0), UTC)
        return unit_hours(cloudwatch, "hosted", ["v1"], start=now - timedelta(days=3), end=now)["v1"]

    before = hours()
    hosting.start(service.rekognition, version, units=2)
    address.advance(service.state, 3 * 3600)
    assert hours() - before == pytest.approx(6, abs=0.1)
    hosting.stop(service.rekognition, version)
    address.advance(service.state, 5 * 3600)
    assert hours() - before == pytest.approx(6, abs=0.2)
    metrics = cloudwatch.list_metrics(Namespace="AWS/Rekognition")["Metrics"]
    names = {metric["MetricName"] for metric in metrics}
    assert {"InServiceInferenceUnits", "SuccessfulRequestCount", "ResponseTime"} <= names


def test_more_units_come_with_demand_up_to_what_was_allowed(model: Any) -> None:
    service, _, version = model
    hosting.start(service.rekognition, version, units=1, max_units=3)
    until = time.monotonic() + 6
    while time.monotonic() < until:
        asked(service, version, 20)
    cloudwatch = client(service, "cloudwatch")
    address.advance(service.state, 3600)
    now = datetime.fromtimestamp(address.advance(service.state, 0), UTC)
    (point,) = cloudwatch.get_metric_statistics(
        Namespace="AWS/Rekognition",
        MetricName="InServiceInferenceUnits",
        Dimensions=[{"Name": "ProjectName", "Value": "hosted"}, {"Name": "VersionName", "Value": "v1"}],
        StartTime=now - timedelta(minutes=30),
        EndTime=now,
        Period=3600,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert 1 < point["Maximum"] <= 3
    hosting.stop(service.rekognition, version)


def test_what_a_deleted_version_was_up_for_stays_shown(model: Any) -> None:
    service, project, version = model
    cloudwatch = client(service, "cloudwatch")
    copy = service.rekognition.copy_project_version(
        SourceProjectArn=project,
        SourceProjectVersionArn=version,
        DestinationProjectArn=project,
        VersionName="copy",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "copy"},
    )["ProjectVersionArn"]
    wait_for(lambda: status(service, project, "copy") == "COPYING_COMPLETED" or None, what="the copy", most=30)
    hosting.start(service.rekognition, copy, units=1)
    assert described(service, project, "copy")["StatusMessage"] == "The model is running."
    address.advance(service.state, 3600)
    hosting.stop(service.rekognition, copy)
    service.rekognition.delete_project_version(ProjectVersionArn=copy)
    address.advance(service.state, 3600)
    now = datetime.fromtimestamp(address.advance(service.state, 0), UTC)
    used = unit_hours(cloudwatch, "hosted", ["copy"], start=now - timedelta(days=1), end=now)
    assert used["copy"] == pytest.approx(1, abs=0.1)


def test_a_tag_has_starts_fail_or_take_long(model: Any) -> None:
    service, project, version = model
    rekognition, cloudwatch = service.rekognition, client(service, "cloudwatch")

    def start(tag: str) -> None:
        rekognition.tag_resource(ResourceArn=version, Tags={START_TAG: tag})
        rekognition.start_project_version(ProjectVersionArn=version, MinInferenceUnits=5)

    def units() -> float:
        now = datetime.fromtimestamp(address.advance(service.state, 0), UTC)
        return unit_hours(cloudwatch, "hosted", ["v1"], start=now - timedelta(hours=2), end=now)["v1"]

    address.advance(service.state, 3 * 3600)
    start("fail")
    assert status(service, project, "v1") == "STARTING"
    address.advance(service.state, 1800)
    assert status(service, project, "v1") == "FAILED"
    assert "could not be started" in described(service, project, "v1")["StatusMessage"]
    assert units() == 0
    start("40m")
    address.advance(service.state, 39 * 60)
    assert status(service, project, "v1") == "STARTING"
    address.advance(service.state, 120)
    assert status(service, project, "v1") == "RUNNING"
    hosting.stop(rekognition, version)
    with pytest.raises(ClientError, match="neither fail nor a span"):
        start("soon")
    rekognition.untag_resource(ResourceArn=version, TagKeys=[START_TAG])
    hosting.start(rekognition, version, units=1)
    hosting.stop(rekognition, version)


def test_what_was_up_weeks_ago_is_shown_after_a_restart() -> None:
    day, now = 86400.0, 70 * 86400.0
    usage = (Usage(20 * day, 2), Usage(20 * day + 3 * 3600, 3), Usage(21 * day, 0), Usage(now - 3630, 1))
    version = Version("", "", "v1", 0.0, Status("RUNNING"), "", "", usage=usage)
    Metrics().publish("eu-west-2", [("old", version)], now)
    of = [("ProjectName", "old"), ("VersionName", "v1")]
    data = datapoints.of("eu-west-2", "AWS/Rekognition", "InServiceInferenceUnits", of)
    # A datapoint for five minutes where they are long gone, one a minute where they are not.
    assert len(data) == 24 * 12 + 61
    sums = [datum.value if hasattr(datum, "value") else datum.sum for datum in data]
    assert sum(sums[: 24 * 12]) / 60 == 3 * 2 + 21 * 3
    assert sums[24 * 12 : 24 * 12 + 2] == [0.5, 1.0]


def described(service: Service, project: str, name: str) -> Any:
    (version,) = service.rekognition.describe_project_versions(ProjectArn=project, VersionNames=[name])[
        "ProjectVersionDescriptions"
    ]
    return version


def status(service: Service, project: str, name: str) -> str:
    return str(described(service, project, name)["Status"])


def test_an_answer_is_dated_by_the_services_clock(tmp_path: Path) -> None:
    service = connect(tmp_path / "state", pace=address.FAST)
    try:
        address.advance(service.state, 86400)
        now = datetime.fromtimestamp(address.advance(service.state, 0), UTC)
        bare: Any = client(service, "iam").list_roles()
        for answer in (bare, service.s3.list_buckets(), service.rekognition.describe_projects()):
            dated = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
            assert abs(dated - now) < timedelta(seconds=30)
    finally:
        address.stop(service.state)


def test_the_clock_moves_states_on_and_keeps_what_it_was_moved_by(tmp_path: Path) -> None:
    service = connect(tmp_path / "state", pace=address.Pace(scale=1000.0))
    try:
        project = service.rekognition.create_project(ProjectName="slow")["ProjectArn"]

        def status() -> str:
            return service.rekognition.describe_projects()["ProjectDescriptions"][0]["Status"]

        assert status() == "CREATING"
        address.advance(service.state, 3600)
        assert status() == "CREATED"
        address.stop(service.state)
        service = connect(tmp_path / "state", pace=address.Pace(scale=1000.0))
        again = service.rekognition.create_project(ProjectName="later")["ProjectArn"]
        assert int(again.rpartition("/")[2]) - int(project.rpartition("/")[2]) >= 3_600_000
        with pytest.raises(ServiceError, match="did not move"):
            address.advance(service.state, -5)
    finally:
        address.stop(service.state)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("25m", 1500), ("8h", 28800), ("1h30m", 5400), ("1.5 d", 129600), ("1w", 604800)]
)
def test_spans_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_span(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "8", "h", "8x", "-3h", "3h ago", "9" * 400 + "w"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no time span"):
        parse_span(text)

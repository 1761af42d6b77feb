"""An inspection as a person has it: refused with a sentence, deployed, fed, read, put back and removed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.drawing import draw
from support.inspected import make_table, told_queue
from support.interception import Call, Spoiled, intercepted
from support.local_services import QUICK, Service, client
from support.policies import allowed, needed
from support.production import Seeing, write_production
from support.shells import Shell
from support.uptime_stack import serviced
from support.videos import film

from customlabels.aws import kinesis_video
from customlabels.core.errors import CustomLabelsError
from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.inspection.claims import Table
from customlabels.session import Session

SETTINGS = """
[project]
name = "surface"
bucket = "customlabels-local"
[schedule]
time_zone = "UTC"
[[schedule.window]]
days = "daily"
start = "00:00"
stop = "00:00"
[inspection]
source = "s3://line-1/in/"
defects = ["across"]
on_defect = "tag"
[detect]
rate = 100
"""
WITHOUT_WINDOWS = """
[schedule]
time_zone = "Europe/Berlin"
[inspection]
source = "s3://line-1/in/"
defects = ["across"]
"""
STACK = "customlabels-surface-inspection-c6a10b"
OTHERS = {
    "QueueConfigurations": [
        {
            "Id": "theirs",
            "QueueArn": "arn:aws:sqs:us-east-1:123456789012:theirs",
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "reports/"}]}},
        }
    ],
    "EventBridgeConfiguration": {},
}


def bring_up(shell: Shell) -> None:
    """Has a schedule, and its champion running."""
    shell.run("--local", "versions", "promote", "v1", "--force")
    shell.run("--local", "schedule", "deploy", "--yes")
    shell.run("--local", "model", "start", "v1", "--yes")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, Service]]:
    folder = tmp_path_factory.mktemp("line")
    with serviced(folder, QUICK, SETTINGS) as (shell, service):
        draw(folder / "photos", {"across": 6, "down": 6})
        service.s3.create_bucket(Bucket="line-1")
        told_queue(service, "theirs")
        service.s3.put_bucket_notification_configuration(Bucket="line-1", NotificationConfiguration=OTHERS)  # type: ignore[arg-type]
        shell.run("--local", "train", "photos", "--version-name", "v1")
        yield shell, service


def refusal(shell: Shell) -> CustomLabelsError:
    """What is said against the inspection of the settings."""
    with pytest.raises(CustomLabelsError) as raised:
        Session(local=True, config=shell.folder / "customlabels.toml").inspection_stack()
    return raised.value


def refusal_of_s3(shell: Shell, service: Service, looks: int) -> CustomLabelsError:
    """What is said where S3 lets the bucket be looked at so many times, and answers with 403 from then on."""
    asked = count()

    def spoil(call: Call) -> Spoiled | None:
        return Spoiled(403) if call.what == "HEAD /line-1" and next(asked) >= looks else None

    signed = {"AWS_ACCESS_KEY_ID": service.key, "AWS_SECRET_ACCESS_KEY": "any"}
    with intercepted(service.endpoint_url, spoil) as endpoint, pytest.MonkeyPatch.context() as patch:
        for name, value in signed.items():
            patch.setenv(name, value)
        session = Session(
            endpoint_url=endpoint, region="us-east-1", local=False, config=shell.folder / "customlabels.toml"
        )
        with pytest.raises(CustomLabelsError) as raised:
            session.inspection_stack()
    return raised.value


def a_version_that_failed(service: Service, project: str) -> str:
    """The ARN of a version of the project, whose name is in its ARN, that could not be trained."""
    rekognition, name = service.rekognition, project.rpartition("/")[2]
    (described,) = rekognition.describe_projects(ProjectNames=[name])["ProjectDescriptions"]
    arn = described["ProjectArn"]
    answer = rekognition.create_project_version(
        ProjectArn=arn, VersionName="bad", OutputConfig={"S3Bucket": "nobodys-bucket", "S3KeyPrefix": "x"}
    )

    def ended() -> bool | None:
        described = rekognition.describe_project_versions(ProjectArn=arn, VersionNames=["bad"])
        statuses = [version["Status"] for version in described["ProjectVersionDescriptions"]]
        return True if statuses == ["TRAINING_FAILED"] else None

    wait_for(ended, what="the training", most=60)
    return answer["ProjectVersionArn"]


def settings(shell: Shell, old: str, new: str) -> None:
    (shell.folder / "customlabels.toml").write_text(SETTINGS.replace(old, new))


@pytest.mark.around
def test_what_keeps_images_from_being_inspected_is_a_sentence_and_nothing_is_made(made: tuple[Shell, Service]) -> None:
    shell, service = made
    assert "has no champion that could inspect" in refusal(shell).message
    shell.run("--local", "versions", "promote", "v1", "--force")
    assert "no schedule is deployed for surface" in refusal(shell).message
    shell.run("--local", "schedule", "deploy", "--yes")
    sqs, dynamodb = client(service, "sqs"), client(service, "dynamodb")
    url = sqs.create_queue(QueueName=f"{STACK}-arrivals")["QueueUrl"]
    assert f"queue {STACK}-arrivals exists already" in refusal(shell).message
    sqs.delete_queue(QueueUrl=url)
    dynamodb.create_table(
        TableName=f"{STACK}-results",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "customlabels:project", "Value": "another"}],
    )
    assert f"table {STACK}-results exists already, and is that of project another" in refusal(shell).message
    dynamodb.delete_table(TableName=f"{STACK}-results")
    memory = {"Name": "/customlabels/surface/uptime", "Type": "String", "Overwrite": True}
    client(service, "ssm").put_parameter(**memory, Value='{"lead": 300}')
    assert "the model takes 5:00:00 to start, so no image can be done within 4:00:00" in refusal(shell).message
    client(service, "ssm").delete_parameter(Name=memory["Name"])
    other = client(service, "s3", "eu-west-1")
    other.create_bucket(Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aside = '"tag"\nbatch_sources = ["s3://line-2/old/"]'
    cases = [
        ("line-1/in/", "line-2/in/", "inspection.source: bucket line-2 does not exist", 2),
        ("line-1/in/", "far-away/in/", "source: bucket far-away is in eu-west-1, the project in us-east-1", 2),
        ('"tag"', '"copy"\ndefects_to = "s3://far-away/x/"', "defects_to: bucket far-away is in eu-west-1", 2),
        ('"tag"', aside, "inspection.batch_sources: bucket line-2 does not exist", 2),
        ("line-1/in/", "line-1/", "tells queue arn:aws:sqs:us-east-1:123456789012:theirs of what arrives below", 1),
        ("line-1/in/", "line-1/reports/x/", "tells queue", 1),
        ('["across"]', '["aslant"]', "champion v1 knows no label aslant", 2),
        ('"tag"', '"copy"\ndefects_to = "s3://line-1/in/bad/"', "each copy would be inspected again", 2),
        ('defects = ["across"]', "", "names no label", 2),
        ("[inspection]", "[inspection]\nband = 50", "could never be a defect", 2),
        ("[inspection]", '[inspection]\ngolden = "gone"', "inspection.golden: ", 2),
    ]
    for old, new, sentence, code in cases:
        settings(shell, old, new)
        error = refusal(shell)
        assert (sentence in error.message, error.exit_code) == (True, code), (new, error.message)
    settings(shell, "", "")
    # A bucket that another account lets these credentials look at; and one that it does not.
    for looks, sentence in [(1, "belongs to another account than 123456789012"), (0, "may not be read with these")]:
        assert f"inspection.source: bucket line-1 {sentence}" in refusal_of_s3(shell, service, looks).message
    champion = {"Name": "/customlabels/surface/champion", "Type": "String", "Overwrite": True}
    ssm = client(service, "ssm")
    promoted = ssm.get_parameter(Name=champion["Name"])["Parameter"]["Value"]
    ssm.put_parameter(**champion, Value=promoted.replace("v1", "v0"))
    assert "v0" in refusal(shell).message
    failed = a_version_that_failed(service, json.loads(promoted)["arn"].partition("/version/")[0])
    ssm.put_parameter(**champion, Value=json.dumps({**json.loads(promoted), "version": "bad", "arn": failed}))
    assert "champion bad is TRAINING_FAILED, and cannot be started" in refusal(shell).message
    service.rekognition.delete_project_version(ProjectVersionArn=failed)
    ssm.put_parameter(**champion, Value=promoted)
    for word, sentence in [("status", "no inspection is deployed"), ("results", "has no results yet")]:
        assert sentence in shell.run("--local", "inspection", word, expect=1).stderr
    stacks = client(service, "cloudformation").list_stacks()["StackSummaries"]
    assert [stack["StackName"] for stack in stacks] == ["customlabels-surface"]


@pytest.mark.parametrize("demand", ["two-shift", "batches", "around-the-clock"])
def test_simulated_images_are_done_in_time_for_hardly_more_than_the_least_bill(demand: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    (tmp_path / "customlabels.toml").write_text(WITHOUT_WINDOWS)
    found = shell.json("inspection", "simulate", "--demand", demand, "--weeks", "1")
    assert found["late_a_week"] == 0
    assert found["longest_wait_minutes"] <= found["deadline_minutes"] == 240
    assert found["ratio"] <= 1.10
    assert found["model_dollars_a_week"] < found["always_on_dollars_a_week"]
    assert "--demand" in shell.run("inspection", "simulate", expect=2).stderr


def images(shell: Shell, label: str) -> list[Path]:
    return sorted((shell.folder / "photos" / label).iterdir())


def inspected(shell: Shell, count: int) -> list[dict[str, Any]]:
    """The results, once there are so many."""

    def look() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = shell.json("--local", "inspection", "results")
        return found if len(found) >= count else None

    return wait_for(look, what="results", most=60)


@pytest.mark.around
def test_from_deploying_to_removing(made: tuple[Shell, Service]) -> None:
    shell, service = made
    s3 = service.s3
    bring_up(shell)
    deployed = shell.run("-v", "--local", "inspection", "deploy", "--yes")
    permitted = allowed(shell, "inspection")
    assert needed(deployed.stderr) <= permitted
    assert "nothing to change" in shell.run("--local", "inspection", "deploy", "--yes").stdout
    assert shell.json("--local", "inspection", "diff")["same"]
    told = s3.get_bucket_notification_configuration(Bucket="line-1")
    assert [one["Id"] for one in told["QueueConfigurations"]] == ["theirs", STACK]
    assert "EventBridgeConfiguration" in told
    for path in [*images(shell, "across")[:2], *images(shell, "down")[:2]]:
        s3.put_object(Bucket="line-1", Key=f"in/{path.parent.name} {path.name}", Body=path.read_bytes())
    s3.put_object(Bucket="line-1", Key="in/notes.txt", Body=b"no image")
    found = inspected(shell, 5)
    assert sorted(row["verdict"] for row in found) == ["defect", "defect", "pass", "pass", "refused"]
    logged = [shell.run("-v", "--local", "inspection", word).stderr for word in ("status", "results", "retry", "diff")]
    assert set().union(*map(needed, logged)) <= permitted | allowed(shell, "inspection-results")
    # What is known needs no model, and what is not is shown to it once.
    paths = images(shell, "across")
    calls = shell.run("-v", "--local", "detect", str(paths[0]), "--results")
    assert "DetectCustomLabels" not in calls.stderr
    assert "across" in calls.stdout
    calls = shell.run("-v", "--local", "detect", "photos", "--results")
    assert calls.stderr.count("DetectCustomLabels") == len(paths) * 2 - 4
    assert "DetectCustomLabels" not in shell.run("-v", "--local", "detect", "photos", "--results").stderr
    csv = shell.folder / "found.csv"
    shell.run("--local", "inspection", "results", "--verdict", "defect", "--label", "across", "--to", str(csv))
    assert len(csv.read_text().splitlines()) == 3
    settings(shell, "[inspection]", "[inspection]\nthresholds = { across = 100 }")
    again = shell.json("--local", "inspection", "results", "--again")
    assert "defect" not in {row["verdict"] for row in again}
    settings(shell, "", "")
    removed = shell.run("-v", "--local", "inspection", "remove", "--yes")
    assert needed(removed.stderr) <= permitted
    assert f"the results are kept in table {STACK}-results" in removed.stdout
    kept = s3.get_bucket_notification_configuration(Bucket="line-1")
    assert [one["Id"] for one in kept["QueueConfigurations"]] == ["theirs"]
    assert len(shell.json("--local", "inspection", "results")) == 5
    shell.run("--local", "inspection", "deploy", "--yes")
    path = images(shell, "across")[0]
    s3.put_object(Bucket="line-1", Key="in/again.jpg", Body=path.read_bytes())
    assert len(inspected(shell, 6)) == 6
    shell.run("--local", "inspection", "remove", "--results", "--yes")
    assert client(service, "dynamodb").list_tables()["TableNames"] == []


@pytest.mark.around
def test_a_stream_writes_what_is_inspected_until_the_inspection_is_removed(made: tuple[Shell, Service]) -> None:
    shell, service = made
    bring_up(shell)
    streams = client(service, "kinesisvideo")
    old = 'source = "s3://line-1/in/"'
    settings(shell, old, 'source = "kvs:line-9"\nframes_to = "s3://line-1/seen/"')
    assert "stream line-9" in refusal(shell).message
    scenes = [cv2.imread(str(images(shell, label)[0])) for label in ("across", "down")]
    # An hour, since a stream plays from its creation on, however long the commands in between take.
    line = film(shell.folder / "line.avi", (scenes[number % 2] for number in range(600)), rate=1 / 6)
    service.s3.upload_file(str(line), "line-1", "films/line.avi")
    feed = {"customlabels-feed": "s3://line-1/films/line.avi"}
    streams.create_stream(StreamName="line-8", DataRetentionInHours=1, Tags=feed)
    streams.create_stream(StreamName="line-9", Tags=feed)
    assert "stream line-9 keeps nothing" in refusal(shell).message
    streams.delete_stream(StreamARN=kinesis_video.stream_arn(streams, "line-9"))
    streams.create_stream(StreamName="line-9", DataRetentionInHours=1, Tags=feed)
    elsewhere = kinesis_video.generation("s3://line-1/else/", "us-east-1", 5.0)
    kinesis_video.generate(streams, "line-9", elsewhere)
    assert "stream line-9 writes images to s3://line-1/else/ already" in refusal(shell).message
    kinesis_video.stop_generating(streams, "line-9", "s3://line-1/else/")
    differs = shell.run("--local", "inspection", "diff").stderr
    assert "stream line-9 would write an image each 3 s to s3://line-1/seen/" in differs
    deployed = shell.run("-v", "--local", "inspection", "deploy", "--yes")
    permitted = allowed(shell, "inspection")
    assert needed(deployed.stderr) <= permitted
    assert "stream line-9: an image each 3 s, 28,800 a day" in deployed.stdout
    assert "putKinesisVideoEventMetadata" in deployed.stderr
    assert "nothing to change" in shell.run("--local", "inspection", "deploy", "--yes").stdout
    address.advance(shell.state, 20)
    found = inspected(shell, 4)
    assert {row["verdict"] for row in found} == {"defect", "pass"}
    assert all(row["address"].startswith("s3://line-1/seen/123456789012_line-9_") for row in found)
    state = shell.run("-v", "--local", "inspection", "status")
    assert "stream line-9 writes an image each 3 s" in state.stdout
    assert needed(state.stderr) <= permitted | allowed(shell, "inspection-results")
    taken = shell.json("--local", "dataset", "frames", "kvs:line-9", "--every", "1s", "--lasts", "2m", "--to", "kept")
    assert taken["frames"] >= 5
    settings(shell, old, 'source = "kvs:line-8"\nframes_to = "s3://line-1/seen/"\nframes_every = "4s"')
    changed = shell.run("--local", "inspection", "diff").stderr
    assert "stream line-9 would write no more images" in changed
    shell.run("--local", "inspection", "deploy", "--yes")
    assert kinesis_video.generating(streams, "line-9") is None
    held = kinesis_video.generating(streams, "line-8")
    assert held is not None
    assert held["SamplingInterval"] == 4000
    streams.update_image_generation_configuration(StreamName="line-8")
    assert "writes none any more" in shell.run("--local", "inspection", "status").stdout
    shell.run("--local", "inspection", "deploy", "--yes")
    removed = shell.run("-v", "--local", "inspection", "remove", "--results", "--yes")
    assert needed(removed.stderr) <= permitted
    assert kinesis_video.generating(streams, "line-8") is None
    settings(shell, "", "")


@pytest.mark.around
def test_production_is_watched_for_drift_with_golden_images_a_page_and_figures(made: tuple[Shell, Service]) -> None:
    shell, service = made
    shell.run("--local", "versions", "promote", "v1", "--force")
    shell.run("--local", "model", "start", "v1", "--yes")
    settings(shell, "[inspection]", '[inspection]\nkeep = "8d"\ngolden = "photos"')
    assert "has no results yet" in shell.run("--local", "inspection", "watch", expect=1).stderr
    dynamodb = client(service, "dynamodb")
    table = make_table(dynamodb, f"{STACK}-results")
    now = datetime.fromtimestamp(address.advance(shell.state, 0.0), UTC)
    rng = np.random.default_rng(0)

    def seen(day: int, images: int, share: float) -> list[Seeing]:
        at = now - timedelta(days=day)
        return [
            Seeing(
                f"in/{day}/{number}.jpg",
                at.replace(hour=0, minute=0) + timedelta(seconds=number),
                {"across": float(rng.uniform(60, 99) if rng.random() < share else rng.uniform(5, 30))},
            )
            for number in range(images)
        ]

    write_production(table, "line-1", [*seen(4, 260, 0.2), *seen(3, 260, 0.2)])
    few = shell.run("--local", "inspection", "watch", "--no-golden").stdout
    assert "0 days judged" in few
    write_production(table, "line-1", [*seen(2, 120, 0.2), *seen(1, 120, 0.9)])
    words = ["--local", "inspection", "watch", "--page", "watch.html", "--publish"]
    found = shell.json(*words)
    assert [day["drifted"] > 0 for day in found["days"]] == [False, True]
    assert found["golden"] == {"images": 12, "wrong": [], "confidence": found["golden"]["confidence"]}
    assert found["golden"]["confidence"] > 50
    page = (shell.folder / "watch.html").read_text()
    assert "share of across" in page
    shown = shell.run(*words).stdout
    assert "share of across" in shown
    assert "2 days judged, 1 drifted" in shown
    assert "golden images: 12 of 12 right" in shown
    points = client(service, "cloudwatch").get_metric_statistics(
        Namespace="customlabels",
        MetricName="DriftedSignals",
        Dimensions=[{"Name": "Project", "Value": "surface"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=9),
        Period=3600,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert points
    assert points[0]["Maximum"] >= 1
    shell.run("--local", "model", "stop", "v1")
    down = shell.run("--local", "inspection", "watch")
    assert "golden images were not shown" in down.stderr
    settings(shell, "[inspection]", '[inspection]\ngolden = "nowhere"')
    assert "line 12, inspection.golden: there is no" in shell.run("--local", "inspection", "watch", expect=2).stderr
    settings(shell, "", "")
    dynamodb.delete_table(TableName=f"{STACK}-results")


@pytest.mark.around
def test_what_is_deployed_watches_by_itself(made: tuple[Shell, Service]) -> None:
    shell, service = made
    bring_up(shell)
    settings(shell, "[inspection]", '[inspection]\nkeep = "8d"\ngolden = "photos"')
    shell.run("--local", "inspection", "deploy", "--yes")
    assert "nothing to change" in shell.run("--local", "inspection", "deploy", "--yes").stdout
    now = datetime.fromtimestamp(address.advance(shell.state, 0.0), UTC)
    rng = np.random.default_rng(0)
    write_production(
        Table(client(service, "dynamodb"), f"{STACK}-results"),
        "line-1",
        (
            Seeing(
                f"in/{day}/{number}.jpg",
                (now - timedelta(days=day)).replace(hour=0, minute=0) + timedelta(seconds=number),
                {"across": float(rng.uniform(60, 99) if rng.random() < share else rng.uniform(5, 30))},
            )
            for day, images, share in ((4, 260, 0.2), (3, 260, 0.2), (1, 120, 0.9))
            for number in range(images)
        ),
    )
    outputs = client(service, "cloudformation").describe_stacks(StackName="customlabels-surface")["Stacks"][0]
    (topic,) = (output["OutputValue"] for output in outputs["Outputs"] if output["OutputKey"] == "Topic")
    queue, sqs = told_queue(service, "watches"), client(service, "sqs")
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client(service, "sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    notices: list[dict[str, str]] = []

    def drift() -> dict[str, str] | None:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            notices.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return next((notice for notice in notices if "have changed" in notice["Subject"]), None)

    address.advance(shell.state, 3600)
    notice = wait_for(drift, what="notice", most=90)
    assert notice["Subject"] == f"customlabels surface: images of {now.date() - timedelta(days=1)} have changed"
    assert "share of across: " in notice["Message"]
    points = {}
    for metric in ("DriftedSignals", "GoldenWrong", "GoldenConfidence"):
        points[metric] = client(service, "cloudwatch").get_metric_statistics(
            Namespace="customlabels",
            MetricName=metric,
            Dimensions=[{"Name": "Project", "Value": "surface"}],
            StartTime=now,
            EndTime=now + timedelta(hours=2),
            Period=3600,
            Statistics=["Maximum"],
        )["Datapoints"]
    assert points["DriftedSignals"][-1]["Maximum"] >= 1
    assert points["GoldenWrong"][-1]["Maximum"] == 0
    assert points["GoldenConfidence"][-1]["Maximum"] > 50
    # The same is told once, whatever the hour.
    address.advance(shell.state, 3600)
    address.advance(shell.state, 3600)
    drift()
    assert sum("have changed" in notice["Subject"] for notice in notices) == 1
    settings(shell, "", "")
    shell.run("--local", "inspection", "remove", "--results", "--yes")


@pytest.mark.around
def test_dead_letters_are_shown_with_what_ails_them_and_put_back(made: tuple[Shell, Service]) -> None:
    shell, service = made
    bring_up(shell)
    settings(shell, '"tag"', '"copy"\ndefects_to = "s3://line-9/bad/"')
    service.s3.create_bucket(Bucket="line-9")
    shell.run("--local", "inspection", "deploy", "--yes")
    sqs = client(service, "sqs")
    url = sqs.get_queue_url(QueueName=f"{STACK}-arrivals")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    service.s3.delete_bucket(Bucket="line-9")
    path = images(shell, "across")[3]
    service.s3.put_object(Bucket="line-1", Key="in/fails.jpg", Body=path.read_bytes())
    sqs.send_message(QueueUrl=url, MessageBody="poison")

    def dead() -> bool | None:
        return True if shell.json("--local", "inspection", "status")["dead_letters"] == 2 else None

    wait_for(dead, what="dead letters", most=90)
    service.s3.create_bucket(Bucket="line-9")
    found = json.loads(shell.run("--local", "inspection", "retry", "--yes", "--output", "json").stdout)
    errors = {letter["address"]: letter["error"] for letter in found["shown"]}
    assert "NoSuchBucket" in errors["s3://line-1/in/fails.jpg"]
    assert "no message of S3" in errors["–"]
    assert [row["address"] for row in inspected(shell, 1)] == ["s3://line-1/in/fails.jpg"]
    shell.run("--local", "inspection", "remove", "--results", "--yes")


@pytest.mark.around
def test_a_model_comes_up_for_what_waits_and_goes_when_that_is_done(made: tuple[Shell, Service]) -> None:
    shell, service = made
    shell.run("--local", "versions", "promote", "v1", "--force")
    shell.run("--local", "model", "stop", "v1")
    windows = SETTINGS[SETTINGS.index("[[schedule.window]]") : SETTINGS.index("[inspection]")]
    (shell.folder / "customlabels.toml").write_text(
        SETTINGS.replace(windows, "").replace("[inspection]", '[inspection]\ndeadline = "40m"')
    )
    shell.run("--local", "schedule", "deploy", "--yes")
    assert "schedule deploy, once more" in shell.run("--local", "inspection", "deploy", "--yes").stderr
    shell.run("--local", "schedule", "deploy", "--yes")
    paths = images(shell, "down")
    for path in paths:
        service.s3.put_object(Bucket="line-1", Key=f"in/waits {path.name}", Body=path.read_bytes() + b"waits")

    def waiting() -> bool | None:
        return True if shell.json("--local", "inspection", "status")["waiting"] == len(paths) else None

    wait_for(waiting, what="what waits", most=180)
    # The queue is closed at the next sweep, and the model is not started before it has to be.
    address.advance(shell.state, 360)
    closed = shell.json("--local", "inspection", "status")
    assert (closed["open"], closed["waiting"]) == (False, len(paths))
    assert shell.json("--local", "model", "status")[0]["status"] != "RUNNING"

    def done() -> bool | None:
        address.advance(shell.state, 300)
        found = shell.json("--local", "inspection", "results", "--since", "1d")
        return True if sum("waits" in row["address"] for row in found) == len(paths) else None

    wait_for(done, what="results", most=120)

    def stopped() -> bool | None:
        address.advance(shell.state, 300)
        return True if shell.json("--local", "model", "status")[0]["status"] == "STOPPED" else None

    wait_for(stopped, what="the model's end", most=120)
    shell.run("--local", "inspection", "remove", "--results", "--yes")
    settings(shell, "", "")

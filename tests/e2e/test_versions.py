"""Versions judged, compared, reported, promoted and used, as a person does it."""

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.drawing import draw
from support.interception import Spoiled, intercepted
from support.local_services import QUICK, client, connect
from support.policies import allowed, needed
from support.shells import Shell

from customlabels.aws import parameters
from customlabels.aws.stacks.scope import Scope
from customlabels.emulator.server import address
from customlabels.pipelines import policies

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


class Elsewhere(Shell):
    """A shell with the credentials that another endpoint asks for."""

    @property
    def environment(self) -> dict[str, str]:
        key = connect(self.state).key
        return {**super().environment, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "any"}


@pytest.fixture
def trained(two_versions: tuple[Shell, str, str]) -> Iterator[tuple[Shell, str, str]]:
    """As two_versions; no version is up and none is the champion, whatever a test before this one left."""
    yield two_versions
    shell, *versions = two_versions
    service = connect(shell.state)
    client(service, "ssm").delete_parameters(Names=[parameters.champion("photos")])
    for version in versions:
        shell.run("model", "stop", version, "--local", "-q")


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, str, str]]:
    """A shell whose project `photos` has two versions of different test sets: the older, the newer."""
    shell = Shell(tmp_path_factory.mktemp("versions"))
    address.start(shell.state, QUICK)
    draw(shell.folder / "photos", {"across": 10, "down": 10, "dots": 10})
    (shell.folder / "customlabels.toml").write_text('[project]\nname = "photos"\n')
    (shell.folder / "followed.toml").write_text('[project]\nname = "photos"\n[track]\nsagemaker = true\n')
    first = shell.run("train", "photos", "--local", "-v", "--seed", "0", "--min-f1", "0.5", "--output", "json")
    (shell.folder / "train.log").write_text(first.stderr)
    old = json.loads(first.stdout)["version"]
    left = shell.json("train", "photos", "--local", "-q", "--seed", "1", "--no-wait")
    assert left["started"]
    back = shell.json("train", "--resume", "--local", "-q", "--min-f1", "0.5")
    assert (back["version"], back["gate"]) == (left["version"], "passed")
    yield shell, old, left["version"]
    address.stop(shell.state)


def test_a_list_tells_what_each_version_was_made_of(trained: tuple[Shell, str, str]) -> None:
    shell, old, new = trained
    rows = {row["version"]: row for row in shell.json("versions", "list", "--local")}
    assert set(rows) == {old, new}
    assert rows[old]["train_images"] + rows[old]["test_images"] == 30
    assert rows[old]["test_digest"] != rows[new]["test_digest"]
    shown = shell.json("versions", "show", old, "--local")
    assert shown["lineage"]["customlabels:settings"] == "test-fraction=0.2 seed=0 group-by=none"
    assert sum(map(sum, shown["confusion"]["images"])) == rows[old]["test_images"]
    assert "true \\ said" in shell.run("versions", "show", "--local").stdout


def test_the_gate_judges_a_version_that_is_there(trained: tuple[Shell, str, str], tmp_path: Path) -> None:
    shell, old, _ = trained
    passed = shell.json("versions", "gate", old, "--local", "--min-f1", "0.5", "--min-label", "dots=0.1:recall")
    assert passed["gate"] == "passed"
    assert [check["name"] for check in passed["checks"]] == ["F1", "recall of 'dots'"]
    refused = shell.run(
        *("versions", "gate", old, "--local", "--min-test-images", "50", "--junit", str(tmp_path / "gate.xml")),
        expect=3,
    )
    assert "not enough evidence" in refused.stderr
    assert 'failures="3"' in (tmp_path / "gate.xml").read_text()
    unsure = shell.json("versions", "gate", old, "--local", "--min-f1", "0.99", "--decide-on", "interval", expect=3)
    assert unsure["gate"] != "passed"
    assert "the gate asks for nothing" in shell.run("versions", "gate", "--local", expect=2).stderr
    wrong = shell.run("versions", "gate", "--local", "--min-label", "dots=high", expect=2)
    assert "0.9:recall" in wrong.stderr


@pytest.mark.around
def test_versions_of_different_test_sets_are_compared_by_showing_images(trained: tuple[Shell, str, str]) -> None:
    shell, old, new = trained
    apart = shell.run("versions", "compare", old, new, "--local")
    assert "judged on different test images" in apart.stderr
    together = shell.run("versions", "compare", old, new, "--local", "--re-evaluate", "--yes", "--output", "json")
    told = re.search(r"of the (\d+) test images are among those that \S+ was trained on", together.stderr)
    (comparison,) = json.loads(together.stdout)
    assert comparison["comparable"]
    assert told is not None
    assert comparison["shared"] == int(told[1])
    assert comparison["overall"]["f1"]["interval"] is not None
    assert "RUNNING" not in shell.run("versions", "list", "--local").stdout
    table = shell.run("versions", "compare", old, old, "--local", "--markdown").stdout
    assert f"### {old} beside {old}" in table
    assert "| **all labels** |" in table


def test_thresholds_are_recommended(trained: tuple[Shell, str, str]) -> None:
    shell, old, _ = trained
    rows = shell.json("versions", "thresholds", old, "--local", "--recall", "1.0")
    assert {row["label"] for row in rows} == {"across", "down", "dots"}
    assert all(row["recall"] == 1.0 and 0 <= row["confidence"] <= 100 for row in rows)
    assert "nothing is wanted" in shell.run("versions", "thresholds", "--local", expect=2).stderr


def test_the_champion_is_promoted_rolled_back_and_kept_from_deletion(trained: tuple[Shell, str, str]) -> None:
    shell, old, new = trained
    assert "has no champion" in shell.run("versions", "show", "champion", "--local", expect=1).stderr
    failed = shell.run("versions", "promote", old, "--local", "--min-test-images", "99", expect=3)
    assert "not enough evidence" in failed.stderr
    assert shell.json("versions", "history", "--local") == []
    forced = shell.json("versions", "promote", old, "--local", "--min-test-images", "99", "--force", "--why", "trial")
    assert (forced["promoted"], forced["forced"]) == (True, True)
    (shell.folder / "inspected.toml").write_text('[inspection]\ndefects = ["down", "dent"]\n')
    told = shell.run("versions", "promote", new, "--local", "--config", "inspected.toml")
    assert "is the champion now" in told.stdout
    assert f"inspection.defects: {new} knows no label dent" in " ".join(told.stderr.split())
    assert "is the champion already" in shell.run("versions", "promote", new, "--local").stdout
    told = [(one["version"], one["by"]) for one in shell.json("versions", "history", "--local")]
    assert told == [(new, "moto"), (old, "moto")]
    regression = shell.run("versions", "gate", old, "--local", "--max-regression", "0.1", expect=3)
    assert "judged on other test images" in regression.stderr
    alone = shell.run("versions", "gate", new, "--local", "--max-regression", "0.1")
    assert "no other champion to fall behind" in alone.stdout
    assert shell.json("versions", "rollback", "--local")["version"] == old
    assert "no earlier champion" in shell.run("versions", "rollback", "--local", expect=1).stderr
    (champion,) = [row for row in shell.json("versions", "list", "--local") if row["champion"]]
    assert champion["version"] == old
    assert "is the champion" in shell.run("versions", "delete", "champion", "--local", "--yes", expect=1).stderr


@pytest.mark.around
def test_model_packages_follow_the_champion_where_that_is_asked_for(trained: tuple[Shell, str, str]) -> None:
    shell, old, new = trained
    service, asked = connect(shell.state), ("--local", "--config", "followed.toml")
    sagemaker = client(service, "sagemaker")

    def packages() -> dict[str, tuple[str, str]]:
        listed = sagemaker.list_model_packages(ModelPackageGroupName="customlabels-photos")["ModelPackageSummaryList"]
        found = [sagemaker.describe_model_package(ModelPackageName=one["ModelPackageArn"]) for one in listed]
        return {
            one["CustomerMetadataProperties"]["version"]: (one["ModelApprovalStatus"], one["ApprovalDescription"])
            for one in found
        }

    def registered() -> list[str]:
        summaries = sagemaker.list_model_packages(ModelPackageGroupName="customlabels-photos")
        return [package["ModelPackageArn"] for package in summaries["ModelPackageSummaryList"]]

    before = registered()
    shell.run("versions", "promote", old, "--local")
    assert registered() == before
    assert "is approved" in shell.run("versions", "promote", old, *asked).stderr
    # A registry that refuses keeps nobody from promoting; what is advised mends it.
    refused = Spoiled(400, "AccessDeniedException")
    with intercepted(service.endpoint_url, lambda call: refused if call.what == "UpdateModelPackage" else None) as url:
        reached = Elsewhere(shell.folder).run(
            *("versions", "promote", new, "--why", "more of them", "--config", "followed.toml", "-q"),
            *("--endpoint-url", url, "--region", "us-east-1"),
        )
    assert "is the champion now" in reached.stdout
    (advised,) = re.findall(r"AccessDeniedException: spoiled; customlabels (.*) puts that right", reached.stderr)
    assert shell.json("versions", "history", "--local")[0]["version"] == new
    assert "is the champion already" in shell.run(*advised.split(), *asked).stdout
    assert (packages()[old][0], packages()[new]) == ("Approved", ("Approved", "more of them"))
    shell.run("versions", "rollback", "--why", "misses dots", *asked)
    assert packages()[new] == ("Rejected", f"{old} is the champion in its place: misses dots")
    about = sagemaker.describe_model_package(ModelPackageName="customlabels-photos")["CustomerMetadataProperties"]
    lineage = shell.json("versions", "show", about["version"], "--local")["lineage"]
    assert about["train-digest"] == lineage["customlabels:train-digest"]


def test_a_smoke_test_keeps_a_wrong_version_from_being_promoted(trained: tuple[Shell, str, str]) -> None:
    shell, _, new = trained
    wrong = shell.folder / "golden"
    shutil.copytree(shell.folder / "photos" / "across", wrong / "down")
    stopped = shell.run("versions", "promote", new, "--local", "--smoke", "golden", expect=1)
    assert "shows images to the running version" in stopped.stderr
    shell.run("model", "start", new, "--local", "--yes", "-q")
    before = shell.json("versions", "history", "--local")
    failed = shell.run("versions", "promote", new, "--local", "--smoke", "golden", expect=1)
    assert "down/000.jpg is down, the version says across" in failed.stderr
    assert shell.json("versions", "history", "--local") == before
    (wrong / "down").rename(wrong / "across")
    shell.run("versions", "promote", new, "--local", "--smoke", "golden")
    running = shell.run("versions", "delete", new, "--local", "--yes", expect=1)
    assert "champion" in running.stderr
    shell.run("model", "stop", new, "--local", "-q")


@pytest.mark.around
def test_detections_are_written_drawn_and_gone_on_with(trained: tuple[Shell, str, str]) -> None:
    shell, old, _ = trained
    words = ["detect", "photos", "--version", old, "--local", "--rate", "100", "--to", "found.jsonl", "--draw", "drawn"]
    assert "--start starts it for this" in shell.run(*words, expect=1).stderr
    assert shell.json(*words, "--start", "--yes") == {"file": "found.jsonl", "images": 30, "failed": 0}
    assert "RUNNING" not in shell.run("versions", "list", "--local").stdout
    lines = (shell.folder / "found.jsonl").read_text().splitlines()
    assert len(lines) == 30
    with Image.open(shell.folder / "drawn" / "dots" / "000.jpg") as image:
        assert image.size == (96, 96)
    (shell.folder / "found.jsonl").write_text("\n".join(lines[:12]) + "\n" + lines[12][:20])
    assert shell.json(*words, "--start", "--yes")["images"] == 18
    assert (shell.folder / "found.jsonl").read_text().splitlines() == lines
    replaced = shell.folder / "photos" / "dots" / "000.jpg"
    before = replaced.read_bytes()
    replaced.write_bytes((shell.folder / "photos" / "across" / "000.jpg").read_bytes())
    anew = shell.run(*words, "--start", "--yes")
    assert "1 image of found.jsonl is not what it was, first dots/000.jpg: looked at anew" in anew.stderr
    seen = [json.loads(line) for line in (shell.folder / "found.jsonl").read_text().splitlines()]
    assert [line["labels"][0]["label"] for line in seen if line["name"] == "dots/000.jpg"] == ["across"]
    replaced.write_bytes(before)
    shell.run(*words, "--start", "--yes")
    other = shell.run(*words, "--min-confidence", "10", expect=4)
    assert "holds detections of version" in other.stderr
    over = shell.run("detect", "photos", "--version", old, "--local", "--draw", "photos", expect=2)
    assert "would write over" in over.stderr
    place = "s3://customlabels-local/customlabels/photos/images/"
    in_s3 = ["detect", place, "--version", old, "--local", "--rate", "100", "--to", "found.csv"]
    assert shell.json(*in_s3, "--start", "--yes")["images"] == 30
    with (shell.folder / "found.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["name"] for row in rows} == {json.loads(line)["name"] for line in lines}
    (shell.folder / "other.csv").write_text("a,b\n1,2\n")
    assert "is no file of detections" in shell.run(*in_s3[:-1], "other.csv", expect=4).stderr


@pytest.mark.around
def test_images_are_labelled_ahead_and_an_interrupted_run_is_gone_on_with(trained: tuple[Shell, str, str]) -> None:
    shell, old, _ = trained
    words = ["dataset", "prelabel", "photos/across", "--with", old, "--local", "--rate", "100", "--to", "ahead"]
    planned = shell.json(*words, "--dry-run")
    assert (planned["images"], planned["to_look_at"], planned["seconds"]) == (10, 10, 0.1)
    assert not (shell.folder / "ahead").exists()
    assert "--start starts it for this" in shell.run(*words, expect=1).stderr
    assert not (shell.folder / "ahead").exists()
    made = shell.json(*words, "--start", "--yes")
    assert (made["labelled"], made["failed"]) == (10, 0)
    seen = shell.folder / "ahead" / "seen.jsonl"
    lines = seen.read_text().splitlines()
    seen.write_text("\n".join(lines[:4]) + "\n" + lines[4][:20])
    again = shell.json(*words, "--start", "--yes")
    assert (again["images"], again["to_look_at"], seen.read_text().splitlines()) == (10, 6, lines)
    # All is there: neither a running model nor a question is needed for another format.
    other = shell.json(*words, "--as", "label-studio", "--output", "json")
    assert other["to_look_at"] == 0
    assert len(json.loads((shell.folder / "ahead" / "tasks.json").read_text())) == 10
    (shell.folder / "ahead" / "tasks.json").unlink()
    inspected = shell.json("dataset", "inspect", "ahead", "--images", "photos/across")
    assert inspected["labels"]["across"]["images"] == 10
    table = {
        ("--with", "nobody"): (1, "nobody"),
        ("--with", "rekognition"): (2, "it sees nothing in files"),
        ("--min-confidence", "10"): (4, "holds detections of version"),
        ("--to", "photos"): (4, "holds something else already"),
    }
    for more, (code, message) in table.items():
        assert message in shell.run(*words, *more, expect=code).stderr, more


@pytest.mark.around
def test_a_version_is_copied_to_another_project(trained: tuple[Shell, str, str]) -> None:
    shell, old, _ = trained
    assert (
        "no policy is needed"
        in shell.run(
            "versions", "copy", old, "--to-project", "twin", "--project", "photos", "--local", "--dry-run"
        ).stdout
    )
    for _ in range(2):
        shell.run("versions", "copy", old, "--to-project", "twin", "--project", "photos", "--local")
    (copy,) = shell.json("versions", "list", "--project", "twin", "--local")
    assert (copy["version"], copy["status"]) == (old, "COPYING_COMPLETED")


@pytest.mark.around
def test_what_may_cost_too_much_is_refused_before_anything_is_uploaded(trained: tuple[Shell, str, str]) -> None:
    shell, _, _ = trained
    refused = shell.run("train", "photos", "--project", "dear", "--local", "--max-cost", "1", expect=2)
    assert "may cost $24.00" in refused.stderr
    unknown = shell.run("train", "photos", "--project", "dear", "--local", "--min-label", "dent=0.9", expect=2)
    assert "the images do not have: dent" in unknown.stderr
    beside = shell.run("train", "photos", "--local", "--seed", "7", "--external-manifests", expect=2)
    assert "has datasets" in beside.stderr
    absent = shell.run("train", "photos", "--project", "dear", "--local", "--no-upload", expect=1)
    assert "30 of 30 images are not in s3://" in absent.stderr
    assert "dear" not in shell.run("train", "photos", "--local", "--dry-run", "--project", "photos").stdout
    listed = connect(shell.state).s3.list_objects_v2(Bucket="customlabels-local", Prefix="customlabels/dear/")
    assert "Contents" not in listed


@pytest.mark.around
def test_topic_and_bus_are_told(trained: tuple[Shell, str, str]) -> None:
    shell, old, new = trained
    service = connect(shell.state)
    sns, sqs, events = (client(service, name) for name in ("sns", "sqs", "events"))
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="models")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    events.put_rule(Name="models", EventPattern=json.dumps({"source": ["customlabels"]}))
    events.put_targets(Rule="models", Targets=[{"Id": "1", "Arn": arn}])
    settings = shell.folder / "told.toml"
    settings.write_text(f'[notify]\ntopic = "{topic}"\nevent_bus = "default"\n')
    told = ["--project", "photos", "--local", "--config", str(settings)]
    shell.run("train", "photos", "--seed", "1", "--min-f1", "0.5", "-q", *told)
    shell.run("train", "photos", "--seed", "1", "--min-test-images", "50", "-q", *told, expect=3)
    promoted = shell.json("versions", "history", *told)
    shell.run("versions", "promote", old if promoted and promoted[0]["version"] == new else new, *told)
    got = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages"):
        for message in found:
            body = json.loads(message["Body"])
            got.append(body["detail-type"] if "detail-type" in body else json.loads(body["Message"])["event"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert sorted(got) == sorted(["Gate passed", "Gate failed", "Version promoted"] * 2)


FLOWS = {
    "train": [
        ["versions", "gate", "--min-f1", "0.1"],
        ["versions", "show"],
    ],
    "promote": [
        ["versions", "promote", "--force"],
        ["versions", "history"],
    ],
    "promote --config followed.toml": [["versions", "promote", "--force", "--config", "followed.toml"]],
    "status": [["model", "status"], ["versions", "list"]],
    "detect": [["detect", "photos/dots", "--rate", "100", "--start", "--yes"]],
}


@pytest.mark.parametrize("use", FLOWS)
def test_a_flow_makes_no_call_that_its_policy_lacks(trained: tuple[Shell, str, str], use: str) -> None:
    shell, _, _ = trained
    actions = allowed(shell, use, "--project", "photos")
    logs = [(shell.folder / "train.log").read_text()] if use == "train" else []
    for log in [*logs, *(shell.run(*flow, "--local", "-v").stderr for flow in FLOWS[use])]:
        assert needed(log) <= actions


def test_copying_and_deleting_make_no_call_that_their_policies_lack(trained: tuple[Shell, str, str]) -> None:
    shell, old, _ = trained
    to = ("--to-project", "photos")
    key = ("--to-kms-key", "alias/plant-2")
    copied = shell.run("versions", "copy", old, *to, *key, "--to-version", "copied", "--local", "-v")
    assert needed(copied.stderr) <= allowed(shell, "copy", "--project", "photos", *to)
    service = connect(shell.state)
    (project,) = service.rekognition.describe_projects(ProjectNames=["photos"])["ProjectDescriptions"]
    (version,) = service.rekognition.describe_project_versions(
        ProjectArn=project["ProjectArn"], VersionNames=["copied"]
    )["ProjectVersionDescriptions"]
    assert version["KmsKeyId"] == "alias/plant-2"
    deleted = shell.run("versions", "delete", "copied", "--yes", "--local", "-v")
    assert needed(deleted.stderr) <= allowed(shell, "delete", "--project", "photos")


def test_policies_name_the_project_the_bucket_and_what_listens() -> None:
    scope = Scope(
        "111122223333", "eu-west-1", "caps", "acme", "models", "alias/k", "arn:aws:sns:eu-west-1:111122223333:t", "bus"
    )
    found = {one["Sid"]: one["Resource"] for one in policies.train(scope)["Statement"]}
    assert found == {
        "Project": ["arn:aws:rekognition:eu-west-1:111122223333:project/caps/*"],
        "CreateProject": ["*"],
        "FindProject": ["*"],
        "Bucket": ["arn:aws:s3:::acme"],
        "Objects": ["arn:aws:s3:::acme/models/*"],
        "Champion": ["arn:aws:ssm:eu-west-1:111122223333:parameter/customlabels/caps/champion"],
        "Topic": ["arn:aws:sns:eu-west-1:111122223333:t"],
        "EventBus": ["arn:aws:events:eu-west-1:111122223333:event-bus/bus"],
        "Key": ["arn:aws:kms:eu-west-1:111122223333:key/*"],
    }


def test_a_report_is_one_file_that_needs_nothing_else(trained: tuple[Shell, str, str]) -> None:
    shell, old, new = trained
    made = shell.json("versions", "report", old, new, "--local", "--to", "report.html")
    page = (shell.folder / "report.html").read_text()
    assert made["bytes"] == len(page.encode())
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)""", page)
    assert "<script" not in page
    for heading in (
        "Figures a label",
        "Confusion matrix",
        "What it gets wrong",
        "Data and lineage",
        f"{old} beside {new}",
    ):
        assert heading in page


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_a_browser_shows_the_report_without_a_complaint_or_a_request(
    trained: tuple[Shell, str, str], tmp_path: Path
) -> None:
    shell, old, _ = trained
    shell.run("versions", "report", old, "--local", "--to", "shown.html")
    page, log = shell.folder / "shown.html", tmp_path / "net.json"
    shown = subprocess.run(
        [
            str(BROWSER),
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
            *("--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--window-size=390,1200"),
            *(f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", f"--screenshot={tmp_path / 'a.png'}"),
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    assert "CONSOLE" not in shown.stderr
    with Image.open(tmp_path / "a.png") as picture:
        assert len(picture.convert("L").getcolors(256) or ()) > 20
    asked: set[Any] = {
        event.get("params", {}).get("url") for event in json.loads(log.read_text())["events"] if "params" in event
    }
    mine = {url for url in asked if url and not url.startswith(("data:", "file:", "chrome", "about:", "devtools:"))}
    assert not {url for url in mine if "google" not in url and "gvt1" not in url}

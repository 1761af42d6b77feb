"""customlabels doctor on the local service: whole, free, and with nothing left after a probe."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from support.local_services import Service, client
from support.shells import Shell

from customlabels import Session
from customlabels.core.console import Console
from customlabels.core.watching import Callbacks
from customlabels.emulator.server import address
from customlabels.pipelines.readiness.checkup import Asked, checkup
from customlabels.pipelines.readiness.models import LEFT_OVER
from customlabels.pipelines.service.running import unasked
from customlabels.scheduler.readiness import schedule

SUBJECTS = {"machine", "account", "bucket", "permissions", "quotas", "models", "schedule", "open questions"}


def left_over(service: Service) -> list[str]:
    projects = service.rekognition.describe_projects()["ProjectDescriptions"]
    stacks = client(service, "cloudformation").describe_stacks()["Stacks"]
    roles = client(service, "iam").list_roles()["Roles"]
    queues = client(service, "sqs").list_queues().get("QueueUrls", [])
    names = [project["ProjectArn"] for project in projects] + [stack["StackName"] for stack in stacks]
    names += [role["RoleName"] for role in roles] + queues
    return [name for name in names if LEFT_OVER in name]


def test_it_runs_whole_on_the_local_service_and_writes_nothing(shell: Shell) -> None:
    document = shell.json("--local", "doctor", "--project", "surface")
    assert document["ready"]
    findings: list[dict[str, Any]] = document["findings"]
    assert {finding["subject"] for finding in findings} == SUBJECTS
    assert all(finding["seen"] and finding["advice"] for finding in findings)
    states = {(finding["subject"], finding["check"]): finding["state"] for finding in findings}
    assert states["permissions", "policies"] == "unknown"
    # Nobody could allow what is not offered here.
    assert not any("allow iam:" in finding["advice"] for finding in findings)
    assert states["quotas", "running models"] == "ok"
    assert {state for (subject, _), state in states.items() if subject == "open questions"} == {"skipped"}


def test_something_that_failed_is_exit_code_one(shell: Shell) -> None:
    ended = shell.run("--local", "doctor", "--bucket", "nowhere-at-all", expect=1)
    assert "bucket nowhere-at-all does not exist" in " ".join(ended.stdout.split())
    assert "not ready: 1 check failed" in ended.stdout
    assert "--paid goes with --probe" in shell.run("--local", "doctor", "--paid", expect=2).stderr


def test_without_a_region_or_credentials_the_rest_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUSTOMLABELS_LOCAL", "")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    for region, said in (("ca-central-1", "not available in ca-central-1"), ("eu-west-1", "no AWS credentials found")):
        findings = Session(region=region, console=Console(quiet=True)).doctor()
        (failed,) = [finding for finding in findings if finding.state == "failed"]
        assert said in failed.seen
        assert {finding.state.value for finding in findings if finding.subject == "schedule"} == {"skipped"}


@pytest.mark.around
def test_a_probe_settles_questions_and_leaves_nothing(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMLABELS_STATE", str(own_service.state))
    session = Session(local=True, console=Console(quiet=True))

    def progress(title: str, done: int, total: int | None) -> None:
        if title.startswith("waiting for the schedule"):
            address.advance(own_service.state, 61)

    asked = Asked(
        settings=session.settings,
        project=None,
        bucket=session.bucket(),
        now=session.now,
        emulated=True,
        policies=lambda project, bucket: {},
        schedule=lambda project: schedule(session.clients, project, session.now()),
        probe=True,
        version=None,
        before_start=unasked,
    )
    findings = {finding.check: finding for finding in checkup(lambda: session.clients, asked, Callbacks(progress))}
    assert findings["tags on datasets"].seen == "datasets take tags"
    assert findings["late answers"].state == "ok"
    assert findings["a role seconds old"].state == "ok"
    assert findings["stopProjectVersion as a target"].seen.startswith("it does, and Rekognition answers")
    assert findings["CreateProject's resource"].state == "unknown"
    assert "left over" not in findings
    assert left_over(own_service) == []


@pytest.mark.around
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_probe_that_is_interrupted_leaves_nothing(shell: Shell, number: signal.Signals, code: int) -> None:
    process = shell.start("--local", "doctor", "--probe")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("waiting for the schedule"):
            break
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert "removing stack" in errors
    from support.local_services import connect

    assert left_over(connect(shell.state)) == []


@pytest.mark.around
def test_a_model_that_is_up_is_told_with_its_price(shell: Shell, images: Path) -> None:
    shell.run("--local", "train", str(images), "--version-name", "v1")
    shell.run("--local", "model", "start", "--yes")
    document = json.loads(shell.run("--local", "doctor", "--output", "json").stdout)
    (up,) = [finding for finding in document["findings"] if finding["subject"] == "models"]
    assert up["state"] == "warning"
    assert "on 1 unit, $4.00 an hour" in up["seen"]
    shell.run("--local", "model", "stop")
    paid = shell.run_on("--local", "doctor", "--probe", "--paid", "--output", "json", "--yes", minutes=0.5)
    metrics = [line for line in json.loads(paid.stdout)["findings"] if line["check"] == "metrics and their period"]
    assert [line["state"] for line in metrics] == ["ok", "ok"]
    assert metrics[0]["seen"].endswith("60 s apart")
    assert [row["status"] for row in shell.json("--local", "versions", "list")] == ["STOPPED"]

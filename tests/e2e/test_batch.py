"""Batches as a person has them: planned, refused, run, run again, stopped, redriven; nothing stays up after any end."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support import batch_stack
from support.batch_stack import ARCHIVE, archived, calls, kept_up, put_images, run_batch, up
from support.local_services import QUICK, Service, client, connect
from support.shells import Shell

from customlabels.aws.stacks.names import stack_name
from customlabels.emulator.server import address
from customlabels.pipelines.service import hosting

pytestmark = pytest.mark.around

SOURCE = f"s3://{ARCHIVE}/parts/"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, Service]]:
    with archived(tmp_path_factory.mktemp("archive"), QUICK) as (shell, service):
        yield shell, service


def test_a_plan_shows_every_number_of_units_and_starts_nothing(made: tuple[Shell, Service]) -> None:
    shell, service = made
    plan = shell.json("--local", "batch", "run", SOURCE, "--dry-run", "--deadline", "1h")
    assert (plan["images"], plan["known"], plan["calls"], plan["chosen"]) == (24, 0, 24, 1)
    assert [row["units"] for row in plan["units"]] == [1, 2, 3, 4, 5]
    (shell.folder / "bad.jsonl").write_text('{"source-ref": "x"}\n[]\n{"source-ref": "s3://archive-1/none.jpg"}\n')
    cases = [
        ((SOURCE, "--max-cost", "0.01"), 1, "would cost $0.3"),
        ((SOURCE, "--deadline", "6m"), 1, "no 5 units are done within 6 min"),
        ((SOURCE, "--deadline", "1h", "--units", "2"), 2, "give --units or --deadline"),
        (("s3://customlabels-local/",), 2, "batch_sources"),
        ((f"s3://{ARCHIVE}/none/",), 2, "the source has no image"),
        (("photos",), 2, "is no source of images"),
        (("bad.jsonl",), 4, "bad.jsonl, line 1"),
        (("none.jsonl",), 2, "none.jsonl: cannot be read"),
    ]
    for words, code, sentence in cases:
        assert sentence in shell.run("--local", "batch", "run", *words, "--yes", expect=code).stderr, words
    assert "no batch has been run" in shell.run("--local", "batch", "status", expect=1).stderr
    assert (up(service), kept_up(service)) == ([], [])


def test_a_batch_is_paid_once_whatever_is_run_again(made: tuple[Shell, Service]) -> None:
    shell, service = made
    before = calls(service)
    output = run_batch(shell, service, "run", SOURCE, "--tolerate", "10").stdout
    assert "24 images, 12 pass, 12 defect" in output
    assert calls(service) - before == 24
    address.advance(shell.state, 600)
    assert (up(service), kept_up(service)) == ([], [])
    status = shell.json("--local", "batch", "status")
    assert (status["status"], status["images"], status["done"], status["failed"]) == ("SUCCEEDED", 24, 24, 0)
    assert "has been run; nothing is looked at again" in shell.run("--local", "batch", "run", SOURCE).stderr
    for ending in ("jsonl", "csv", "parquet"):
        shell.run("--local", "batch", "results", "--to", f"parts.{ending}")
    rows = [json.loads(line) for line in (shell.folder / "parts.jsonl").read_text().splitlines()]
    assert Counter(row["verdict"] for row in rows) == {"pass": 12, "defect": 12}
    assert all(row["address"].split("/")[4] == ("across" if row["verdict"] == "defect" else "down") for row in rows)
    put_images(service, shell.folder / "photos", 26)
    plan = shell.json("--local", "batch", "run", SOURCE, "--dry-run")
    assert (plan["images"], plan["known"], plan["calls"]) == (26, 24, 2)
    assert "26 images" in run_batch(shell, service, "run", SOURCE).stdout
    assert calls(service) - before == 26


def test_another_version_and_other_rules_judge_the_same_images_anew(made: tuple[Shell, Service]) -> None:
    shell, service = made
    source = f"s3://{ARCHIVE}/judged/"
    put_images(service, shell.folder / "photos", 12, "judged/")

    def verdicts() -> set[tuple[str, str, str]]:
        """Label that was drawn, verdict and version of each image."""
        run_batch(shell, service, "run", source)
        rows = shell.json("--local", "batch", "results")
        assert len(rows) == 12
        return {(row["address"].split("/")[4], row["verdict"], row["version"]) for row in rows}

    before = calls(service)
    assert verdicts() == {("across", "defect", "v1"), ("down", "pass", "v1")}
    shell.run("--local", "versions", "copy", "v1", "--to-project", "surface", "--to-version", "v2")
    shell.run("--local", "versions", "promote", "v2", "--force")
    assert verdicts() == {("across", "defect", "v2"), ("down", "pass", "v2")}
    assert calls(service) - before == 24
    settings = shell.folder / "customlabels.toml"
    usual = settings.read_text()
    settings.write_text(usual.replace('defects = ["across"]', 'defects = ["down"]'))
    shell.run("--local", "inspection", "deploy", "--yes")
    assert verdicts() == {("across", "pass", "v2"), ("down", "defect", "v2")}
    assert calls(service) - before == 24
    settings.write_text(usual)
    shell.run("--local", "inspection", "deploy", "--yes")
    shell.run("--local", "versions", "promote", "v1", "--force")
    address.advance(shell.state, 600)
    assert (up(service), kept_up(service)) == ([], [])


def test_images_that_failed_are_redriven_alone(made: tuple[Shell, Service]) -> None:
    shell, service = made
    photos = sorted((shell.folder / "photos").rglob("*.jpg"))
    key = "arn:aws:kms:us-east-1:123456789012:key/locked"
    for number in range(20):
        locked = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if number < 3 else {}
        body = photos[number % len(photos)].read_bytes() + b"locked %d" % number
        service.s3.put_object(Bucket=ARCHIVE, Key=f"some/{number}.jpg", Body=body, **locked)  # type: ignore[arg-type]
    before = calls(service)
    summary = json.loads(run_batch(shell, service, "run", f"s3://{ARCHIVE}/some/", "--output", "json").stdout)
    assert (summary["images"], summary["failed"], calls(service) - before) == (20, 3, 17)
    iam = client(service, "iam")
    (role,) = [role["RoleName"] for role in iam.list_roles()["Roles"] if "BatchRole" in role["RoleName"]]
    may = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_role_policy(RoleName=role, PolicyName="mended", PolicyDocument=policy)
    assert "3 images" in run_batch(shell, service, "redrive").stdout
    assert calls(service) - before == 20
    address.advance(shell.state, 600)
    assert (up(service), kept_up(service)) == ([], [])
    assert "nothing to redrive" in shell.run("--local", "batch", "redrive").stdout


def test_a_batch_that_is_stopped_lets_its_model_go_and_goes_on_when_it_is_redriven(
    made: tuple[Shell, Service],
) -> None:
    shell, service = made
    put_images(service, shell.folder / "photos", 12, "stopped/")
    source = f"s3://{ARCHIVE}/stopped/"
    began = json.loads(shell.run("--local", "batch", "run", source, "--no-wait", "--output", "json").stdout)
    assert len(kept_up(service)) == 2
    words = ("--local", "batch", "run", source, "--no-wait", "--units", "3", "--output", "json")
    joining = shell.run(*words)
    assert json.loads(joining.stdout)["batch"] == began["batch"]
    assert f"batch {began['batch']} runs on 1 unit, as it was begun" in joining.stderr
    (held,) = json.loads(
        client(service, "ssm").get_parameter(Name="/customlabels/surface/overrides")["Parameter"]["Value"]
    )
    assert held["units"] == 1
    # Another at the same time would have the model shared, and neither plan kept.
    put_images(service, shell.folder / "photos", 2, "beside/")
    refused = shell.run("--local", "batch", "run", f"s3://{ARCHIVE}/beside/", "--yes", expect=1).stderr
    assert f"batch {began['batch']} is running" in refused
    assert (
        f"batch {began['batch']} is running" in shell.run("--local", "inspection", "remove", "--yes", expect=1).stderr
    )
    assert "is stopped" in shell.run("--local", "batch", "stop").stdout
    assert kept_up(service) == []
    address.advance(shell.state, 600)
    assert up(service) == []
    status = shell.json("--local", "batch", "status")
    assert (status["status"], status["kept_up_until"]) == ("ABORTED", None)
    assert "12 images" in run_batch(shell, service, "redrive").stdout
    address.advance(shell.state, 600)
    assert (up(service), kept_up(service)) == ([], [])


def test_a_batch_follows_the_units_that_are_up_when_nobody_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_stack, "SETTINGS", batch_stack.SETTINGS.replace("rate = 50", "rate = 4"))
    # By their roles' permissions, and no others.
    with archived(tmp_path, replace(QUICK, iam=True), images=200) as (shell, service):
        shell.run("--local", "batch", "run", SOURCE, "--no-wait")
        states, rekognition = client(service, "stepfunctions"), service.rekognition
        (machine,) = (machine["stateMachineArn"] for machine in states.list_state_machines()["stateMachines"])
        (execution,) = states.list_executions(stateMachineArn=machine)["executions"]

        def at_once() -> list[int]:
            runs = states.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
            return [states.describe_map_run(mapRunArn=run["mapRunArn"])["maxConcurrency"] for run in runs]

        while not at_once():
            address.advance(shell.state, 60)
        assert at_once() == [2]
        shell.run("--local", "schedule", "override", "--on", "2h", "--units", "3", "--yes")
        (version,) = up(service)
        hosting.stop(rekognition, version)
        hosting.start(rekognition, version, units=3)
        sweep = f"{stack_name('surface')}-sweep"
        client(service, "lambda").invoke(FunctionName=sweep, InvocationType="RequestResponse")
        assert at_once() == [6]
        shell.run("--local", "batch", "stop")
        shell.run("--local", "schedule", "override", "--clear")
        address.advance(shell.state, 600)
        assert (up(service), kept_up(service)) == ([], [])


def test_a_batch_whose_service_and_command_are_killed_looks_at_every_image_once(tmp_path: Path) -> None:
    with archived(tmp_path, QUICK, images=60) as (shell, service):
        process = shell.start("--local", "batch", "run", SOURCE)
        while calls(service) < 10:
            if not up(service, "RUNNING"):
                address.advance(shell.state, 60)
        process.kill()
        process.communicate()
        shell.kill_service()
        service = connect(shell.state)
        summary = json.loads(run_batch(shell, service, "run", SOURCE, "--output", "json").stdout)
        assert (summary["images"], summary.get("failed", 0)) == (60, 0)
        rows = shell.json("--local", "batch", "results")
        assert len({row["address"] for row in rows}) == len(rows) == 60
        address.advance(shell.state, 600)
        assert (up(service), kept_up(service)) == ([], [])


def test_a_plan_prices_analyzers_by_the_images_that_they_have_not_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 'defects = ["across"]\nanalyzers = ["properties"]'
    monkeypatch.setattr(batch_stack, "SETTINGS", batch_stack.SETTINGS.replace('defects = ["across"]', asked))
    with archived(tmp_path, QUICK, images=24) as (shell, service):

        def plan() -> tuple[int, int, int]:
            """Images that the model and that the analyzer are to be asked about, and cents for the latter."""
            document = shell.json("--local", "batch", "run", SOURCE, "--dry-run")
            properties = document["analyzers"]["properties"]
            assert all(row["analyzer_dollars"] == properties["dollars"] for row in document["units"])
            return document["calls"], properties["images"], round(100 * properties["dollars"])

        assert plan() == (24, 24, 2)
        run_batch(shell, service, "run", SOURCE)
        assert plan() == (0, 0, 0)
        put_images(service, shell.folder / "photos", 26)
        assert plan() == (2, 2, 0)
        assert "26 images" in run_batch(shell, service, "run", SOURCE).stdout

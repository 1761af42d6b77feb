import os
import signal
import time
from pathlib import Path

import pytest
from support.local_services import connect
from support.processes import children, is_named
from support.shells import Shell

from customlabels.emulator.server import address


def trainings(shell: Shell) -> list[str]:
    """Every version that the service was ever asked to train, by its folder."""
    return [path.name for path in (shell.state / "versions").iterdir()]


@pytest.mark.parametrize("seconds", [0.8, pytest.param(2.0, marks=pytest.mark.around)])
def test_a_killed_run_is_finished_by_running_it_again(shell: Shell, images: Path, seconds: float) -> None:
    process = shell.start("train", str(images), "--local")
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = shell.json("train", str(images), "--local", "--min-f1", "0.8")
    assert again["gate"] == "passed"
    (version,) = shell.json("versions", "list", "--local")
    assert version["status"] == "TRAINING_COMPLETED"
    assert len(trainings(shell)) == 1


@pytest.mark.around
def test_a_training_goes_on_when_the_service_is_killed_in_its_middle(shell: Shell, images: Path) -> None:
    process = shell.start("train", str(images), "--local")
    deadline = time.monotonic() + 30
    while not list((shell.state / "versions").glob("*/log.txt")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    shell.kill_service()
    _, errors = process.communicate(timeout=120)
    if process.returncode != 0:
        assert errors.splitlines()[-2 if "hint" in errors else -1].startswith("error: ")
        assert "Traceback" not in errors
    again = shell.json("train", str(images), "--local", "--min-f1", "0.8")
    assert again["gate"] == "passed"
    assert len(shell.json("versions", "list", "--local")) == 1
    assert len(trainings(shell)) == 1


@pytest.mark.around
def test_a_training_that_is_under_way_is_joined(shell: Shell, images: Path) -> None:
    runs = [shell.start("train", str(images), "--local", "--output", "json") for _ in range(3)]
    ended = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], ended
    assert len(trainings(shell)) == 1


def test_an_interrupt_says_how_to_go_on(shell: Shell, images: Path) -> None:
    process = shell.start("train", str(images), "--local")
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    if process.returncode != 0:
        assert process.returncode == 130
        assert "run the same command again" in errors
        assert "Traceback" not in errors


@pytest.mark.around
def test_no_process_of_a_training_outlives_a_killed_service(shell: Shell, images: Path) -> None:
    shell.start("train", str(images), "--local").wait()
    found = address.running(shell.state)
    assert found is not None
    client = connect(shell.state).rekognition
    (project,) = client.describe_projects()["ProjectDescriptions"]
    client.create_project_version(
        ProjectArn=project["ProjectArn"],
        VersionName="more",
        OutputConfig={"S3Bucket": "customlabels-local", "S3KeyPrefix": "x"},
    )

    deadline = time.monotonic() + 20
    while not (jobs := children(found.pid, "engine.job")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(found.pid, signal.SIGKILL)
    while any(is_named(job, "engine.job") for job in jobs):
        assert time.monotonic() < deadline
        time.sleep(0.02)

"""A deployed schedule with a queue of images, left to its clock: the model is up because images wait."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.chaos import PACE
from support.lines import MadeLine, make_line
from support.local_services import Service, client, kill_and_return
from support.policies import allowed, needed
from support.shells import Shell
from support.uptime_stack import deployed

from customlabels.aws.stacks.names import stack_name
from customlabels.emulator.server import address

SETTINGS = """
[project]
name = "surface"
bucket = "customlabels-local"
[schedule]
time_zone = "UTC"
warm_up = "15m"
[[schedule.window]]
days = "daily"
start = "20:00"
stop = "21:00"
"""
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.around


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, MadeLine]]:
    """A deployed schedule whose project has a line; at two at night, hours before its window."""
    with deployed(tmp_path_factory.mktemp("demand"), PACE, SETTINGS) as (shell, service):
        line = make_line(service, "surface", f"{stack_name('surface', 'inspection')}-line")
        line.tell()
        yield shell, line


def advance(shell: Shell, minutes: float) -> datetime:
    return datetime.fromtimestamp(address.advance(shell.state, minutes * 60), UTC)


def status(shell: Shell) -> dict[str, Any]:
    shown: dict[str, Any] = shell.json("--local", "schedule", "status")
    return shown


def state(service: Service) -> str:
    (project,) = service.rekognition.describe_projects()["ProjectDescriptions"]
    versions = service.rekognition.describe_project_versions(ProjectArn=project["ProjectArn"], VersionNames=["v1"])
    return versions["ProjectVersionDescriptions"][0]["Status"]


def test_a_model_comes_up_for_images_by_their_deadline_does_them_and_goes(plant: tuple[Shell, MadeLine]) -> None:
    shell, line = plant
    service = line.service
    advance(shell, 6)
    shown = status(shell)
    assert shown["queue"]["says"] == "no image waits"
    line.send(14)
    sent = advance(shell, 0)
    advance(shell, 6)
    shown = status(shell)
    assert shown["queue"]["visible"] == 14
    (model,) = [model for model in shown["models"] if model["version"] == "v1"]
    assert model["why"].startswith("14 images wait, the oldest ")
    assert "; wanted up by " in model["why"]
    assert (model["wanted"], state(service), line.state()) == (0, "TRAINING_COMPLETED", "Disabled")
    service = kill_and_return(service)
    # Down while they wait, and up in time: a start of four minutes, within an hour of which fifteen are kept for it.
    up_at = None
    while up_at is None and advance(shell, 0) < sent + 60 * MINUTE:
        now = advance(shell, 1)
        up_at = now if state(service) == "RUNNING" else None
    assert up_at is not None
    assert up_at >= sent + 40 * MINUTE
    service = kill_and_return(service)
    line = MadeLine(service, line.project, line.url, line.arn, line.mapping, line.table)
    advance(shell, 5)
    assert line.depth() == 0
    assert line.pace("v1")["rate"] == {"N": "5"}
    advance(shell, 8)
    assert state(service) == "STOPPED"
    assert line.state() == "Disabled"
    shown = status(shell)
    assert [action["kind"] for action in shown["done"]][:2] == ["stop", "start"]
    assert shown["done"][1]["why"].startswith("14 images wait")
    assert shown["done"][0]["why"].startswith("no image has to be done now")
    assert shown["alarms"] == []


def test_a_queue_that_is_gone_is_told_of_and_nothing_is_started(plant: tuple[Shell, MadeLine]) -> None:
    shell, line = plant
    line.tell(queue_url=f"{line.url}-gone", queue_arn=f"{line.arn}-gone")
    before = status(shell)["done"]
    advance(shell, 70)
    shown = status(shell)
    assert shown["done"] == before
    assert shown["queue"]["says"].startswith("not known: ")
    assert shown["queue"]["visible"] is None


def test_status_makes_no_call_that_its_policy_lacks(plant: tuple[Shell, MadeLine]) -> None:
    shell, line = plant
    line.tell()
    assert needed(shell.run("--local", "-v", "schedule", "status").stderr) <= allowed(shell, "status")


def test_the_look_between_two_sweeps_is_gone_once_it_was_made(plant: tuple[Shell, MadeLine]) -> None:
    _, line = plant
    schedules = client(line.service, "scheduler").list_schedules(GroupName="customlabels-surface")["Schedules"]
    assert "look-again" not in [schedule["Name"] for schedule in schedules]

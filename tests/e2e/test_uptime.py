"""A schedule deployed onto the local service, as a person does it, and left to its clock."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from support.chaos import PACE, chaos, sequence
from support.local_services import Service, client
from support.policies import allowed, needed
from support.shells import Shell
from support.uptime_stack import deployed

from customlabels.emulator.server import address
from customlabels.scheduler.usage import unit_hours

pytestmark = pytest.mark.around

SETTINGS = """
[project]
name = "surface"
bucket = "customlabels-local"
[schedule]
time_zone = "Europe/Berlin"
warm_up = "20m"
monthly_budget = 500
notify = ["me@example.com"]
[[schedule.window]]
days = "daily"
start = "08:00"
stop = "10:00"
"""


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, Service]]:
    """A folder with a trained champion whose schedule is deployed; at three at night."""
    with deployed(tmp_path_factory.mktemp("uptime"), PACE, SETTINGS) as found:
        yield found


@pytest.fixture
def own_plant(tmp_path: Path) -> Iterator[tuple[Shell, Service]]:
    """As plant, for this test alone."""
    with deployed(tmp_path, PACE, SETTINGS) as found:
        yield found


def advance(shell: Shell, hours: float) -> datetime:
    return datetime.fromtimestamp(address.advance(shell.state, hours * 3600), UTC)


def night(shell: Shell) -> datetime:
    """Moves on to the next two at night by UTC, three in Berlin or four; nothing is up then."""
    now = advance(shell, 0)
    two = now.replace(hour=2, minute=0, second=0, microsecond=0)
    return advance(shell, ((two if two > now else two + timedelta(days=1)) - now) / timedelta(hours=1))


def test_a_day_by_its_clock(plant: tuple[Shell, Service]) -> None:
    shell, service = plant
    began = night(shell)
    evening = shell.json("--local", "schedule", "status")
    earlier = evening["done"]

    def done(shown: dict[str, Any]) -> list[str]:
        return [action["kind"] for action in takewhile(lambda action: action not in earlier, shown["done"])]

    assert "nothing to change" in shell.run("--local", "schedule", "deploy", "--yes").stdout
    assert shell.run("--local", "schedule", "diff").stdout.strip() == "no difference"
    advance(shell, 5.5)
    shown = shell.json("--local", "schedule", "status")
    assert [(one["version"], one["status"]) for one in shown["models"]] == [("v1", "RUNNING")]
    assert done(shown) == ["start"]
    assert shown["done"][0]["why"].startswith("warm-up for the window at")
    assert shown["alarms"] == []
    advance(shell, 2)
    shown = shell.json("--local", "schedule", "status")
    assert shown["models"][0]["status"] in {"STOPPING", "STOPPED"}
    assert done(shown) == ["stop", "start"]
    name = shown["models"][0]["version"]
    hours = unit_hours(client(service, "cloudwatch"), "surface", [name], start=began, end=advance(shell, 0))[name]
    # Up from 07:44 to 10:00; the start takes not quite four minutes of the twenty that it is early.
    assert hours == pytest.approx(2 + 16.25 / 60, abs=2 / 60)
    assert shown["dollars"] - evening["dollars"] == pytest.approx(hours * 4, abs=0.02)


def test_an_override_is_carried_out_at_once_and_by_hand_is_told_what_overrules(plant: tuple[Shell, Service]) -> None:
    shell, _ = plant
    assert "starts it again" not in shell.run_on("--local", "model", "stop").stderr
    made = shell.json("--local", "schedule", "override", "--on", "2h", "--why", "audit")
    assert made["up"]
    address.advance(shell.state, 600)
    shown = shell.json("--local", "schedule", "status")
    assert (shown["models"][0]["status"], shown["overrides"][0]["why"]) == ("RUNNING", "audit")
    assert "the schedule starts it again" in shell.run_on("--local", "model", "stop", minutes=1).stderr
    shell.run("--local", "schedule", "override", "--off", "until", "06:00")
    shown = shell.json("--local", "schedule", "status")
    assert [one["up"] for one in shown["overrides"]] == [True, False]
    assert shell.json("--local", "schedule", "override", "--clear")["ended"] == 2


def test_a_start_by_hand_is_told_when_it_will_be_overruled(plant: tuple[Shell, Service]) -> None:
    shell, _ = plant
    shell.run("--local", "schedule", "override", "--off", "20h")
    starting = shell.start("--local", "model", "start", "--yes")
    while starting.poll() is None:
        advance(shell, 0.05)
    assert "the schedule stops it within five minutes of its start: " in starting.communicate()[1]
    shell.run("--local", "schedule", "override", "--clear")


def test_an_override_that_cannot_be_is_refused(plant: tuple[Shell, Service]) -> None:
    shell, _ = plant
    for words, says in (
        (("--on", "3h", "--off", "3h"), "give one of --on, --off and --clear"),
        (("--on", "until"), "write the end as a span"),
    ):
        assert says in shell.run("--local", "schedule", "override", *words, expect=2).stderr


def test_changes_are_shown_and_asked_for(plant: tuple[Shell, Service]) -> None:
    shell, service = plant
    settings = shell.folder / "customlabels.toml"
    settings.write_text(SETTINGS.replace("08:00", "07:00"))
    try:
        assert '+      ScheduleExpression: "cron(40 6 ' in shell.run("--local", "schedule", "diff").stdout
        asked = shell.run("--local", "schedule", "deploy", expect=130)
        assert "Modify   Schedule" in asked.stdout
        before = client(service, "cloudformation").list_change_sets(StackName="customlabels-surface")["Summaries"]
        assert [one for one in before if one["ExecutionStatus"] == "AVAILABLE"] == []
        shell.run("--local", "schedule", "deploy", "--yes")
        assert shell.run("--local", "schedule", "diff").stdout.strip() == "no difference"
    finally:
        settings.write_text(SETTINGS)
        shell.run("--local", "schedule", "deploy", "--yes")


def test_the_schedules_commands_make_no_call_that_their_policies_lack(plant: tuple[Shell, Service]) -> None:
    shell, _ = plant
    settings = shell.folder / "customlabels.toml"
    settings.write_text(SETTINGS.replace("08:00", "07:30"))
    actions = allowed(shell, "schedule")
    try:
        for words in (["diff"], ["deploy", "--yes"], ["override", "--on", "1h", "--yes"], ["override", "--clear"]):
            assert needed(shell.run("--local", "-v", "schedule", *words).stderr) <= actions, words
    finally:
        settings.write_text(SETTINGS)
        shell.run("--local", "schedule", "deploy", "--yes")
    assert needed(shell.run("--local", "-v", "schedule", "status").stderr) <= allowed(shell, "status")


def test_a_template_is_rendered_for_other_tools(plant: tuple[Shell, Service]) -> None:
    shell, _ = plant
    made = shell.json("--local", "schedule", "render", "--to", "stack")
    assert made["key"] in (shell.folder / "stack" / "template.yaml").read_text()
    assert (shell.folder / "stack" / "functions.zip").stat().st_size < 55_000


def test_after_events_lost_doubled_and_late_and_calls_that_fail_all_comes_right(plant: tuple[Shell, Service]) -> None:
    _, service = plant
    with chaos(service, "surface", seed=3) as made:
        for _ in range(3):
            sequence(made)
    assert made.lost
    assert made.spoiled


def test_removing_leaves_nothing_and_stops_what_is_up(own_plant: tuple[Shell, Service]) -> None:
    shell, service = own_plant
    # Straight after the first deploy nothing has been looked at, and need not have been.
    assert shell.json("--local", "schedule", "status")["alarms"] == []
    shell.run("--local", "schedule", "override", "--on", "2h", "--yes")
    advance(shell, 0.2)
    assert "RUNNING" in {one["status"] for one in shell.json("--local", "model", "status")}
    actions = allowed(shell, "schedule")
    removed = shell.run_on("--local", "-v", "schedule", "remove", "--yes", "--output", "json", minutes=2)
    assert json.loads(removed.stdout)["deleted"]
    assert needed(removed.stderr) <= actions
    models = shell.json("--local", "model", "status")
    assert not [one for one in models if one["status"] in {"STARTING", "RUNNING"}]
    left = {
        "functions": client(service, "lambda").list_functions()["Functions"],
        "groups": [one for one in client(service, "scheduler").list_schedule_groups()["ScheduleGroups"]
                   if one["Name"] != "default"],
        "queues": client(service, "sqs").list_queues().get("QueueUrls", []),
        "topics": client(service, "sns").list_topics()["Topics"],
        "alarms": client(service, "cloudwatch").describe_alarms()["MetricAlarms"],
        "logs": client(service, "logs").describe_log_groups()["logGroups"],
        "roles": client(service, "iam").list_roles()["Roles"],
        "dashboards": client(service, "cloudwatch").list_dashboards()["DashboardEntries"],
        "code": [one["Key"] for one in service.s3.list_objects_v2(Bucket="customlabels-local")["Contents"]
                 if re.search(r"/functions/", one["Key"])],
        "parameters": [one["Name"] for one in client(service, "ssm").describe_parameters()["Parameters"]
                       if not one["Name"].endswith("/champion")],
    }  # fmt: skip
    assert {name: found for name, found in left.items() if found} == {}
    assert "no schedule is deployed" in shell.run("--local", "schedule", "status", expect=1).stderr

from pathlib import Path

import pytest
import yaml
from support.shells import Shell

SETTINGS = """
[schedule]
time_zone = "Europe/Berlin"
country = "DE"
[[schedule.window]]
days = "mon-fri"
start = "06:00"
stop = "22:00"
"""


def test_a_schedule_is_shown_and_tried_out_without_a_service(tmp_path: Path) -> None:

    shell = Shell(tmp_path)
    assert "no window is set" in shell.run("schedule", "show", expect=2).stderr
    (shell.folder / "customlabels.toml").write_text(SETTINGS)
    shown = shell.json("schedule", "show", "--days", "14")
    assert 6 <= len(shown["windows"]) <= 11
    assert shown["now"][0]["why"]
    assert "one unit that is never stopped" in shell.run("schedule", "show").stdout
    tried = shell.json("schedule", "simulate", "--weeks", "1", "--demand", "two-shift")
    assert tried["always_on_a_week"] == 672
    assert 0 < tried["dollars_a_week"] < 330
    assert (
        "least possible unit-hours" in shell.run("schedule", "simulate", "--weeks", "1", "--demand", "batches").stdout
    )
    (shell.folder / "customlabels.toml").write_text(SETTINGS.replace("mon-fri", "mond"))
    assert "schedule.window 1: days: 'mond'" in shell.run("schedule", "show", expect=2).stderr


UNAIDED = """
[project]
name = "surface"
bucket = "code"
region = "eu-west-1"
""" + SETTINGS.replace("mon-fri", "daily")


def test_a_template_is_rendered_without_credentials_and_says_what_it_lacks(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    (shell.folder / "customlabels.toml").write_text(UNAIDED)
    rendered = shell.run("schedule", "render")
    assert "no AWS credentials found: nothing of the account is in the template" in rendered.stderr
    template = yaml.load(rendered.stdout, yaml.BaseLoader)
    assert template["Parameters"]["ProjectArn"]["Type"] == "String"
    variables = template["Resources"]["Sweep"]["Properties"]["Environment"]["Variables"]
    assert variables["PROJECT_ARN"] == {"Ref": "ProjectArn"}
    shell.run("schedule", "render", "--to", "stack")
    assert sorted(path.name for path in (tmp_path / "stack").iterdir()) == ["functions.zip", "template.yaml"]
    assert "no AWS credentials found" in shell.run("schedule", "deploy", "--yes", expect=1).stderr


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('time_zone = "localtime"', "schedule.time_zone: 'localtime' is no time zone"),
        ('idle_stop = "0m"', "schedule.idle_stop: '0m' is shorter than 5 minutes"),
        ('warm_up = "90s"', "schedule.warm_up: '90s' is not whole minutes"),
    ],
)
def test_all_commands_check_a_schedule_alike(tmp_path: Path, line: str, says: str) -> None:
    shell = Shell(tmp_path)
    settings = UNAIDED.replace('time_zone = "Europe/Berlin"\n', "") if "time_zone" in line else UNAIDED
    (shell.folder / "customlabels.toml").write_text(settings.replace("[schedule]\n", f"[schedule]\n{line}\n"))
    for words in (("show",), ("simulate", "--weeks", "1"), ("render",), ("deploy", "--yes")):
        assert says in shell.run("schedule", *words, expect=2).stderr


def test_what_is_open_around_the_clock_ends_nowhere(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    always = UNAIDED.replace('country = "DE"\n', "").replace("06:00", "00:00").replace("22:00", "24:00")
    (shell.folder / "customlabels.toml").write_text(always)
    shown = shell.json("schedule", "show", "--days", "1")
    assert shown["now"] == [
        {"version": "champion", "units": 1, "why": "windows are open around the clock", "until": None}
    ]
    assert [(row["closes"], row["hours"], row["dollars"]) for row in shown["windows"]] == [(None, 24.0, 96.0)]

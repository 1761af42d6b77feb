from pathlib import Path

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

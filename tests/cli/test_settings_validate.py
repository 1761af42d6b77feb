"""customlabels settings validate: what commands would refuse, all in one go."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import draw

from customlabels.cli.group import run
from customlabels.core.errors import SettingsError
from customlabels.core.settings import TEMPLATE, ScheduleSettings
from customlabels.scheduler.schedule_settings import read_schedule
from customlabels.session import Session

FAULTY = {
    '[project]\nregion = "eu-north-7"': "project.region: Custom Labels is not available in eu-north-7",
    '[dataset]\nformat = "cocco"': "dataset.format: 'cocco' is no format",
    '[dataset]\nlabel_from = "name"': "dataset.label_pattern: goes with",
    '[dataset]\nlabel_pattern = "a"': "dataset.label_pattern: goes with",
    '[dataset]\nlabel_from = "name"\nlabel_pattern = "("': "dataset.label_pattern: '(' is no regular expression",
    '[dataset]\nlabel_rules = ["a: b >= high"]': "dataset.label_rules: 'a: b >= high': 'high' is no number",
    '[dataset]\ncolumns = { imagge = "1" }': "dataset.columns: imagge: no such role",
    '[dataset]\ndelimiter = ";;"': "dataset.delimiter: ';;' is not one character",
    '[dataset]\nencoding = "utf-99"': "dataset.encoding: 'utf-99' is no encoding",
    '[dataset]\ngroup_by = "("': "dataset.group_by: '(' is no regular expression",
    '[gate]\nmin_label = { crack = "0.9:recal" }': "gate.min_label crack: '0.9:recal' is no demand",
    '[schedule]\ntime_zone = "Europe/Berlim"': "schedule.time_zone: 'Europe/Berlim' is no time zone",
    '[[schedule.window]]\ndays = "mon"\nstart = "25:00"\nstop = "5:00"': "window 1: start",
    '[inspection]\nsource = "line-1"': "inspection.source: 'line-1' is not of the form",
    "[gate]\nmin_f1 = 2": "line 2, gate.min_f1",
    "[inspection]\nband = 60": "line 2, inspection.band: 60: has to be less than or equal to 50",
    '[inspection]\nband = "wide"': "line 2, inspection.band: 'wide': has to be a valid number",
    '[inspection]\ndefects = ["crack"]\nkeep = "36h"': "line 3, inspection.keep: '36h' is not whole days",
    "[inspection]\nkeep = 90": "line 2, inspection.keep: 90: has to be a valid string",
    '[inspection]\nanalyzers = ["text", "txet"]': "line 2, inspection.analyzers 2: 'txet': has to be 'labels', ",
    "[inspection]\ngolden = 3": "line 2, inspection.golden: 3: has to be a valid string",
    '[inspection]\ngolden = "nope"': "line 2, inspection.golden: ",
    '[inspection]\ngolden = "customlabels.toml"': "line 2, inspection.golden: ",
    '[inspection]\ngolden = "empty"': "line 2, inspection.golden: ",
    '[inspection]\ndeadline = "1m"': "line 2, inspection.deadline: '1m' is shorter than 5 minutes",
    '[inspection]\non_defect = "copy"': "line 1, inspection.defects_to: is not set",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # What the commented file names as an example has to be there.
    draw(tmp_path / "golden", {"across": 1, "down": 1})
    return tmp_path


@pytest.mark.parametrize("text", FAULTY)
def test_what_a_command_would_refuse_is_named_by_its_key(text: str, folder: Path) -> None:
    (folder / "customlabels.toml").write_text(text)
    (folder / "empty").mkdir()
    with pytest.raises(SettingsError) as refused:
        Session().check_settings(folder / "customlabels.toml")
    sentences = (refused.value.message, *refused.value.details)
    assert any(FAULTY[text] in sentence for sentence in sentences), sentences


def test_faults_of_all_sections_of_all_files_come_in_one_go(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.toml").write_text('[dataset]\nformat = "x"\n[gate]\nmin_label = { crack = "much" }\n')
    (folder / "b.toml").write_text('[schedule]\ntime_zone = "Mars"\nwarm_up = "soon"\n')
    assert run(["settings", "validate", "a.toml", "b.toml", "--output", "json"]) == 2
    told = json.loads(capsys.readouterr().err)
    sentences = [told["error"], *told["details"]]
    assert [sentence.split(" ")[:4] for sentence in sentences] == [
        ["a.toml:", "line", "2,", "dataset.format:"],
        ["a.toml:", "line", "4,", "gate.min_label"],
        ["b.toml:", "line", "2,", "schedule.time_zone:"],
        ["b.toml:", "line", "3,", "schedule.warm_up:"],
    ]


COMMENTED = [number for number, line in enumerate(TEMPLATE.splitlines()) if number > 1 and line.startswith("# ")]
NEEDED = {
    "[[schedule.window]]": ("# [[", "# days", "# start", "# stop"),
    "[inspection]": ('# source = "s3:', "# defects"),
    "[video]": ('# topic = "arn:aws:sns:eu-west-1:111122223333:AmazonRekognition', "# role", "# queue"),
}
"""What each section cannot do without."""


def uncommented(*numbers: int) -> str:
    """The commented file, with so many of its lines in force."""
    lines = TEMPLATE.splitlines()
    return "\n".join(line.removeprefix("# ") if number in numbers else line for number, line in enumerate(lines))


def test_the_commented_file_passes_as_it_stands_and_with_all_its_examples_in_force(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in (uncommented(), uncommented(*COMMENTED)):
        (folder / "customlabels.toml").write_text(text)
        assert run(["settings", "validate"]) == 0
        assert "customlabels.toml: nothing is wrong" in capsys.readouterr().out


def test_a_window_that_never_opens_is_refused_by_nobody_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("customlabels.toml").write_text('[[schedule.window]]\ndays = "2020-02-03"\nstart = "8:00"\nstop = "9:00"\n')
    assert run(["settings", "validate"]) == 0
    told = capsys.readouterr()
    assert "schedule.window 1: its last day, 2020-02-03, is past: it never opens again" in told.err
    assert "nothing is refused, but see the warnings" in told.out
    assert run(["schedule", "show"]) == 0
    assert "schedule.window 1: its last day" in capsys.readouterr().err


@pytest.mark.parametrize("number", COMMENTED)
def test_each_example_of_the_commented_file_passes_by_itself(folder: Path, number: int) -> None:
    lines = TEMPLATE.splitlines()
    section = next(line for line in reversed(lines[: number + 1]) if line.removeprefix("# ").startswith("["))
    needed = NEEDED.get(section.removeprefix("# "), ())
    with_it = [other for other in COMMENTED if lines[other].startswith(needed or "none")]
    (folder / "customlabels.toml").write_text(uncommented(number, *with_it))
    Session().check_settings(folder / "customlabels.toml")


def test_without_a_file_it_says_what_writes_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["settings", "validate"]) == 2
    assert "customlabels init" in capsys.readouterr().err


@given(st.text(alphabet="0123456789:hms .-", max_size=6))
def test_a_span_passes_where_a_schedule_takes_it(text: str) -> None:
    path = Path("customlabels.toml")
    path.write_text(f"[schedule]\nwarm_up = {json.dumps(text)}\n")

    def is_taken() -> bool:
        try:
            read_schedule(ScheduleSettings(warm_up=text), 2026)
        except SettingsError:
            return False
        return True

    def passes() -> bool:
        try:
            Session().check_settings(path)
        except SettingsError:
            return False
        return True

    assert passes() == is_taken()

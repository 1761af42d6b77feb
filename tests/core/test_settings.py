from pathlib import Path

import pytest

from customlabels.core.errors import SettingsError
from customlabels.core.settings import TEMPLATE, Settings, explanations, find_settings, load_settings


def test_the_nearest_file_upwards_is_found(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "customlabels.toml").touch()
    assert find_settings(below) == tmp_path / "customlabels.toml"


def test_a_mark_of_the_byte_order_is_no_part_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "customlabels.toml"
    path.write_text("[project]\nname = 'caps'\nmax_cost = 5\n", encoding="utf-8-sig")
    settings = load_settings(path).project
    assert (settings.name, settings.max_cost) == ("caps", 5)


def test_what_bears_the_name_and_is_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "customlabels.toml").symlink_to(tmp_path / "nowhere")
    path = find_settings(tmp_path)
    assert path == tmp_path / "customlabels.toml"
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(path)


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings(None) == Settings()


def test_the_template_is_valid_as_it_stands_and_with_every_comment_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "customlabels.toml"
    path.write_text(TEMPLATE)
    assert load_settings(path) == Settings()
    uncommented = [line.removeprefix("# ") for line in TEMPLATE.splitlines()[1:]]
    path.write_text("\n".join(uncommented))
    assert load_settings(path).gate.min_f1 == 0.8


def test_the_meaning_of_a_key_is_that_of_the_template_unless_it_needs_more_words() -> None:
    words = explanations()
    assert words["gate.min_f1"] == ("0.8", "exit 3 when the version's F1 is lower")
    assert words["schedule.window.units"] == ("2", "inference units of this window; default: those of [schedule]")
    assert words["dataset.masks"][0] == ""
    assert all(meaning and not meaning.endswith(".") for _, meaning in words.values())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[gate]\nmin_f1 = 1.5\n", ["gate.min_f1"]),
        ("[project]\nnmae = 'x'\n[gate]\nmin_f1 = 'high'\n", ["project.nmae", "gate.min_f1"]),
        ("[project]\nname = 'has blank'\n", ["project.name"]),
        ("[project\n", ["not valid TOML"]),
        ("[dataset]\ntest_fraction = 1.0\n", ["dataset.test_fraction"]),
        ("[gate]\nmin_f1 = true\n[schedule]\nunits = true\n", ["gate.min_f1", "schedule.units"]),
        ("[project]\nmax_cost = inf\n[dataset]\nseed = '5'\n", ["project.max_cost", "dataset.seed"]),
        ("[inspection]\nthresholds = { crack = true }\n", ["inspection.thresholds", "true"]),
        ("[schedule]\nmonthly_budget = nan\n", ["schedule.monthly_budget"]),
    ],
)
def test_every_fault_is_named_in_one_go(tmp_path: Path, text: str, names: list[str]) -> None:
    path = tmp_path / "customlabels.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    said = " ".join([caught.value.message, *caught.value.details])
    assert str(path) in said
    assert all(name in said for name in names)


FAULTY = """\
[project]
nmae = "x"

[gate]
min_f1 = 1.5   # of 1
min_label = { crack = 3 }

[[schedule.window]]
days = ["mon",
  "tue"]
start = "06:00"
stop = "07:00"

[[schedule.window]]
days = "tue"
start = "06:00"
units = 9
stpo = "x"

[trakc]
to = "mlflow"
"""


def test_faults_are_told_by_line_and_key_with_what_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "customlabels.toml"
    path.write_text(FAULTY)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert [caught.value.message.removeprefix(f"{path}: "), *caught.value.details] == [
        "line 2, project.nmae: there is no such key; did you mean name?",
        "line 5, gate.min_f1: 1.5: has to be less than or equal to 1",
        "line 6, gate.min_label.crack: 3: has to be a valid string",
        "line 14, schedule.window 2.stop: is missing",
        "line 17, schedule.window 2.units: 9: has to be less than or equal to 5",
        "line 18, schedule.window 2.stpo: there is no such key; did you mean stop?",
        "line 20, trakc: there is no such section; did you mean track?",
    ]

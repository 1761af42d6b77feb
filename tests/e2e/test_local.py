"""The local service as a person handles it: its clock, its pace, what models cost."""

from pathlib import Path

import pytest
from support.drawing import draw
from support.shells import Shell

from customlabels.emulator.server import address


@pytest.mark.around
def test_hours_that_a_model_was_up_are_shown_with_their_price(shell: Shell) -> None:
    draw(shell.folder / "photos", {"across": 6, "down": 6})
    shell.run("train", "photos", "--local", "-q")
    shell.run("model", "start", "--local", "--units", "2", "--yes")
    done = shell.run("local", "advance", "3h")
    assert "UTC there now" in done.stdout
    shell.run("model", "stop", "--local")
    shell.run("local", "advance", "2h")
    (row,) = shell.json("model", "status", "--local")
    assert (row["status"], row["units"]) == ("STOPPED", 0)
    assert row["unit_hours"] == pytest.approx(6, abs=0.2)
    assert row["dollars"] == pytest.approx(24, abs=1)
    assert "unit hours in 30 days" in shell.run("model", "status", "--local").stdout


def test_its_pace_and_its_folder_can_be_chosen(shell: Shell, tmp_path: Path) -> None:
    state = tmp_path / "elsewhere"
    try:
        started = shell.json("local", "start", "--state", str(state), "--real", "--rate", "7")
        assert started["state"] == str(state)
        found = address.running(state)
        assert found is not None
        assert found.pace == address.Pace(real=True, rate=7.0)
        refused = shell.run("local", "start", "--state", str(state), "--fast", expect=1)
        assert "running at another pace" in refused.stderr
    finally:
        address.stop(state)


@pytest.mark.parametrize(("span", "code"), [("soon", 2), ("-1h", 2)])
def test_a_span_that_is_none_is_wrong_usage(shell: Shell, span: str, code: int) -> None:
    assert "error: " in shell.run("local", "advance", span, expect=code).stderr


def test_the_clock_of_a_service_that_is_not_up_cannot_be_moved(shell: Shell) -> None:
    shell.run("local", "stop")
    assert "is not running" in shell.run("local", "advance", "1h", expect=1).stderr

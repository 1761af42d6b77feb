"""What a person, or a program, is told where a command ends otherwise than asked."""

import io
import json
import sys
from pathlib import Path

import pytest

from customlabels.cli.group import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["trian"], "did you mean train?"),
        (["versions", "lsit"], "did you mean list?"),
        (["dataset", "inspct", "x"], "did you mean inspect?"),
        (["local", "--jsno"], "--jsno"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(words: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    assert meant in capsys.readouterr().err


@pytest.mark.parametrize("words", [["train"], ["versions", "compare"], ["iam"]])
def test_help_before_a_command_is_its_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", *words]) == 0
    asked = capsys.readouterr().out
    assert run([*words, "--help"]) == 0
    assert capsys.readouterr().out == asked


def test_help_alone_is_the_overview(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: customlabels")


@pytest.mark.parametrize(
    ("words", "code"),
    [(["trian"], 2), (["train", "--min-f1", "7"], 2), (["dataset", "inspect", "missing"], 1), (["iam", "policy"], 2)],
)
@pytest.mark.parametrize("asked", [["--output", "json"], ["--output=json"]])
def test_errors_are_json_where_results_are(
    words: list[str], code: int, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run([*asked, *words])
    document = json.loads(capsys.readouterr().err)
    assert document["exit_code"] == ended
    assert document["error"]
    assert set(document) == {"error", "details", "hint", "exit_code"}
    if code == 2:
        assert ended == 2


@pytest.mark.parametrize("words", [["trian"], ["dataset", "inspect", "missing"], ["--config", "x", "iam", "policy"]])
def test_a_traceback_changes_no_code(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = run(words)
    told = capsys.readouterr().err
    assert run([*words, "--debug"]) == code
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert shown.endswith(told)


@pytest.mark.parametrize(
    ("answer", "told"), [("", "add --yes"), ("n\n", "the answer was no"), ("maybe\n", "add --yes")]
)
def test_a_question_that_is_not_agreed_to_ends_the_command(
    answer: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert run(["local", "reset"]) == 130
    errors = capsys.readouterr().err
    assert told in errors
    assert "again" not in errors


def test_an_answer_from_a_pipe_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert run(["local", "reset"]) == 0

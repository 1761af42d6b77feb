"""How a command ends that is told to, wherever that comes."""

import io
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from customlabels.cli.group import run


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_at_a_question_ends_with_its_own_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    code: int,
) -> None:
    class Answer(io.StringIO):
        def isatty(self) -> bool:
            return True

        def readline(self, *_: Any) -> str:
            signal.raise_signal(number)
            return "n\n"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", Answer())
    # As of a command that a person runs; tests that are run by nohup are told to ignore SIGHUP, and so would it.
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {each: signal.signal(each, handler) for each, handler in usual.items()}
    try:
        assert run(["local", "reset"]) == code
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert "run the same command again to go on" in capsys.readouterr().err


CLOSED = [(), (0,), (1,), (2,), (0, 1, 2)]


@pytest.mark.parametrize("closed", CLOSED, ids=[str(streams) for streams in CLOSED])
@pytest.mark.parametrize("words", [["dataset", "formats"], ["--help"]])
def test_a_command_whose_streams_are_closed_goes_on(tmp_path: Path, closed: tuple[int, ...], words: list[str]) -> None:
    streams = " ".join(f"{number}>&-" for number in closed)
    command = f"exec {shlex.join([sys.executable, '-m', 'customlabels.cli.main', *words])} {streams}"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == (1 not in closed)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("words", [["dataset", "formats"], ["--help"]])
def test_what_cannot_be_written_is_a_sentence(tmp_path: Path, words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "customlabels.cli.main", *words]
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "error: the system: No space left on device\n")

"""How a command ends that is told to, wherever that comes."""

import io
import signal
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
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert run(["local", "reset"]) == code
    finally:
        signal.signal(signal.SIGINT, before)
    assert "run the same command again to go on" in capsys.readouterr().err

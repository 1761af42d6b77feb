"""What a shell is given to complete: commands, and names that commands came across."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from customlabels.cli.group import run
from customlabels.core.known_names import names_file, recall, remember


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def completed(*words: str) -> list[str]:
    """What could stand in the place of the last word."""
    line = " ".join(("customlabels", *words))
    told = {"_CUSTOMLABELS_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    command = [sys.executable, "-m", "customlabels.cli.main"]
    done = subprocess.run(command, env=os.environ | told, capture_output=True, text=True, timeout=60, check=True)
    return [entry.partition(",")[2] for entry in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_that_its_shell_takes(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_CUSTOMLABELS_COMPLETE" in script
    if program := shutil.which(shell):
        (tmp_path / "script").write_text(script)
        subprocess.run([program, "-n", str(tmp_path / "script")], check=True)


def test_commands_and_names_are_completed() -> None:
    remember(project=["surface"], version=["v-2", "v-1", "other", "two words", "\x1b[2J"])
    assert completed("ver") == ["versions"]
    assert completed("versions", "show", "v-") == ["v-2", "v-1"]
    assert completed("versions", "list", "--project", "su") == ["surface"]
    assert completed("versions", "compare", "v-1", "o") == ["other"]


def test_names_are_kept_once_and_not_without_end(cache: Path) -> None:
    for number in range(300):
        remember(version=[f"v-{number}"])
    remember(version=["v-299"], label=["crack"])
    assert recall("version")[:2] == ["v-299", "v-298"]
    assert len(recall("version")) == 200
    assert recall("label") == ["crack"]
    assert names_file() == cache / "customlabels" / "names.json"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 3}', '{"version": [1, null]}'])
def test_a_damaged_file_of_names_is_as_good_as_none(text: str) -> None:
    names_file().parent.mkdir()
    names_file().write_text(text)
    assert recall("version") == []
    remember(version=["v-1"])
    assert recall("version") == ["v-1"]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    remember(version=["v-1"])
    assert recall("version") == []

"""The command on streams and terminals that people have."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from customlabels.cli.overview import overview
from customlabels.datasets.formats import folder
from customlabels.manifests.formats import FORMATS

COMMAND = (sys.executable, "-m", "customlabels.cli.main")


def on_terminal(width: int, *words: str) -> list[str]:
    """The lines that a command prints on a terminal of that many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen([*COMMAND, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                # So it ends where the other side is closed.
                break
            if not part:
                break
            parts.append(part)
        assert process.wait(60) == 0
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n").splitlines()


def test_a_table_fits_the_terminal_and_breaks_no_name() -> None:
    lines = on_terminal(60, "dataset", "formats")
    assert max(map(len, lines)) <= 60
    shown = {word for line in lines for word in line.split()}
    assert shown >= FORMATS.keys()
    assert shown >= set(folder.FORMAT.summary.split())


def test_a_pipe_gets_a_line_a_row() -> None:
    done = subprocess.run(
        [*COMMAND, "dataset", "formats"],
        env=os.environ | {"COLUMNS": "40"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert len([line for line in done.stdout.splitlines() if line.split()[:1]]) == len(FORMATS) + 2


@pytest.mark.parametrize("encoding", ["ascii:strict", "cp1252:strict", "latin-1"])
@pytest.mark.parametrize("output", ["table", "json"])
def test_a_name_is_told_on_a_stream_that_lacks_its_characters(encoding: str, output: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--output", output, "dataset", "inspect", "Größe–5 日本 \x1b[2J\u202e"],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    told = done.stderr.decode(encoding.partition(":")[0])
    assert done.returncode in (1, 2, 4)
    assert "fault of customlabels" not in told
    assert "\x1b" not in told
    assert "\\u65e5\\u672c" in told


def test_the_first_page_needs_no_more_than_ascii() -> None:
    assert overview().isascii()

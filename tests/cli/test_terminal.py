"""The command on streams and terminals that people have."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from customlabels.cli.group import root
from customlabels.cli.overview import overview
from customlabels.datasets.formats import folder
from customlabels.manifests.formats import FORMATS

COMMAND = (sys.executable, "-m", "customlabels.cli.main")


def on_terminal(width: int, *words: str, command: tuple[str, ...] = COMMAND) -> list[str]:
    """The lines that a command prints on a terminal of that many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen([*command, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
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


TABLE = """
from customlabels.core.console import Console
folder = "s3://acme-line-7-camera-images/arriving/2026/11/27/shift-2"
rows = [(f"{folder}/part-{number}.jpg", "defect", "crack") for number in range(3)]
Console().table(("image", "verdict", "why"), rows, title="found", give_way=("why",), addresses="image")
"""


def test_addresses_leave_room_for_what_is_said_of_them() -> None:
    command = (sys.executable, "-c", TABLE)
    lines = on_terminal(80, command=command)
    assert max(map(len, lines)) <= 80
    assert "found; below s3://acme-line-7-camera-images/arriving/2026/11/27/shift-2/" in lines
    assert [line.split() for line in lines if "part-1" in line] == [["part-1.jpg", "defect", "crack"]]
    # Where there is room, or nobody looks, each stands whole.
    piped = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    for wide in (on_terminal(200, command=command), piped):
        assert "found" in wide
        assert len([line for line in wide if "s3://acme-line-7-camera-images/arriving" in line]) == 3


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


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_first_page_fits_the_terminal(width: int) -> None:
    lines = overview(width).splitlines()
    examples = [line for line in lines if line.startswith("Example")]
    assert max(len(line) for line in lines if line not in examples) <= width
    assert overview(width).split() == overview().split()


def pages(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The page of help of each command, by how it is typed."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from pages(below, click.Context(below, parent=context, info_name=name))


def test_each_page_of_help_fits_80_columns() -> None:
    context = click.Context(root, info_name="customlabels", terminal_width=80)
    wide = {path: line for path, page in pages(root, context) for line in page.splitlines() if len(line) > 80}
    assert wide == {}


def test_a_page_of_help_is_in_the_characters_of_the_stream() -> None:
    done = subprocess.run(
        [*COMMAND, "train", "--help"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.isascii()
    assert b"coco, yolo ..." in done.stdout

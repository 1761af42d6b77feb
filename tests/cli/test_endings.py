"""How a command ends that is told to, wherever that comes."""

import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_at_a_question_ends_with_its_own_code(tmp_path: Path, number: signal.Signals, code: int) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "customlabels.cli.main", "local", "reset"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(theirs)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(ours, 1000)
    process.send_signal(number)
    # A terminal that nobody reads keeps who writes to it from ending; its end is an error.
    with suppress(OSError):
        while more := os.read(ours, 1000):
            shown += more
    assert process.wait(30) == code
    assert b"run the same command again to go on" in shown
    os.close(ours)

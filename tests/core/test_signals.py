"""Signals as exceptions: real processes that get real ones."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, time, weakref
from customlabels.core.signals import Terminated, orderly

class Thing:
    pass

def called_back(_):
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(0.05)

with orderly():
    try:
        thing = Thing()
        reference = weakref.ref(thing, called_back)
        del thing
        time.sleep(20)
    except KeyboardInterrupt as error:
        sys.exit(getattr(error, "exit_code", 130))
sys.exit("nothing was raised")
"""


@pytest.mark.parametrize(("number", "code"), [(2, 130), (1, 129), (15, 143)])
def test_a_signal_that_comes_while_python_calls_back_is_not_lost(number: int, code: int) -> None:
    process = subprocess.run([sys.executable, "-c", PROGRAM, str(number)], capture_output=True, text=True, timeout=30)
    assert (process.returncode, process.stderr) == (code, "")

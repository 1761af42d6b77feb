"""Every attribute of moto that is replaced is on one list, and is what it was when it was read."""

import subprocess
import sys


def test_moto_is_what_it_was_wherever_it_is_replaced() -> None:
    """What is listed here changed in moto: read it beside its replacement, then bring its digest up to date."""
    done = subprocess.run(
        [sys.executable, "-m", "customlabels.emulator.server.seams"], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


def test_every_seam_of_the_list_is_replaced_and_no_other() -> None:
    """A process that brings everything in replaces each entry of the list, and nothing that is not on it."""
    script = """
import tempfile
from pathlib import Path
from customlabels.emulator.server import seams
replaced = set()
def replace(seam, value, _replace=seams.replace):
    replaced.add(seam)
    return _replace(seam, value)
seams.replace = replace
from customlabels.emulator.server.address import Pace
from customlabels.emulator.server.application import Application
from customlabels.emulator.server.store import Store
with tempfile.TemporaryDirectory() as folder:
    Application(Store(Path(folder)), Pace(), "key")._moto._need_stacks()
    from customlabels.emulator.sagemaker import model_packages
    from customlabels.emulator.ssm import parameters
    model_packages.install()
    parameters.install()
print(sorted(set(seams.SEAMS) ^ replaced))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

"""A folder with a quick local service of its own, to run the command in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e_shell import Shell
from local_service import PACE

from customlabels.emulator import address


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path)
    address.start(made.state, pace=PACE)
    yield made
    address.stop(made.state)

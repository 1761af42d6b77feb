"""A folder with a quick local service of its own, to run the command in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.local_services import QUICK
from support.shells import Shell

from customlabels.emulator.server import address


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path)
    address.start(made.state, QUICK)
    yield made
    address.stop(made.state)

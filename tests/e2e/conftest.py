"""A folder with a quick local service of its own, to run the command in; and somebody who may do so much alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.local_services import QUICK, Service
from support.people import Person, make_person
from support.permission_uses import grounds, settled
from support.shells import Shell

from customlabels.emulator.server import address


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path)
    address.start(made.state, QUICK)
    yield made
    address.stop(made.state)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    """A service that enforces permissions, images here and in S3, and a folder to run commands in."""
    with grounds(tmp_path_factory.mktemp("permissions")) as found:
        yield found


@pytest.fixture
def person(ground: tuple[Service, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Person:
    """Somebody in that folder, with a champion."""
    return settled(make_person(*ground, monkeypatch, capsys))

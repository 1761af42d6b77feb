"""Services of the local service's own tests answer at once: what they look at is what was just done.

What is unkind of it has tests of its own: emulator/iam, and `Past` in customlabels.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.local_services import BUCKET, Service, connect

from customlabels.emulator.server import address


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all of them, with the bucket BUCKET in it; tests keep apart by the names they choose."""
    started = connect(tmp_path_factory.mktemp("kind"), pace=address.FAST)
    started.s3.create_bucket(Bucket=BUCKET)
    yield started
    address.stop(started.state)


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own, to be killed and searched."""
    started = connect(tmp_path / "state", pace=address.FAST)
    started.s3.create_bucket(Bucket=BUCKET)
    yield started
    address.stop(started.state)

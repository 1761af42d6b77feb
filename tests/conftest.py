"""What tests share: labelled images, a local service that every test may use, and which examples laws are tried on.

The same code is tried on the same examples, so that a run says something about the change and nothing else, and
a busy machine fails none of them; HYPOTHESIS_PROFILE=search looks for new ones.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest
from hypothesis import settings
from support.drawing import draw
from support.local_services import BUCKET, Service, connect

from customlabels.emulator.server import address

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# Descriptions of AWS's services are read once a process, not once for each of the many sessions that tests make of
# boto3: reading them was a third of their time.
_loader: Any = botocore.loaders.JSONFileLoader
_read = cache(_loader().load_file)
_loader.load_file = lambda _, path: _read(path)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten images of each of two labels; not to be changed."""
    return draw(tmp_path_factory.mktemp("surface") / "tiles", {"across": 10, "down": 10})


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests, with the bucket BUCKET in it; tests keep apart by the names they choose."""
    started = connect(tmp_path_factory.mktemp("service"))
    started.s3.create_bucket(Bucket=BUCKET)
    yield started
    address.stop(started.state)


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own, to be killed and searched."""
    started = connect(tmp_path / "state")
    started.s3.create_bucket(Bucket=BUCKET)
    yield started
    address.stop(started.state)

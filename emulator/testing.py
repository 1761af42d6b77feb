"""The local service for other projects' tests: a context manager, and a pytest fixture made of it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from customlabels.emulator.server import address

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_HIDDEN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


@contextmanager
def local_service(state: Path | None = None, pace: address.Pace = address.FAST) -> Iterator[str]:
    """Runs a local service for as long as the block does; its endpoint.

    Meanwhile the environment points boto3, the AWS CLI and any SDK at it (AWS_ENDPOINT_URL, credentials that are none,
    us-east-1), so that code under test needs no word about it.

    Parameters
    ----------
    state : a folder for what it holds; a new one that goes with it where it is None

    Raises
    ------
    ServiceError : it does not come up
    """
    with tempfile.TemporaryDirectory(prefix="customlabels-") as folder:
        place = state or Path(folder)
        endpoint = address.start(place, pace).endpoint_url
        before = dict(os.environ)
        for name in _HIDDEN:
            os.environ.pop(name, None)
        os.environ.update(_CREDENTIALS, AWS_ENDPOINT_URL=endpoint)
        try:
            yield endpoint
        finally:
            for name in (*_HIDDEN, *_CREDENTIALS, "AWS_ENDPOINT_URL"):
                os.environ.pop(name, None)
                if name in before:
                    os.environ[name] = before[name]
            address.stop(place)

"""The local service for other projects' tests: a context manager, and a pytest fixture made of it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import boto3

from customlabels.emulator.server import address

_REGION = "us-east-1"
_SET = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")
_HIDDEN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


@contextmanager
def local_service(
    state: Path | None = None, pace: address.Pace = address.FAST, *, strict: bool = False
) -> Iterator[str]:
    """Runs a local service for as long as the block does; its endpoint.

    Meanwhile the environment points boto3, the AWS CLI and any SDK at it (AWS_ENDPOINT_URL, credentials that only it
    takes, us-east-1), so that code under test needs no word about it. Clients that boto3 makes by itself have a session
    for that long: one keeps the credentials that it has looked up once, whatever the environment says later.

    Parameters
    ----------
    state : a folder for what it holds; a new one that goes with it where it is None
    strict : whether it is as unkind as AWS: answers lag behind writes, permissions are enforced, inputs are checked

    Raises
    ------
    ServiceError : it does not come up
    """
    with tempfile.TemporaryDirectory(prefix="customlabels-") as folder:
        chosen = state or Path(folder)
        service = address.start(chosen, replace(pace, strict=True) if strict else pace)
        before, session = dict(os.environ), boto3.DEFAULT_SESSION
        for name in _HIDDEN:
            os.environ.pop(name, None)
        values = (service.key, address.SECRET, _REGION, _REGION, service.endpoint_url)
        os.environ.update(zip(_SET, values, strict=True))
        boto3.DEFAULT_SESSION = None
        try:
            yield service.endpoint_url
        finally:
            boto3.DEFAULT_SESSION = session
            for name in (*_HIDDEN, *_SET):
                os.environ.pop(name, None)
                if name in before:
                    os.environ[name] = before[name]
            address.stop(chosen)

"""Fixtures for other projects' tests, which pytest finds by itself where this package is installed.

Nothing heavy is imported, and no service is started, before a test asks for one; `-p no:customlabels` leaves them out.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

import pytest

_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class LocalProject:
    """An empty project of the local service, and a bucket of its own for images, manifests and results."""

    name: str
    arn: str
    bucket: str


@pytest.fixture(scope="session")
def customlabels_service() -> Iterator[str]:
    """A local service for all tests of the session; its endpoint.

    From the first test that asks for it to the end of the session the environment points boto3, the AWS CLI and any SDK
    at it, so that nothing which a fixture left behind reaches AWS.
    """
    from customlabels.core.errors import ServiceError
    from customlabels.emulator.testing import local_service

    with ExitStack() as stack:
        try:
            endpoint = stack.enter_context(local_service())
        except ServiceError as error:
            pytest.fail(f"{error.message}; {error.hint}", pytrace=False)
        yield endpoint


@pytest.fixture
def customlabels_project(customlabels_service: str) -> LocalProject:  # noqa: ARG001 - it has to be up
    """A project and a bucket for one test, which no other test has; both go with the service."""
    import boto3

    name = f"test-{next(_NUMBERS)}"
    arn = boto3.client("rekognition").create_project(ProjectName=name)["ProjectArn"]
    bucket = f"customlabels-{name}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return LocalProject(name, arn, bucket)

"""What the probe of a project leaves to be removed."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from customlabels.core.errors import ServiceError
from customlabels.core.watching import UNWATCHED
from customlabels.pipelines.readiness.probe_project import probe_project
from customlabels.pipelines.readiness.removal import Removal


@pytest.mark.parametrize("code", ["AccessDeniedException", "LimitExceededException"])
def test_a_project_that_was_refused_is_not_waited_for_to_be_removed(code: str) -> None:
    asked: list[str] = []

    def create_project(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "CreateProject")

    def describe_projects(**_: Any) -> dict[str, Any]:
        asked.append("DescribeProjects")
        return {"ProjectDescriptions": []}

    paginator = SimpleNamespace(paginate=lambda **_: [describe_projects()])
    rekognition = SimpleNamespace(
        create_project=create_project, describe_projects=describe_projects, get_paginator=lambda _: paginator
    )
    clients: Any = SimpleNamespace(rekognition=rekognition)
    removal = Removal()
    with pytest.raises(ServiceError, match="creating project probe"):
        list(probe_project(clients, "probe", removal))
    removal.settle(UNWATCHED)
    assert (asked, removal.left) == (["DescribeProjects"], [])

"""Answers of the service that are cut off, lack what they always hold, or say what nobody knows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from support.drawing import drawn
from support.interception import Call, intercepted
from support.local_services import Service

from customlabels.aws.clients import Clients, Connection
from customlabels.core.errors import UNREACHED, ServiceError, TrainingFailed
from customlabels.pipelines.service import hosting
from customlabels.pipelines.service.detection import Detection, detect
from customlabels.pipelines.service.states import State
from customlabels.pipelines.service.versions import choose_version, list_versions
from customlabels.pipelines.training.submission import trained

ACCOUNT = "arn:aws:rekognition:us-east-1:123456789012"
PROJECT = f"{ACCOUNT}:project/parts/1700000000000"
VERSION = {
    "ProjectVersionArn": f"{ACCOUNT}:project/parts/version/v1/1700000000000",
    "Status": "RUNNING",
    "CreationTimestamp": 1700000000.0,
}


@contextmanager
def answering(service: Service, **bodies: bytes | dict[str, Any]) -> Iterator[Clients]:
    """Clients that are given these bodies as the answers to operations."""

    def alter(call: Call, _: bytes) -> bytes | None:
        body = bodies.get(call.what)
        return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()

    with intercepted(service.endpoint_url, alter=alter) as endpoint:
        yield Clients(Connection(region="us-east-1", endpoint_url=endpoint, local_key=service.key))


PROJECTS = {"ProjectDescriptions": [{"ProjectArn": f"{ACCOUNT}:project/parts/1", "Status": "CREATED"}]}


@pytest.mark.parametrize("lacking", [*VERSION, None])
def test_a_version_of_which_something_is_not_said_is_not_guessed_at(service: Service, lacking: str | None) -> None:
    version = {field: value for field, value in VERSION.items() if field != lacking}
    answer: dict[str, Any] = {"ProjectVersionDescriptions": [version]} if lacking else {}
    with (
        answering(service, DescribeProjects=PROJECTS, DescribeProjectVersions=answer) as clients,
        pytest.raises(ServiceError, match="is not whole: it has to give ProjectVersionArn, Status, CreationTimestamp"),
    ):
        list_versions(clients.rekognition, "parts")


@pytest.mark.parametrize(
    "body",
    [b'{"ProjectVersionDescriptions": [{"Sta', b"<html>please log in</html>"],
    ids=["cut off", "a page"],
)
def test_what_is_no_answer_of_the_service_is_not_reached(service: Service, body: bytes) -> None:
    with (
        answering(service, DescribeProjects=PROJECTS, DescribeProjectVersions=body) as clients,
        pytest.raises(ServiceError, match="no JSON: it was cut off, or is not the service's") as caught,
    ):
        choose_version(clients.rekognition, "parts", "v1")
    assert caught.value.code == UNREACHED


def test_a_model_in_a_state_that_nobody_knows_is_told_to_stop_and_not_taken_for_down(service: Service) -> None:
    answer = {"ProjectVersionDescriptions": [{**VERSION, "Status": "HIBERNATING"}]}
    stop = {"Status": "STOPPING"}
    with (
        answering(
            service, DescribeProjects=PROJECTS, DescribeProjectVersions=answer, StopProjectVersion=stop
        ) as clients,
        pytest.raises(ServiceError, match="HIBERNATING after it was told to stop, a state that is not known"),
    ):
        hosting.stop(clients.rekognition, str(VERSION["ProjectVersionArn"]))


LABEL = {
    "Name": "crack",
    "Confidence": 90.0,
    "Geometry": {"BoundingBox": {"Left": 0, "Top": 0, "Width": 1, "Height": 1}},
}
ODD: dict[str, Any] = {
    "no labels": {},
    "no name": {"CustomLabels": [{"Confidence": 90.0}]},
    "no confidence": {"CustomLabels": [LABEL, {"Name": "pit"}]},
    "confidence that is no number": {"CustomLabels": [{**LABEL, "Confidence": float("nan")}]},
    "half a box": {"CustomLabels": [{**LABEL, "Geometry": {"BoundingBox": {"Left": 0, "Width": 1}}}]},
}


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
def test_an_odd_answer_on_an_image_is_a_fault_of_that_image(service: Service, answer: dict[str, Any]) -> None:
    (detection,) = detected(service, answer)
    assert detection.labels == ()
    assert "the answer is not whole" in (detection.error or "")


def test_a_whole_answer_is_taken(service: Service) -> None:
    (detection,) = detected(service, {"CustomLabels": [LABEL, {"Name": "ok", "Confidence": 5}]})
    assert [(label.label, label.confidence, label.box) for label in detection.labels] == [
        ("crack", 90.0, (0, 0, 1, 1)),
        ("ok", 5, None),
    ]


def detected(service: Service, answer: dict[str, Any]) -> list[Detection]:
    with answering(service, DetectCustomLabels=answer) as clients:
        image = BytesIO()
        drawn(0, 0, 96).save(image, "PNG")
        return list(detect(clients.rekognition, str(VERSION["ProjectVersionArn"]), [("a.png", image.getvalue())]))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("fresh", [True, False])
def test_a_training_is_waited_for_only_while_it_can_end(service: Service, state: State, fresh: bool) -> None:
    goes_on = {State.TRAINING_IN_PROGRESS, State.COPYING_COMPLETED}
    answer = {"ProjectVersionDescriptions": [{**VERSION, "Status": state}]}
    with answering(service, DescribeProjectVersions=answer) as clients:
        if state is State.TRAINING_FAILED or not (fresh or state in goes_on):
            with pytest.raises(TrainingFailed):
                trained(clients.rekognition, PROJECT, "v1", fresh=fresh)
        else:
            version = trained(clients.rekognition, PROJECT, "v1", fresh=fresh)
            assert (version is not None) == (state is State.COPYING_COMPLETED)


def test_a_training_in_a_state_that_nobody_knows_is_waited_for(service: Service) -> None:
    answer = {"ProjectVersionDescriptions": [{**VERSION, "Status": "TRAINING_PAUSED"}]}
    with answering(service, DescribeProjectVersions=answer) as clients:
        assert trained(clients.rekognition, PROJECT, "v1") is None

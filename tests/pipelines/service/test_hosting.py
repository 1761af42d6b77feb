from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.local_services import Service, begin_training

from customlabels.core.errors import ServiceError
from customlabels.core.prices import hosting_cost, training_cost
from customlabels.core.waiting import wait_for
from customlabels.pipelines.service import hosting
from customlabels.pipelines.service.states import State


def test_a_version_that_is_gone_is_named(service: Service) -> None:
    arn = "arn:aws:rekognition:us-east-1:123456789012:project/nowhere/version/v9/1"
    for call in (
        lambda: hosting.start(service.rekognition, arn, units=1),
        lambda: hosting.stop(service.rekognition, arn),
    ):
        with pytest.raises(ServiceError, match="version v9 of nowhere does not exist"):
            call()


def test_prices_are_those_that_the_service_charges() -> None:
    assert hosting_cost(hours=8, units=2) == 64
    assert training_cost(1800) == 0.5


def at_once(call: Callable[[], bool]) -> list[bool]:
    """What four get who call at the same time."""
    with ThreadPoolExecutor(4) as threads:
        return sorted(threads.map(lambda _: call(), range(4)))


def test_of_several_who_start_or_stop_at_once_one_does_and_all_see_it_done(own_service: Service, images: Path) -> None:
    rekognition = own_service.rekognition
    _, version = begin_training(own_service, "shared", images)
    wait_for(
        lambda: hosting.status(rekognition, version) == State.TRAINING_COMPLETED or None, what="the training", most=60
    )
    for _ in range(3):
        assert at_once(lambda: hosting.start(rekognition, version, units=1)) == [False, False, False, True]
        assert hosting.status(rekognition, version) == State.RUNNING
        assert hosting.start(rekognition, version, units=1) is False
        assert at_once(lambda: hosting.stop(rekognition, version)) == [False, False, False, True]
        assert hosting.status(rekognition, version) == State.STOPPED
        assert hosting.stop(rekognition, version) is False

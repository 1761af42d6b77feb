import pytest
from support.local_services import Service

from customlabels.core.errors import ServiceError
from customlabels.core.prices import hosting_cost, training_cost
from customlabels.pipelines.service import hosting


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

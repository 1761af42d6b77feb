"""What an image is charged is what the function calls for it, counted on the local service."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.inspected import Line, line
from support.local_services import connect

from customlabels.emulator.server import address
from customlabels.inspection.inspection_settings import workers
from customlabels.inspection.own_cost import dollars_an_image, image_charges

IMAGES = 10


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Iterator[Line]:
    service = connect(tmp_path_factory.mktemp("line"))
    yield line(service, images, tmp_path_factory.mktemp("drawn"))
    address.stop(service.state)


@pytest.mark.around
def test_a_batch_of_new_images_makes_the_calls_that_they_are_charged_for(made: Line) -> None:
    bodies = [made.put(f"in/{number}.jpg", made.bodies["down0"] + b"%d" % number) for number in range(IMAGES)]
    calls, clients = Counter[str](), made.clients()
    for each in (clients.rekognition, clients.s3, clients.events, clients.table.dynamodb):
        each.meta.events.register("before-call.*.*", lambda model, **_: calls.update([model.name]))
    made.look(bodies, clients=clients)
    counts = {charge.what: IMAGES * charge.count for charge in image_charges(3, 5.0)}
    # A lease reads once and writes twice at most; the index of sightings is written by DynamoDB itself.
    assert calls["GetItem"] == counts["reads of it"] + counts["turns leased"]
    assert calls["PutItem"] + IMAGES == counts["writes of the results table"]
    assert calls["UpdateItem"] <= 2 * counts["turns leased"]
    assert calls["PutEvents"] == counts["events"]
    assert (calls["GetObject"], calls["HeadObject"]) == (counts["objects read from S3"], 0)
    assert calls["DetectCustomLabels"] == IMAGES


@pytest.mark.parametrize("units", [1, 2, 5])
def test_a_thousand_images_cost_no_more_than_six_tenths_of_a_cent_around_the_model(units: int) -> None:
    rate = 5.0 * units
    assert 1000 * dollars_an_image(workers(rate), rate) <= 0.006

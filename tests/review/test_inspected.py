"""What was inspected, as images that may be asked about."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from support.inspected import make_table
from support.local_services import Service, client

from customlabels.core.addresses import S3Address
from customlabels.core.errors import LayoutError
from customlabels.inspection import claims, records
from customlabels.inspection.claims import Claim, Table
from customlabels.inspection.records import Arrival, Sighting
from customlabels.inspection.rules import Analysis, Judgement, Seen, Verdict, analysed
from customlabels.review.images import image_key
from customlabels.review.inspected import newest_version, read_inspected

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def sighting(image: str, version: str, key: str = "") -> Sighting:
    address = S3Address("line-1", key or f"{image}.jpg")
    return Sighting(image, address, NOW, version, Judgement(Verdict.PASS))


def test_images_are_those_of_the_version_that_looked_last_each_once() -> None:
    crack = analysed([Seen("crack", 80.0, (0.1, 0.1, 0.2, 0.2))], 5.0)
    sightings = [
        (sighting("a", "v1"), crack),
        (sighting("b", "v1"), crack),
        (sighting("b", "v2"), Analysis((), 7.0)),
        (sighting("c", "v2"), Analysis(refusal="too large")),
        (sighting("d", "v2"), crack),
        (sighting("d", "v2", "again.jpg"), crack),
    ]
    detected, others = newest_version(sightings)
    assert (detected.version, detected.least, detected.failed, others) == ("v2", 7.0, 1, 1)
    assert [candidate.source for candidate in detected.candidates] == ["s3://line-1/b.jpg", "s3://line-1/d.jpg"]
    (label,) = detected.candidates[1].seen
    assert (label.label, label.confidence, label.box) == ("crack", 80.0, (0.1, 0.1, 0.2, 0.2))


def test_a_file_and_an_image_of_the_line_are_known_by_the_same_key() -> None:
    assert image_key('"abc"', 9) == image_key("abc", 9) == records.by_etag("abc", 9)


@pytest.fixture
def table(service: Service) -> Iterator[Table]:
    made = make_table(client(service, "dynamodb"), "reviewed")
    yield made
    made.dynamodb.delete_table(TableName="reviewed")


def test_the_results_table_is_picked_from(table: Table) -> None:
    analysis = analysed([Seen("crack", 61.0), Seen("dent", 12.0)], 5.0)
    image = records.by_etag("abc", 9)
    arrival = Arrival(S3Address("line-1", "a.jpg"), "abc", 9, "0A", NOW)
    seen = Sighting(image, arrival.address, NOW, "v1", Judgement(Verdict.PASS), analysis.top)
    about = {"now": 0, "until": 1, "expires": int((NOW + timedelta(days=9)).timestamp())}
    for key, given, result in (
        (records.analysis_key(image, "v1"), {}, records.of_analysis(analysis, milliseconds=7)),
        (records.sighting_key(image, arrival), records.about_sighting(arrival.address), records.of_sighting(seen)),
    ):
        claimed = claims.claim(table, key, about=given, **about)
        assert isinstance(claimed, Claim)
        assert claims.finish(table, claimed, result)
    detected, _ = read_inspected(table, since=NOW - timedelta(hours=1), now=NOW + timedelta(hours=1))
    (candidate,) = detected.candidates
    assert (candidate.image, candidate.name, candidate.source) == (image, "a.jpg", "s3://line-1/a.jpg")
    assert [(label.label, label.confidence) for label in candidate.seen] == [("crack", 61.0), ("dent", 12.0)]
    with pytest.raises(LayoutError, match="no image was inspected"):
        read_inspected(table, since=NOW + timedelta(minutes=1), now=NOW + timedelta(hours=1))

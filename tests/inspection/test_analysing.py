"""The image router: each distinct image is shown to each analyzer once, whatever comes twice and whoever looks."""

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.local_services import BUCKET, Service, client

from customlabels.core.addresses import S3Address
from customlabels.core.errors import ServiceError
from customlabels.inspection import analysing, claims, records
from customlabels.inspection.analyzers import ANALYZERS, Findings, price
from customlabels.inspection.claims import Busy, Claim, Table
from customlabels.inspection.rules import Seen
from customlabels.session import Session

NAMES = ["text", "moderation", "labels"]
NOW = 1_800_000_000_000


@pytest.fixture
def table(service: Service, request: pytest.FixtureRequest) -> Iterator[Table]:
    name = f"customlabels-{request.node.name[:20].replace('_', '-')}-inspection-results"
    dynamodb = client(service, "dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    yield Table(dynamodb, name)
    dynamodb.delete_table(TableName=name)


def asked(table: Table, image: str, answers: list[Findings], calls: list[str]) -> Findings | Busy:
    def ask() -> Findings:
        calls.append(image)
        return answers[-1]

    return analysing.analyse(
        analysing.Versions(table), image, ANALYZERS["text"], ask, now=NOW, until=NOW + 1000, expires=NOW // 1000 + 60
    )


def test_a_known_image_costs_no_call_until_another_version_of_the_model_shows(table: Table) -> None:
    calls: list[str] = []
    old = Findings("3.0", (Seen("LOT 4711", 99.0, (0.1, 0.2, 0.3, 0.4)),))
    new = Findings("3.1", (Seen("LOT 4711", 99.5, (0.1, 0.2, 0.3, 0.4)),))
    answers = [old]
    assert asked(table, "a", answers, calls) == old
    assert asked(table, "a", answers, calls) == old
    assert asked(table, "b", answers, calls) == old
    assert calls == ["a", "b"]
    answers.append(new)
    assert asked(table, "a", answers, calls) == old
    assert asked(table, "c", answers, calls) == new
    assert [asked(table, image, answers, calls) for image in "abc"] == [new] * 3
    assert calls == ["a", "b", "c", "a", "b"]
    rows = table.dynamodb.scan(TableName=table.name)["Items"]
    assert Counter(row["sk"]["S"] for row in rows) == {"a#text#3.0": 2, "a#text#3.1": 3, "-": 1}


def test_what_fails_is_given_back_and_what_somebody_holds_is_not_asked(table: Table) -> None:
    def fails() -> Findings:
        raise ServiceError("throttled")

    with pytest.raises(ServiceError):
        analysing.analyse(
            analysing.Versions(table), "a", ANALYZERS["text"], fails, now=NOW, until=NOW + 1000, expires=NOW
        )
    calls: list[str] = []
    assert asked(table, "a", [Findings("3.0")], calls) == Findings("3.0")
    held = claims.claim(
        table, records.analysis_key("b", "3.0", "text"), now=NOW, until=NOW + 9000, expires=NOW // 1000 + 60
    )
    assert isinstance(held, Claim)
    assert asked(table, "b", [Findings("3.0")], calls) == Busy(NOW + 9000)
    assert calls == ["a"]


def test_an_image_that_is_refused_is_not_asked_for_again(table: Table) -> None:
    calls: list[str] = []
    refused = Findings("", refusal="ImageTooLargeException: too large")
    first = asked(table, "a", [refused], calls)
    assert isinstance(first, Findings)
    again = asked(table, "a", [refused], calls)
    assert isinstance(again, Findings)
    assert (again.refusal, calls) == (refused.refusal, ["a"])


def test_prices_are_those_of_each_operation_for_itself() -> None:
    assert price(NAMES, 1000) == pytest.approx(3.0)
    assert price(["properties"], 1000) == pytest.approx(0.75)


def pictures(service: Service, count: int, distinct: int) -> list[tuple[str, S3Address]]:
    images = []
    for number in range(count):
        body = io.BytesIO()
        Image.fromarray(np.full((80, 80, 3), number % distinct, np.uint8)).save(body, "PNG")
        key = f"router/{number}.png"
        tags = f"rekognition-text=LOT {number % distinct}:99&rekognition-moderation=&rekognition-labels=Person:90"
        service.s3.put_object(Bucket=BUCKET, Key=key, Body=body.getvalue(), Tagging=tags)
        images.append((key, S3Address(BUCKET, key)))
    return images


def test_the_router_calls_once_an_image_and_analyzer_and_never_the_second_time(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from customlabels.inspection.stack.template import names_of

    dynamodb = client(service, "dynamodb")
    dynamodb.create_table(
        TableName=names_of("router").table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    monkeypatch.chdir(tmp_path)
    for name, value in {"AWS_ACCESS_KEY_ID": service.key, "AWS_SECRET_ACCESS_KEY": "SECRET"}.items():
        monkeypatch.setenv(name, value)
    session = Session(endpoint_url=service.endpoint_url, region="us-east-1")
    calls: Counter[str] = Counter()
    session.clients.rekognition.meta.events.register(
        "before-call.rekognition.*", lambda model, **_: calls.update([model.name])
    )
    images = pictures(service, 12, 8)

    def routed() -> dict[str, Any]:
        return dict(session.analyses(images, NAMES, results_of="router", rate=1000))

    first = routed()
    assert calls == {"DetectText": 8, "DetectModerationLabels": 8, "DetectLabels": 8}
    assert [first[name]["text"].seen[0].label for name, _ in images] == [f"LOT {number % 8}" for number in range(12)]
    calls.clear()
    assert routed() == first
    assert not calls

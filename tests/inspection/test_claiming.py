"""What workers claim of an image: its laws, whoever comes, is late or dies, and however few writes that takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.inspected import BUCKET, at
from support.local_services import Service
from support.results_tables import results_table

from customlabels.inspection import claims, records
from customlabels.inspection.claims import Key, Table
from customlabels.inspection.functions.asking import NotNow
from customlabels.inspection.functions.claiming import Held, Times, hold
from customlabels.inspection.functions.knowledge import Version
from customlabels.inspection.records import Arrival, Sighting
from customlabels.inspection.rules import Analysis, Judgement, Verdict

HOLDS, KEPT = 60_000, 10_000
NUMBERS = count()
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
V1 = Version("v1", "arn:aws:rekognition:us-east-1:123456789012:project/line/version/v1/1")


@pytest.fixture(scope="module")
def table(service: Service) -> Iterator[Table]:
    with results_table(service, "claiming") as table:
        yield table


def arrivals(image: str, names: list[str]) -> dict[Key, Arrival]:
    arrived = [Arrival(at(f"s3://{BUCKET}/in/{name}"), "e", 1, "1", NOON) for name in names]
    return {records.sighting_key(image, arrival): arrival for arrival in arrived}


def held(table: Table, image: str, names: list[str], now: int, *, alone: bool = True) -> Held | None:
    """What a worker holds then; None where it has to come again."""
    holding = Held()
    try:
        hold(
            table,
            image,
            arrivals(image, names),
            V1,
            Times(now, now + HOLDS, now // 1000 + KEPT),
            alone=alone,
            held=holding,
        )
    except NotNow:
        give_back(table, holding)
        return None
    return holding


def give_back(table: Table, holding: Held, error: str | None = None) -> None:
    for claim, why in holding.given_back(error):
        claims.release(table, claim, why)


def sighting(image: str, arrival: Arrival) -> dict[str, object]:
    return records.of_sighting(Sighting(image, arrival.address, arrival.at, "v1", Judgement(Verdict.PASS)))


def looked(table: Table, holding: Held) -> bool:
    """Keeps an analysis, where one was claimed; whether that held."""
    if holding.analysis is None:
        return holding.known is not None
    if not claims.finish(table, holding.analysis, records.of_analysis(Analysis(floor=5.0), milliseconds=1)):
        holding.analysis = None
        return False
    holding.known = Analysis()
    return True


def seen_to(table: Table, image: str, holding: Held) -> list[str]:
    """Keeps the sightings; the keys of those whose claims held."""
    return [
        arrival.address.key
        for claim, arrival in holding.sightings
        if claims.finish(table, claim, sighting(image, arrival))
    ]


def items(table: Table, image: str) -> list[str]:
    answer = table.dynamodb.query(
        TableName=table.name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": image}},
    )
    return [item["state"]["S"] for item in answer["Items"]]


def test_a_new_image_takes_a_write_for_its_claims_and_one_for_each_result(table: Table) -> None:
    image, writes = f"i#few{next(NUMBERS)}:1", list[str]()

    def note(model: Any, **_: Any) -> None:
        writes.append(model.name)

    table.dynamodb.meta.events.register("before-call.dynamodb", note, unique_id="note")
    try:
        holding = held(table, image, ["a"], 0)
        assert holding is not None
        assert looked(table, holding)
        assert seen_to(table, image, holding) == ["in/a"]
        assert writes == ["GetItem", "PutItem", "PutItem", "PutItem"]
        writes.clear()
        again = held(table, image, ["a"], 1)
        assert again is not None
        assert (again.sightings, [*again.done], writes) == ([], [*arrivals(image, ["a"])], ["GetItem"])
    finally:
        table.dynamodb.meta.events.unregister("before-call.dynamodb", unique_id="note")


def test_whoever_comes_between_the_analysis_and_the_sighting_waits_and_another_key_does_not(table: Table) -> None:
    image = f"i#between{next(NUMBERS)}:1"
    first = held(table, image, ["a"], 0)
    assert first is not None
    assert held(table, image, ["a"], 1) is None
    assert held(table, image, ["b"], 1) is None
    assert looked(table, first)
    assert held(table, image, ["a"], 2) is None
    other = held(table, image, ["b"], 2)
    assert other is not None
    assert other.known is not None
    assert seen_to(table, image, other) == ["in/b"]
    # Its time is out, and what it did not come to is taken over.
    second = held(table, image, ["a"], HOLDS)
    assert second is not None
    assert seen_to(table, image, first) == []
    assert seen_to(table, image, second) == ["in/a"]
    assert items(table, image) == ["done", "done", "done"]


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_given_back_is_anybodys_at_once(table: Table, kept: bool) -> None:
    image = f"i#back{next(NUMBERS)}:1"
    first = held(table, image, ["a"], 0)
    assert first is not None
    assert not kept or looked(table, first)
    give_back(table, first, "AccessDenied")
    second = held(table, image, ["a"], 1)
    assert second is not None
    assert (second.known is not None) == kept
    assert looked(table, second)
    assert seen_to(table, image, second) == ["in/a"]


def test_an_error_noted_late_leaves_the_result_of_whoever_took_over(table: Table) -> None:
    image = f"i#late{next(NUMBERS)}:1"
    first = held(table, image, ["a"], 0)
    second = held(table, image, ["a"], HOLDS)
    assert first is not None
    assert second is not None
    give_back(table, first, "it was late")
    assert looked(table, second)
    assert seen_to(table, image, second) == ["in/a"]
    assert items(table, image) == ["done", "done"]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["come", "look", "see", "kill", "give back", "fail"]),
        st.sets(st.sampled_from("ab"), min_size=1),
        st.sampled_from([0, 1, 1000, HOLDS]),
    ),
    max_size=16,
)


@settings(max_examples=60)
@given(STEPS, st.booleans())
def test_however_workers_come_die_and_are_late_each_sighting_is_done_once_and_none_is_lost(
    table: Table, steps: list[tuple[int, str, set[str], int]], alone: bool
) -> None:
    image, now = f"i#law{next(NUMBERS)}:1", 0
    at_work: dict[int, tuple[Held, int]] = {}
    done: list[str] = []
    calls = ends = 0
    for worker, step, names, passes in steps:
        now += passes
        if step == "come" and worker not in at_work:
            holding = held(table, image, sorted(names), now, alone=alone)
            if holding is not None:
                at_work[worker] = holding, now + HOLDS
                # Nobody else sees to the same at the same time, but for who is late.
                others = [
                    arrival.address
                    for other, (those, until) in at_work.items()
                    if other != worker and until > now
                    for _, arrival in those.sightings
                ]
                assert not {arrival.address for _, arrival in holding.sightings} & set(others)
        elif worker in at_work:
            holding, _ = at_work[worker]
            if step == "look" and holding.known is None:
                calls += holding.analysis is not None
                if not looked(table, holding):
                    del at_work[worker]
                    give_back(table, holding)
                    ends += 1
            elif step == "see" and holding.known is not None:
                del at_work[worker]
                done += seen_to(table, image, holding)
            elif step in ("kill", "give back", "fail"):
                del at_work[worker]
                ends += 1
                if step != "kill":
                    give_back(table, holding, "failed" if step == "fail" else None)
    assert calls <= 1 + ends + len(at_work)
    assert len(done) == len(set(done))
    # Whoever is left is late, and whoever comes last does what is left to be done.
    now += HOLDS
    for holding, _ in at_work.values():
        give_back(table, holding, "late")
    last = held(table, image, ["a", "b"], now, alone=alone)
    assert last is not None
    assert looked(table, last) or not last.sightings
    done += seen_to(table, image, last)
    assert sorted(done) == ["in/a", "in/b"]
    assert items(table, image) == ["done"] * 3

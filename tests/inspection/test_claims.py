"""Claims: the laws that make a kill, a doubled event and a late one harmless, on the service's own DynamoDB."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.local_services import Service
from support.results_tables import results_table

from customlabels.inspection.claims import Busy, Claim, Done, Key, Table, claim, finish, is_alive, release

HOLDS, KEPT = 60_000, 10_000
NUMBERS = count()


@pytest.fixture(scope="module")
def table(service: Service) -> Iterator[Table]:
    with results_table(service, "claims") as table:
        yield table


def new_key() -> Key:
    return Key(f"i#{next(NUMBERS)}:1", "a#custom-labels#v1")


def taken(table: Table, key: Key, now: int, **more: str) -> Claim | Done | Busy:
    return claim(table, key, now=now, until=now + HOLDS, expires=now // 1000 + KEPT, same=more or None)


def test_who_comes_second_waits_and_is_given_the_result_when_it_is_done(table: Table) -> None:
    key = new_key()
    first = taken(table, key, 1_000)
    assert isinstance(first, Claim)
    assert taken(table, key, 2_000) == Busy(1_000 + HOLDS)
    assert finish(table, first, {"labels": [{"label": "crack", "confidence": 61.25, "box": None}]})
    second = taken(table, key, 1_000 + HOLDS)
    assert isinstance(second, Done)
    assert second.item["labels"] == [{"label": "crack", "confidence": 61.25}]


def test_a_claim_whose_time_is_out_is_taken_over_and_its_holder_writes_nothing_any_more(table: Table) -> None:
    key = new_key()
    first = taken(table, key, 0)
    second = taken(table, key, HOLDS)
    assert isinstance(first, Claim)
    assert isinstance(second, Claim)
    assert not finish(table, first, {"by": "first"})
    release(table, first)
    release(table, first, "failed")
    assert finish(table, second, {"by": "second"})
    assert not finish(table, first, {"by": "first"})
    done = taken(table, key, HOLDS)
    assert isinstance(done, Done)
    assert done.item["by"] == "second"


def test_a_claim_that_is_given_back_is_anybodys_and_what_failed_stands_in_it(table: Table) -> None:
    key = new_key()
    first = taken(table, key, 0)
    assert isinstance(first, Claim)
    release(table, first, "AccessDenied")
    shown = table.dynamodb.get_item(TableName=table.name, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})["Item"]
    assert shown["error"] == {"S": "AccessDenied"}
    second = taken(table, key, 1)
    assert isinstance(second, Claim)
    release(table, second)
    assert "Item" not in table.dynamodb.get_item(TableName=table.name, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})


def test_what_has_expired_is_as_if_it_were_not_there(table: Table) -> None:
    key = new_key()
    first = taken(table, key, 0)
    assert isinstance(first, Claim)
    assert finish(table, first, {})
    assert isinstance(taken(table, key, KEPT * 1000 - 1), Done)
    assert not is_alive({"expires": KEPT}, KEPT)
    assert isinstance(taken(table, key, KEPT * 1000), Claim)


def test_the_result_of_a_version_that_was_trained_anew_under_its_name_is_none_of_this_one(table: Table) -> None:
    key = new_key()
    first = taken(table, key, 0, arn="v1/1")
    assert isinstance(first, Claim)
    assert finish(table, first, {})
    assert isinstance(taken(table, key, 1, arn="v1/1"), Done)
    assert isinstance(taken(table, key, 1, arn="v1/2"), Claim)


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["claim", "finish", "kill", "release"]), st.integers(0, HOLDS)),
    max_size=14,
)


@settings(max_examples=30)
@given(STEPS)
def test_however_workers_come_die_and_are_late_there_is_one_result_and_it_is_the_holders(
    table: Table, steps: list[tuple[int, str, int]]
) -> None:
    key, now = new_key(), 0
    held: dict[int, Claim] = {}
    results: list[int] = []
    calls = kills = 0
    for worker, step, passes in steps:
        now += passes
        if step == "claim" and worker not in held:
            outcome = taken(table, key, now)
            if isinstance(outcome, Claim):
                held[worker] = outcome
                calls += 1
            assert isinstance(outcome, Done) == bool(results)
        elif step == "kill" and held.pop(worker, None):
            kills += 1
        elif worker in held:
            mine = held.pop(worker)
            if step == "release":
                release(table, mine)
                kills += not results
            elif finish(table, mine, {"by": worker}):
                results.append(worker)
            else:
                # Late: its time was out, which comes to the same as a kill.
                kills += 1
    late = [finish(table, mine, {"by": worker}) for worker, mine in held.items()]
    results += [worker for worker, was in zip(held, late, strict=True) if was]
    kills += late.count(False)
    assert len(results) <= 1
    assert calls <= len(results) + kills or kills == calls
    now += HOLDS
    last = taken(table, key, now)
    if isinstance(last, Claim):
        assert not results
        assert finish(table, last, {"by": 9})
        results.append(9)
    done = taken(table, key, now)
    assert isinstance(done, Done)
    assert [done.item["by"]] == results

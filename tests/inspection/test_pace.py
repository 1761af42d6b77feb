"""Turns: kept to the rate by all workers together, and none taken that nobody could wait for."""

from collections.abc import Iterator
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.local_services import Service
from support.results_tables import results_table

from customlabels.emulator.customlabels.hosting import filled
from customlabels.inspection.attributes import attributes
from customlabels.inspection.claims import Table
from customlabels.inspection.pace import lease

FAR = 10**9
NUMBERS = count()


@pytest.fixture(scope="module")
def table(service: Service) -> Iterator[Table]:
    with results_table(service, "pace") as table:
        yield table


def keep(table: Table, version: str, **about: float) -> None:
    item = attributes({"pk": f"pace#{version}", "sk": "-", **about})
    table.dynamodb.put_item(TableName=table.name, Item=item)


def test_the_first_turns_are_now_and_the_next_follow_them(table: Table) -> None:
    assert lease(table, "first", 3, rate=10, now=5_000, latest=FAR) == [5_000, 5_100, 5_200]
    assert lease(table, "first", 2, rate=10, now=5_000, latest=FAR) == [5_300, 5_400]
    assert lease(table, "first", 1, rate=10, now=9_000, latest=FAR) == [9_000]


def test_the_rate_is_the_tables_where_it_has_one(table: Table) -> None:
    keep(table, "kept", rate=25.0)
    assert lease(table, "kept", 3, rate=5, now=0, latest=FAR) == [0, 40, 80]
    keep(table, "kept", rate=2.0, nxt=1_000)
    assert lease(table, "kept", 2, rate=5, now=0, latest=FAR) == [1_000, 1_500]
    keep(table, "kept", rate=0.0, nxt=1_000)
    assert lease(table, "kept", 2, rate=5, now=0, latest=FAR) == [1_000, 1_200]


def test_a_lease_is_no_longer_than_two_seconds_so_that_a_new_rate_soon_holds(table: Table) -> None:
    assert lease(table, "slow", 10, rate=2, now=0, latest=FAR) == [0, 500, 1_000, 1_500]
    assert lease(table, "slower", 10, rate=0.1, now=0, latest=FAR) == [0]
    assert lease(table, "slower", 10, rate=0.1, now=0, latest=FAR) == [10_000]


def test_turns_that_come_too_late_are_left_to_others(table: Table) -> None:
    keep(table, "late", nxt=60_000, rate=5.0)
    assert lease(table, "late", 10, rate=5, now=0, latest=50_000) == []
    assert lease(table, "late", 1, rate=5, now=20_000, latest=70_000) == [60_000]


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(1, 10), st.integers(0, 3_000)), min_size=1, max_size=8),
    st.one_of(st.sampled_from([1.0, 5.0, 12.5, 47.6, 250.0, 300.0]), st.floats(0.1, 50)),
)
def test_no_two_turns_are_nearer_than_the_rate_has_them_whoever_leases(
    table: Table, leases: list[tuple[int, int]], rate: float
) -> None:
    version, now, turns = f"law{next(NUMBERS)}", 0, list[int]()
    for wanted, passes in leases:
        now += passes
        given_ = lease(table, version, wanted, rate=rate, now=now, latest=FAR)
        assert len(given_) == max(1, min(wanted, int(2 * rate)))
        assert given_[0] >= now
        turns += given_
    # Times are whole milliseconds.
    assert all(later - earlier >= 1000 / rate - 1.5 for earlier, later in pairwise(turns))


@settings(max_examples=25)
@given(
    rate=st.floats(0.1, 50),
    leases=st.lists(st.integers(1, 10), min_size=3, max_size=8),
    lateness=st.lists(st.floats(0, 1), min_size=80, max_size=80),
)
def test_whoever_keeps_to_its_turns_is_never_refused_and_uses_the_whole_rate(
    table: Table, rate: float, leases: list[int], lateness: list[float]
) -> None:
    version, turns = f"whole{next(NUMBERS)}", list[int]()
    for wanted in leases:
        turns += lease(table, version, wanted, rate=rate, now=0, latest=FAR)
    # As late as a call may be that was let begin: a second of the model's, and one request of a slow one.
    most = (max(2.0, rate) - 1) / rate
    calls = sorted(turn / 1000 + most * late for turn, late in zip(turns, lateness, strict=False))
    tokens, last = None, 0.0
    for call in calls:
        tokens = filled(tokens, call - last, rate) - 1
        last = call
        # A millisecond is what turns are rounded to.
        assert tokens >= -rate / 1000
    took = turns[-1] / 1000
    assert (len(turns) - 1) / rate <= took + 1e-3 <= 1.01 * (len(turns) - 1) / rate + 0.01


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.9, 1.0])
def test_a_model_that_takes_less_than_a_request_a_second_takes_each_in_its_turn(rate: float) -> None:
    tokens = filled(None, 0.0, rate)
    for _ in range(20):
        tokens = filled(tokens, 1 / rate, rate) - 1
        assert tokens >= 0
    assert filled(None, 100.0, 0.0) == 0

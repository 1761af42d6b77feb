"""A schedule walked through weeks: what it bills, what it meets, and the least that was possible."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customlabels.scheduler.simulation import walk
from customlabels.scheduler.simulation.demand import SHAPES
from customlabels.scheduler.simulation.foresight import Stretch, least
from customlabels.scheduler.simulation.simulated import Simulated, always_on, office_hours, simulate
from customlabels.scheduler.uptime import Override, Schedule, Window

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
SHIFT = Schedule("UTC", (Window(time(6), time(22), frozenset(range(5))),), warm_up=timedelta(minutes=20))


def test_a_week_of_shifts_is_billed_to_the_minute() -> None:
    found = simulate(SHIFT, MONDAY, 7, start_takes=timedelta(minutes=15))
    # Each day: RUNNING five minutes before the window opens, sixteen hours of window.
    assert found.billed == 5 * (16 * 60 + 5)
    assert found.starting == 5 * 15
    assert (found.starts, found.asked, found.coverage) == (5, 5 * 16 * 60, 1.0)
    assert found.dollars_a_week == pytest.approx(5 * (16 + 5 / 60) * 4)
    assert found.hours_saved_a_week == pytest.approx(168 - 5 * (16 + 5 / 60))


def test_a_start_that_takes_longer_than_the_warm_up_costs_coverage() -> None:
    found = simulate(SHIFT, MONDAY, 7, start_takes=timedelta(minutes=40))
    assert found.asked - found.covered == 5 * 20


def test_over_the_change_of_the_clocks_a_night_has_seven_hours() -> None:
    night = Schedule("Europe/Berlin", (Window(time(22), time(6), frozenset({5})),), warm_up=timedelta(minutes=15))
    found = simulate(night, datetime(2026, 3, 28, tzinfo=UTC), 2, start_takes=timedelta(minutes=15))
    assert found.billed == 7 * 60


def test_two_units_cost_twice_and_a_window_without_requests_is_cut_by_idle_stop() -> None:
    twice = replace(SHIFT, windows=(replace(SHIFT.windows[0], units=2),))
    assert simulate(twice, MONDAY, 7).billed == 2 * simulate(SHIFT, MONDAY, 7).billed
    idle = replace(SHIFT, idle_stop=timedelta(minutes=45))
    quiet = simulate(idle, MONDAY, 7, demand=lambda now: 0.0)
    assert quiet.starts == 5
    assert quiet.billed <= 5 * (45 + 5 + 5)


def test_a_budget_ends_the_month_and_the_next_begins_anew() -> None:
    poor = replace(SHIFT, monthly_budget=200.0)
    first = simulate(poor, MONDAY, 30)
    assert 200 <= first.dollars <= 201
    assert simulate(poor, MONDAY, 44).dollars > 390


def test_versions_are_walked_side_by_side_and_requests_go_to_the_champion() -> None:
    night = Window(time(20), time(23), frozenset(range(5)), units=2, version="v2")
    both = replace(SHIFT, windows=(night, *SHIFT.windows))
    found = simulate(both, MONDAY, 7, demand=lambda now: 60.0 if now.hour in (12, 22) else 0.0)
    assert [one.version for one in found.models] == ["champion", "v2"]
    assert [one.billed for one in found.models] == [5 * (16 * 60 + 5), 2 * 5 * (3 * 60 + 5)]
    assert (found.units, found.asked) == (3, 5 * 16 * 60 + 5 * 3 * 60)
    # At 22 the champion is down: v2 does not answer for it, nor anyone at the weekend.
    assert found.stopped == (7 * 60 + 2 * 60) * 60
    assert max(found.minutes.up) == 3


def test_a_schedule_has_been_in_force_before() -> None:
    assert simulate(always_on("UTC", 1), MONDAY, 1).billed == 24 * 60
    middle = simulate(SHIFT, MONDAY + timedelta(hours=12), 1)
    assert middle.covered == middle.asked


def test_overrides_of_the_schedule_hold() -> None:
    off = Override(False, MONDAY + timedelta(hours=12))
    found = simulate(replace(SHIFT, overrides=(off,)), MONDAY, 1)
    assert (found.asked, found.covered) == (10 * 60, 10 * 60 - 15)


def test_units_change_by_a_stop_and_a_start() -> None:
    low, high = Window(time(6), time(12), frozenset({0})), Window(time(12), time(18), frozenset({0}), units=2)
    up = simulate(Schedule("UTC", (low, high)), MONDAY, 1).minutes.up
    noon = 12 * 60
    # The sweep after the stop starts it again.
    assert up[noon - 1] == 1
    assert up[noon : noon + 21] == [0] * 20 + [2]


def test_plan_is_asked_at_each_sweep_and_each_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    plan = walk.plan
    monkeypatch.setattr(walk, "plan", lambda now, *rest: asked.append(now) or plan(now, *rest))
    odd = Schedule("UTC", (Window(time(6, 2), time(6, 58), frozenset(range(5))),), warm_up=timedelta(minutes=11))
    simulate(odd, MONDAY + timedelta(minutes=3), 1)
    within = [at for at in asked if at >= MONDAY + timedelta(minutes=3)]
    edges = {MONDAY + timedelta(hours=hour, minutes=minute) for hour, minute in ((5, 51), (6, 2), (6, 58))}
    assert edges <= set(within)
    assert {at for at in within if at.minute % 5} == edges
    assert max(later - earlier for earlier, later in pairwise(asked)) <= timedelta(minutes=5)
    assert len(within) == 24 * 12 + 3


def test_a_warm_up_of_seconds_is_met_at_the_next_whole_minute() -> None:
    found = simulate(replace(SHIFT, warm_up=timedelta(seconds=90)), MONDAY, 1, start_takes=timedelta(seconds=30))
    assert (found.billed, found.starting) == (16 * 60, 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_always_on_meets_every_request_and_the_least_bill_is_below(shape: str) -> None:
    found = simulate(always_on("UTC", 1), MONDAY, 7, demand=SHAPES[shape]("UTC", 5.0))
    assert found.least is not None
    assert 0 < found.least.billed <= found.billed
    assert found.coverage == 1


def test_the_window_of_tutorials_opens_late() -> None:
    found = simulate(office_hours("UTC", 1), MONDAY, 7)
    assert found.billed == 5 * (12 * 60 - 15)


def test_requests_above_what_units_take_are_told_from_those_that_met_none() -> None:
    found = simulate(SHIFT, MONDAY, 1, demand=lambda now: 400.0 if now.hour in (5, 12) else 0.0)
    assert (found.requests, found.saturated) == (48_000, 5 * 100 + 60 * 100)
    assert found.stopped == 55 * 400
    assert found.coverage == pytest.approx(1 - 28_500 / 48_000)
    assert sum(found.minutes.missed) == 28_500


@pytest.mark.parametrize(
    ("busy", "stretches", "starting"),
    [
        ({0: 1, 10: 1, 300: 1}, [(0, 11, 1), (300, 301, 1)], 30),
        # Seventeen minutes are too short to stop and start, which take eighteen.
        ({0: 1, 18: 1}, [(0, 19, 1)], 15),
        ({0: 1, 19: 1}, [(0, 1, 1), (19, 20, 1)], 30),
        # Units do not change within a stretch.
        ({0: 100, 10: 301, 40: 100}, [(0, 11, 2), (40, 41, 1)], 45),
        ({}, [], 0),
    ],
)
def test_the_least_bill_runs_through_gaps_that_are_too_short(
    busy: dict[int, float], stretches: list[tuple[int, int, int]], starting: int
) -> None:
    requests = [busy.get(minute, 0.0) for minute in range(600)]
    found = least(requests, 300.0, timedelta(minutes=15), timedelta(minutes=3))
    assert found.stretches == tuple(Stretch(*one) for one in stretches)
    assert found.starting == starting
    assert found.billed == sum(units * (stop - start) for start, stop, units in stretches)


def exhaustively(needs: list[int], start: int, turn: int, *, starting_billed: bool) -> int:
    """The least bill by trying every way to be up; units change only by a stop and a start."""
    most = max(needs)
    # By units now up, or minutes since down: the least so far.
    states: dict[tuple[int, int], int] = {(0, turn): 0}
    for need in needs:
        after: dict[tuple[int, int], int] = {}
        for (units, down), cost in states.items():
            options = [(units, units)] if units else [(0, 0)]
            options += [(units, 0)] if units else [(0, one) for one in range(1, most + 1) if down >= turn]
            for before, now in options:
                if now < need:
                    continue
                began = now * start if now and not before and starting_billed else 0
                state = (now, 0) if now else (0, min(turn, 1 if before else down + 1))
                paid = cost + now + began
                after[state] = min(after.get(state, paid), paid)
        states = after
    return min(states.values())


@given(
    needs=st.lists(st.sampled_from([0, 0, 0, 1, 2]), min_size=1, max_size=40).filter(any),
    start=st.integers(0, 5),
    stop=st.integers(1, 3),
)
def test_no_way_to_meet_every_request_is_billed_less(needs: list[int], start: int, stop: int) -> None:
    found = least([float(one) for one in needs], 1.0, timedelta(minutes=start), timedelta(minutes=stop))
    assert found.billed == exhaustively(needs, start, start + stop, starting_billed=False)
    assert found.billed + found.starting == exhaustively(needs, start, start + stop, starting_billed=True)


HOURS = st.integers(0, 23).map(time)
WINDOWS = st.builds(Window, HOURS, HOURS, st.frozensets(st.integers(0, 6)), units=st.integers(1, 3))


@settings(max_examples=25)
@given(
    windows=st.lists(WINDOWS, min_size=1, max_size=4),
    busy=st.frozensets(st.integers(0, 47), min_size=1, max_size=8),
    level=st.sampled_from([1.0, 300.0, 700.0]),
    takes=st.integers(1, 40),
)
def test_what_is_met_is_never_billed_below_the_least(
    windows: list[Window], busy: frozenset[int], level: float, takes: int
) -> None:
    def simulated(demand: list[float]) -> Simulated:
        def at(now: datetime) -> float:
            return demand[(now - MONDAY) // timedelta(minutes=1)]

        return simulate(Schedule("UTC", tuple(windows)), MONDAY, 2, start_takes=timedelta(minutes=takes), demand=at)

    asked = [level if minute // 60 in busy else 0.0 for minute in range(48 * 60)]
    first = simulated(asked)
    assert first.stopped + first.saturated == pytest.approx(sum(first.minutes.missed))
    # Of what comes, only what was met, so that the schedule meets all of it.
    met = simulated([come - lost for come, lost in zip(asked, first.minutes.missed, strict=True)])
    assert met.least is not None
    assert not any(met.minutes.missed)
    assert met.least.billed <= met.billed

"""Images that may wait, walked through; and the least bill for them."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customlabels.scheduler.actions import Action, Kind
from customlabels.scheduler.backlog import Backlog
from customlabels.scheduler.simulation.demand import SHAPES
from customlabels.scheduler.simulation.figures import THIS, compared
from customlabels.scheduler.simulation.foresight import least, least_by
from customlabels.scheduler.simulation.simulated import simulate
from customlabels.scheduler.simulation.waiting import Waiting
from customlabels.scheduler.uptime import Schedule, Window

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BARE = Schedule("UTC", (), warm_up=20 * MINUTE)


def exhaustively(come: list[int], takes: int, wait: int, turn: int) -> int | None:
    """The fewest minutes of one unit that meet all in time, by trying every way to be up; None where none does."""
    come = come + [0] * wait
    total = [sum(come[: minute + 1]) for minute in range(len(come))]
    # By what is done, and minutes since it went down, or -1 while it is up: the least so far.
    states: dict[tuple[int, int], int] = {(0, turn): 0}
    for minute in range(len(come)):
        due = total[minute - wait] if minute >= wait else 0
        after: dict[tuple[int, int], int] = {}
        for (done, down), cost in states.items():
            options = [(done, min(turn, down + 1) if down >= 0 else 1, cost)]
            if down < 0 or down >= turn:
                options.append((min(total[minute], done + takes), -1, cost + 1))
            for reached, state, paid in options:
                if reached >= due:
                    after[reached, state] = min(after.get((reached, state), paid), paid)
        states = after
    return min(states.values(), default=None)


@given(
    come=st.lists(st.sampled_from([0, 0, 0, 1, 2, 3]), min_size=1, max_size=30).filter(any),
    takes=st.integers(2, 4),
    wait=st.integers(0, 12),
    start=st.integers(0, 3),
    stop=st.integers(1, 2),
)
def test_the_least_bill_is_one_that_can_be_and_hardly_more_than_any(
    come: list[int], takes: int, wait: int, start: int, stop: int
) -> None:
    result = least_by([float(many) for many in come], takes, start * MINUTE, stop * MINUTE, wait * MINUTE)
    if {stretch.units for stretch in result.stretches} != {1}:
        return
    lowest = exhaustively(come, takes, wait, start + stop)
    assert lowest is not None
    assert lowest <= result.billed
    full = -(-sum(come) // takes)
    if wait >= start + stop + full:
        assert result.billed <= full + len(result.stretches)


@given(
    come=st.lists(st.sampled_from([0.0, 0.0, 100.0, 300.0, 700.0]), min_size=1, max_size=200).filter(any),
    wait=st.integers(0, 120),
)
def test_who_may_wait_is_never_billed_more(come: list[float], wait: int) -> None:
    at_once = least(come, 300.0, 15 * MINUTE, 3 * MINUTE)
    result = least_by(come, 300.0, 15 * MINUTE, 3 * MINUTE, wait * MINUTE)
    longer = least_by(come, 300.0, 15 * MINUTE, 3 * MINUTE, timedelta(days=1))
    assert sum(come) / 300 - 1e-6 <= longer.billed
    assert result.billed <= at_once.billed
    assert all(later.start - earlier.stop >= 18 for earlier, later in pairwise(result.stretches))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_model_that_comes_up_for_images_is_within_a_tenth_of_the_least_bill(shape: str) -> None:
    result = simulate(BARE, MONDAY, 7, demand=SHAPES[shape]("UTC", 5.0), deadline=4 * HOUR)
    assert result.least is not None
    assert result.least.billed <= result.billed <= 1.1 * result.least.billed
    assert (result.late, result.coverage) == (0.0, 1.0)
    assert result.longest is not None
    assert result.longest <= 4 * HOUR


@settings(max_examples=15)
@given(
    busy=st.frozensets(st.integers(0, 47), min_size=1, max_size=10),
    level=st.sampled_from([0.2, 60.0, 280.0]),
    takes=st.integers(1, 15),
    deadline=st.integers(2, 12),
)
def test_no_image_is_late_and_no_bill_below_the_least(
    busy: frozenset[int], level: float, takes: int, deadline: int
) -> None:
    def demand(now: datetime) -> float:
        return level if (now - MONDAY) // HOUR in busy else 0.0

    result = simulate(BARE, MONDAY, 3, start_takes=takes * MINUTE, demand=demand, deadline=deadline * HOUR)
    assert result.late == 0.0
    assert result.least is not None
    assert result.least.billed <= result.billed
    assert result.starts <= len(result.least.stretches) + len(busy)


def test_a_start_that_takes_longer_than_is_allowed_makes_images_late_and_that_is_counted() -> None:
    result = simulate(
        Schedule("UTC", (), warm_up=5 * MINUTE),
        MONDAY,
        1,
        start_takes=40 * MINUTE,
        demand=lambda now: 60.0 if now.hour == 6 and now.minute < 2 else 0.0,
        deadline=HOUR,
    )
    assert result.late == 120
    assert result.coverage == 0.0
    assert sum(result.minutes.missed) == 120


def test_in_a_window_images_are_done_as_they_come() -> None:
    shift = Schedule("UTC", (Window(time(6), time(22), frozenset(range(5))),), warm_up=20 * MINUTE)
    result = simulate(shift, MONDAY, 1, demand=lambda now: 60.0 if 8 <= now.hour < 20 else 0.0, deadline=4 * HOUR)
    assert result.longest == timedelta()
    assert result.billed == 16 * 60 + 5


def test_a_window_that_ends_while_images_wait_is_gone_over() -> None:
    short = Schedule("UTC", (Window(time(6), time(7), frozenset(range(5))),), warm_up=20 * MINUTE)
    result = simulate(short, MONDAY, 1, demand=lambda now: 600.0 if now.hour == 6 else 0.0, deadline=4 * HOUR)
    # Twice what it takes for an hour: it is done an hour after the window, and no start is made for it.
    assert (result.starts, result.late) == (1, 0.0)
    assert 2 * 60 <= result.billed <= 2 * 60 + 10


def test_a_budget_stops_what_images_want_too() -> None:
    poor = Schedule("UTC", (), warm_up=20 * MINUTE, monthly_budget=8.0)
    result = simulate(poor, MONDAY, 4, demand=SHAPES["two-shift"]("UTC", 5.0), deadline=4 * HOUR)
    assert 8 <= result.dollars < 9
    assert result.late > 0


def test_what_is_shown_is_of_those_that_wait() -> None:
    result = simulate(BARE, MONDAY, 7, demand=SHAPES["batches"]("UTC", 5.0), deadline=4 * HOUR)
    _, rows = compared({THIS: result})
    shown = {row[0]: row[1:] for row in rows}
    assert shown["longest wait"] == ("3 h 30 min", "–")
    assert shown["requests a week done after their deadline"] == ("0", "0")
    assert "requests a week that met no model" not in shown


@given(st.floats(0.001, 200), st.integers(10, 120))
def test_looks_see_as_many_images_being_worked_on_as_there_are_in_the_mean(come: float, looks: int) -> None:
    waiting = Waiting(MONDAY, [come] * looks, HOUR)
    waiting.do(Action(Kind.OPEN, "", ""))
    seen = list[int]()
    for minute in range(looks):
        waiting.pass_minute(minute, 1e9)
        queue, _ = waiting.seen(MONDAY + (minute + 1) * MINUTE, BARE, 1)
        assert isinstance(queue, Backlog)
        assert queue.visible == 0
        seen.append(queue.in_flight)
    # Each is worked on for two seconds.
    assert abs(sum(seen) - looks * come / 30) <= 1
    assert max(seen) - min(seen) <= 1

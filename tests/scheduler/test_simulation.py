from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from customlabels.core.errors import LayoutError
from customlabels.scheduler.demand import SHAPES, read_demand
from customlabels.scheduler.simulation import simulate
from customlabels.scheduler.uptime import Schedule, Window

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


@pytest.mark.parametrize("shape", SHAPES)
def test_always_on_meets_every_request_and_the_least_bill_is_below(shape: str) -> None:
    always = Schedule("UTC", (Window(time(0), time(0), frozenset(range(7))),))
    found = simulate(always, MONDAY, 7, demand=SHAPES[shape]("UTC", 5.0))
    assert found.least is not None
    assert 0 < found.least <= found.billed
    # The first start comes with the first minute.
    assert found.coverage > 0.99


def test_the_least_bill_runs_through_gaps_that_are_too_short() -> None:
    def demand(now: datetime) -> float:
        return 1.0 if now in (MONDAY, MONDAY + timedelta(minutes=10), MONDAY + timedelta(hours=5)) else 0.0

    assert simulate(SHIFT, MONDAY, 1, start_takes=timedelta(minutes=15), demand=demand).least == 11 + 1


def test_a_demand_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "demand.csv"
    path.write_text("time,requests\n2026-06-01T06:00,600\n2026-06-01T07:00,0\n2026-06-03T06:00+02:00,0\n")
    demand, start, days = read_demand(path)
    assert (start, days) == (datetime(2026, 6, 1, 6, tzinfo=UTC), 1)
    assert demand(start) == pytest.approx(10)
    assert demand(start + timedelta(hours=1)) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("when,count\n", "has no columns time and requests"),
        ("time,requests\n2026-06-01T06:00,5\n", "has fewer than two rows"),
        ("time,requests\nsoon,5\n2026-06-01T06:00,-1\n", "row 2: needs a time"),
        ("time,requests\n2026-06-01T06:00,5\n2026-06-01T05:00,5\n", "does not come after"),
    ],
)
def test_a_demand_that_cannot_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "demand.csv"
    path.write_text(text)
    with pytest.raises(LayoutError) as caught:
        read_demand(path)
    assert says in caught.value.message

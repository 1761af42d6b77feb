"""Windows found for a demand: they meet it, they bill little, and a person would write them so."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customlabels.core.errors import SettingsError
from customlabels.core.settings import ScheduleSettings, WindowSettings
from customlabels.scheduler.schedule_settings import read_schedule
from customlabels.scheduler.simulation.demand import SHAPES, Trace
from customlabels.scheduler.simulation.simulated import simulate
from customlabels.scheduler.simulation.suggestion import Suggestion, as_toml, suggest
from customlabels.scheduler.uptime import Schedule

MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
BERLIN = Schedule("Europe/Berlin")
QUARTER_HOUR = timedelta(minutes=15)


def of_week(levels: list[float], minutes: int = 60) -> Trace:
    """A demand of a week, or more: a level for each so many minutes in UTC."""
    days = len(levels) * minutes // (24 * 60)
    return Trace(lambda now: levels[int((now - MONDAY) / timedelta(minutes=minutes)) % len(levels)], MONDAY, days)


def suggested(trace: Trace, schedule: Schedule = BERLIN, coverage: float = 0.99) -> Suggestion:
    return suggest(schedule, trace, coverage=coverage, rate=5.0, start_takes=QUARTER_HOUR)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_billed_at_most_a_quarter_above_the_least(shape: str) -> None:
    found = suggested(Trace(SHAPES[shape]("Europe/Berlin", 5.0), MONDAY, 28))
    least = found.result.least
    assert least is not None
    assert found.result.coverage >= 0.99
    assert found.result.billed <= 1.25 * least.billed
    assert found.result.billed + found.result.starting <= 1.25 * (least.billed + least.starting)
    assert len(found.schedule.windows) <= 2


def test_the_same_hours_on_workdays_are_one_window() -> None:
    shift = Trace(lambda now: 60.0 if now.weekday() < 5 and 6 <= now.hour < 22 else 0.0, MONDAY, 7)
    found = suggested(shift, Schedule("UTC"), coverage=1.0)
    expected = '[[schedule.window]]\ndays = "mon-fri"\nstart = "06:00"\nstop = "22:00"\nunits = 1\n'
    assert as_toml(found.schedule) == expected


def test_what_comes_over_midnight_and_without_a_break_is_written_as_a_person_would() -> None:
    night = Trace(lambda now: 60.0 if now.hour >= 22 or now.hour < 6 else 0.0, MONDAY, 7)
    (window,) = suggested(night, Schedule("UTC"), coverage=1.0).schedule.windows
    assert (window.start.hour, window.stop.hour, len(window.weekdays)) == (22, 6, 7)
    always = suggested(Trace(lambda now: 1.0, MONDAY, 7), Schedule("UTC"), coverage=1.0)
    assert 'days = "daily"\nstart = "00:00"\nstop = "24:00"' in as_toml(always.schedule)


def test_units_follow_the_demand_where_there_is_a_break_to_change_them_in() -> None:
    def demand(now: datetime) -> float:
        return {8: 250.0, 9: 250.0, 14: 850.0, 15: 850.0}.get(now.hour, 0.0)

    found = suggested(Trace(demand, MONDAY, 7), Schedule("UTC"), coverage=1.0)
    assert [(one.start.hour, one.stop.hour, one.units) for one in found.schedule.windows] == [(8, 10, 1), (14, 16, 3)]


def test_a_start_that_takes_longer_than_the_warm_up_opens_the_window_earlier() -> None:
    noon = Trace(lambda now: 60.0 if now.hour == 12 else 0.0, MONDAY, 7)
    found = suggest(Schedule("UTC"), noon, coverage=1.0, rate=5.0, start_takes=timedelta(minutes=40))
    assert found.result.coverage == 1.0
    assert (found.schedule.windows[0].start.hour, found.schedule.windows[0].start.minute) == (11, 30)


def test_the_toml_is_read_as_the_same_windows() -> None:
    trace = of_week([60.0 if number % 168 in (9, 10, 57, 58, 105, 150, 151, 152) else 0.0 for number in range(168)])
    found = suggested(trace).schedule
    read = tomllib.loads("[schedule]\n" + as_toml(found))["schedule"]["window"]
    windows = tuple(WindowSettings(**(one | {"days": one["days"]})) for one in read)
    assert read_schedule(ScheduleSettings(window=windows), 2027).windows == found.windows


@pytest.mark.parametrize(
    ("trace", "schedule", "says"),
    [
        (Trace(lambda now: 1.0, MONDAY, 6), BERLIN, "covers 6 days only"),
        (Trace(lambda now: 0.0, MONDAY, 7), BERLIN, "no request comes"),
        (Trace(lambda now: 3000.0, MONDAY, 7), BERLIN, "5 units that are always on"),
        (Trace(lambda now: 1.0, MONDAY, 7), replace(BERLIN, closed=frozenset({date(2027, 3, 3)})), "meet 8"),
    ],
)
def test_what_no_windows_can_meet_is_said(trace: Trace, schedule: Schedule, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        suggested(trace, schedule)


LEVELS = st.sampled_from([0.0, 0.0, 0.0, 2.0, 60.0, 290.0, 700.0])
TRACES = st.one_of(
    st.lists(LEVELS, min_size=168, max_size=168).map(of_week),
    st.lists(LEVELS, min_size=24, max_size=24).map(lambda day: of_week(day * 14)),
    st.lists(LEVELS, min_size=56, max_size=56).map(lambda week: of_week(week, minutes=180)),
    st.lists(st.integers(0, 671), min_size=1, max_size=12).map(
        lambda busy: of_week([120.0 if number in busy else 0.0 for number in range(672)], minutes=15)
    ),
)


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    trace=TRACES.filter(lambda trace: any(trace.demand(MONDAY + timedelta(minutes=15 * n)) for n in range(672))),
    coverage=st.sampled_from([0.5, 0.9, 0.99, 1.0]),
    start_takes=st.sampled_from([1, 8, 15, 20, 33]),
    warm_up=st.sampled_from([0, 10, 20]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_no_suggestion_misses_the_coverage_or_costs_more_than_always_on(
    trace: Trace, coverage: float, start_takes: int, warm_up: int, zone: str
) -> None:
    schedule = Schedule(zone, warm_up=timedelta(minutes=warm_up))
    takes = timedelta(minutes=start_takes)
    found = suggest(schedule, trace, coverage=coverage, rate=5.0, start_takes=takes)
    again = simulate(found.schedule, trace.start, trace.days, start_takes=takes, demand=trace.demand, rate=5.0)
    assert again == found.result
    assert again.coverage >= coverage
    assert again.billed <= trace.days * 24 * 60 * 3
    if coverage == 1.0:
        assert again.least is not None
        assert again.least.billed <= again.billed
    assert all(not hands.minute % 15 for one in found.schedule.windows for hands in (one.start, one.stop))

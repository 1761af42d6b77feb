"""What fires is held against what the windows mean, by the local service's own reckoning of expressions."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.schedules import CHANGING, HANDS, MOMENTS, VERSIONS, WHOLE

from customlabels.emulator.eventbridge.expressions import next_time
from customlabels.scheduler.simulation.simulated import simulate
from customlabels.scheduler.stack.edges import Edge, Event, edges
from customlabels.scheduler.uptime import Schedule, Window, openings, versions, wanted

WEEKDAYS = frozenset(range(5))
NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAY = timedelta(days=1)


def firings(edge: Edge, start: datetime, stop: datetime) -> list[datetime]:
    found, after = [], start.timestamp() - 1
    while (at := next_time(edge.expression, edge.zone, after, 0.0)) is not None and at < stop.timestamp():
        after = at
        found.append(datetime.fromtimestamp(at, UTC))
    return found


def assert_agrees(schedule: Schedule, now: datetime, start: datetime, stop: datetime) -> None:
    """What fires from `start` to `stop` is what the windows mean, to the second, once each."""
    bare = replace(schedule, closed=frozenset())
    fired: dict[tuple[Event, str], list[datetime]] = defaultdict(list)
    for edge in edges(schedule, now):
        fired[edge.event, edge.version] += firings(edge, start, stop)
    for version in versions(schedule):
        each = openings(bare, start - timedelta(days=1), stop + timedelta(days=1), version)
        starts, stops = {span.start - schedule.warm_up for span in each}, {span.stop for span in each}
        for event, moments in ((Event.START, starts), (Event.STOP, stops)):
            assert sorted(fired[event, version]) == sorted(at for at in moments if start <= at < stop)
        assert not any(wanted(at, schedule, version).units for at in fired[Event.CLOSE, ""])
        lead = max(schedule.warm_up, timedelta(hours=2)) if schedule.learns else schedule.warm_up
        for at in (at + timedelta(minutes=15) for at in stops):
            free = not any(
                span.start - lead <= at < span.stop
                for other in versions(schedule)
                for span in openings(bare, at - timedelta(days=1), at + timedelta(days=1), other)
            )
            assert not start <= at < stop or fired[Event.CLOSE, ""].count(at) == free


@settings(max_examples=100)
@given(WHOLE, MOMENTS)
def test_each_opening_and_closing_fires_and_no_wanted_model_is_stopped(schedule: Schedule, now: datetime) -> None:
    found = edges(schedule, now)
    assert len(set(found)) == len(found)
    assert_agrees(schedule, now, now + timedelta(days=1), now + timedelta(days=8))


def changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """Hours of a year, in UTC, in which the zone's clock is put forward or back."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(366 * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [hour for hour, (before, after) in zip(hours, pairwise(offsets), strict=False) if before != after]


NIGHTLY = st.builds(
    Window,
    start=HANDS,
    stop=st.integers(0, 6 * 12).map(lambda five: time(five // 12, five % 12 * 5)),
    weekdays=st.frozensets(st.integers(0, 6), min_size=5),
    dates=st.sampled_from([frozenset(), frozenset({date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5)})]),
    units=st.integers(1, 2),
    version=VERSIONS,
)


@pytest.mark.parametrize(
    "zone", [pytest.param(zone, marks=pytest.mark.around if number % 2 else ()) for number, zone in enumerate(CHANGING)]
)
@settings(max_examples=8, deadline=None)
@given(st.lists(NIGHTLY, min_size=1, max_size=2), st.integers(0, 24).map(lambda five: timedelta(minutes=5 * five)))
def test_plan_what_fires_and_what_is_simulated_agree_while_the_clocks_change(
    zone: str, windows: list[Window], warm_up: timedelta
) -> None:
    schedule = Schedule(zone, tuple(windows), warm_up=warm_up)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    written = edges(schedule, now)
    for change in changes(ZoneInfo(zone), 2026) or [datetime(2026, 3, 29, tzinfo=UTC)]:
        start, stop = change - timedelta(hours=30), change + timedelta(hours=30)
        assert_agrees(schedule, now, start, stop)
        asked = simulate(schedule, start, 2).minutes.asked
        units = [0] * len(asked)
        for version in versions(schedule):
            firings_of = {
                event: {at for edge in written if (edge.event, edge.version) == (event, version)
                        for at in firings(edge, start, stop)}
                for event in (Event.START, Event.STOP)
            }  # fmt: skip
            before = wanted(start - timedelta(minutes=1), schedule, version)
            for minute in range(len(asked)):
                at = start + timedelta(minutes=minute)
                want = wanted(at, schedule, version)
                units[minute] += want.units if want.open else 0
                if want.units and not before.units:
                    assert at in firings_of[Event.START]
                if before.units and not want.units:
                    assert at in firings_of[Event.STOP]
                before = want
        assert asked == units


def test_in_the_night_of_spring_the_stop_without_a_function_comes_after_the_window() -> None:
    """02:50 is left out on 29 March: the window is open until 03:50, a close at 03:05 would fall into it."""
    schedule = Schedule("Europe/Berlin", (Window(time(1), time(2, 50), frozenset(range(7))),))
    night = datetime(2026, 3, 28, 22, tzinfo=UTC)
    fired = {
        edge.event: [f"{at.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" for at in firings(edge, night, night + DAY)]
        for edge in edges(schedule, NOW - 300 * DAY)
        if firings(edge, night, night + DAY)
    }
    assert fired == {Event.START: ["00:40"], Event.STOP: ["03:50"], Event.CLOSE: ["04:05"]}


@settings(max_examples=100)
@given(WHOLE, MOMENTS, st.integers(0, 100))
def test_a_template_that_is_deployed_later_than_it_was_rendered_stops_no_wanted_model(
    schedule: Schedule, rendered: datetime, days: int
) -> None:
    deployed = rendered + timedelta(days=days)
    until = deployed + timedelta(days=40)
    for edge in edges(schedule, rendered):
        if edge.event is Event.CLOSE:
            for at in firings(edge, deployed, until):
                assert not any(wanted(at, schedule, version).units for version in versions(schedule))


def told(schedule: Schedule) -> list[str]:
    return [f"{edge.event} {edge.expression}" for edge in edges(schedule, NOW)]


def test_a_working_week_is_three_expressions() -> None:
    assert told(Schedule("Europe/Berlin", (Window(time(6), time(22), WEEKDAYS),))) == [
        "close cron(15 22 ? * MON,TUE,WED,THU,FRI *)",
        "start cron(40 5 ? * MON,TUE,WED,THU,FRI *)",
        "stop cron(0 22 ? * MON,TUE,WED,THU,FRI *)",
    ]


def test_a_window_over_midnight_warms_up_and_closes_on_other_days() -> None:
    assert told(Schedule("UTC", (Window(time(0, 10), time(0), frozenset({0})),))) == [
        "close cron(15 0 ? * TUE *)",
        "start cron(50 23 ? * SUN *)",
        "stop cron(0 0 ? * TUE *)",
    ]


def test_nothing_closes_while_a_window_of_another_version_is_open() -> None:
    early = Window(time(6), time(14), WEEKDAYS)
    late = Window(time(10), time(22), WEEKDAYS, version="v3")
    found = edges(Schedule("UTC", (early, late)), NOW)
    assert [one.expression for one in found if one.event is Event.CLOSE] == ["cron(15 22 ? * MON,TUE,WED,THU,FRI *)"]


def closings(windows: tuple[Window, ...], now: datetime) -> list[str]:
    return [edge.expression for edge in edges(Schedule("UTC", windows), now) if edge.event is Event.CLOSE]


def test_no_expression_is_bounded_so_that_a_template_can_be_deployed_later() -> None:
    """A start that lies more than five minutes back is refused by EventBridge Scheduler."""
    day = frozenset({date(2026, 12, 3)})
    windows = (
        Window(time(6), time(22), WEEKDAYS),
        Window(time(20), time(23), dates=day),
        Window(time(22), time(6), dates=day),
    )
    weekly = [text for text in closings(windows, NOW) if "cron" in text]
    assert weekly == [
        "cron(15 22 1,2,4,7,8,9,10,11,14,15,16,17,18,21,22,23,24,25,28,29,30,31 12 ? 2026)",
        "cron(15 22 ? * MON,TUE,WED,THU,FRI 2027-2199)",
        "cron(15 22 ? 11 MON,TUE,WED,THU,FRI 2026)",
    ]


def test_a_year_that_is_broken_leaves_those_around_it_whole() -> None:
    windows = (Window(time(6), time(22), WEEKDAYS), Window(time(8), time(23), dates=frozenset({date(2027, 1, 29)})))
    assert closings(windows, NOW)[1:] == [
        "cron(15 22 1,4,5,6,7,8,11,12,13,14,15,18,19,20,21,22,25,26,27,28 1 ? 2027)",
        "cron(15 22 ? * MON,TUE,WED,THU,FRI 2026,2028-2199)",
        "cron(15 22 ? 2,3,4,5,6,7,8,9,10,11,12 MON,TUE,WED,THU,FRI 2027)",
    ]


def test_around_the_clock_nothing_closes() -> None:
    assert not [
        one for one in told(Schedule("UTC", (Window(time(0), time(0), frozenset(range(7))),))) if "close" in one
    ]


def test_dates_fire_once_and_past_ones_never() -> None:
    days = frozenset({date(2026, 11, 20), date(2026, 12, 5)})
    assert told(Schedule("UTC", (Window(time(8), time(12), dates=days),))) == [
        "close at(2026-12-05T12:15:00)",
        "start at(2026-12-05T07:40:00)",
        "stop at(2026-12-05T12:00:00)",
    ]


def test_a_weekly_stop_leaves_a_longer_day_alone() -> None:
    late = Window(time(8), time(23), dates=frozenset({date(2026, 12, 3)}))
    schedule = Schedule("UTC", (Window(time(6), time(22), WEEKDAYS), late))
    fired = sorted(
        at
        for edge in edges(schedule, NOW)
        if edge.event is Event.CLOSE
        for at in firings(edge, datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC))
    )
    assert [f"{at:%d %H:%M}" for at in fired] == ["01 22:15", "02 22:15", "03 23:15", "04 22:15"]

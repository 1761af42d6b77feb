"""What fires is held against what the windows mean, by the local service's own reckoning of expressions."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from support.schedules import MOMENTS, WHOLE

from customlabels.emulator.eventbridge.expressions import next_time
from customlabels.scheduler.stack.edges import Edge, Event, edges
from customlabels.scheduler.uptime import Schedule, Window, spans, versions, wanted

WEEKDAYS = frozenset(range(5))
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def firings(schedule: Schedule, edge: Edge, start: datetime, stop: datetime) -> list[datetime]:
    found, after = [], start.timestamp() - 1
    while (at := next_time(edge.expression, schedule.zone, after, 0.0)) is not None and at < stop.timestamp():
        after = at
        found.append(datetime.fromtimestamp(at, UTC))
    return found


def opened(schedule: Schedule, version: str, start: datetime, stop: datetime) -> list[tuple[datetime, datetime]]:
    """From when to when any window of the version is open."""
    found: list[tuple[datetime, datetime]] = []
    for span in spans(schedule, start, stop, version):
        if found and found[-1][1] == span.start:
            found[-1] = (found[-1][0], span.stop)
        else:
            found.append((span.start, span.stop))
    return found


@settings(max_examples=150)
@given(WHOLE, MOMENTS)
def test_each_opening_and_closing_fires_and_no_wanted_model_is_stopped(schedule: Schedule, now: datetime) -> None:
    found, later, zone = edges(schedule, now), now + timedelta(days=8), ZoneInfo(schedule.zone)
    assert len(set(found)) == len(found)
    # Where daylight saving begins or ends, hands skip or repeat an hour: the sweep sees to it then.
    steady = now.astimezone(zone).utcoffset() == (later + timedelta(days=1)).astimezone(zone).utcoffset()
    for version in versions(schedule):
        fired = {event: set[datetime]() for event in Event}
        for edge in found:
            if edge.version in ("", version):
                fired[edge.event] |= set(firings(schedule, edge, now, later))
        for opens, closes in opened(schedule, version, now, later) if steady else ():
            assert not now < closes < later or closes in fired[Event.STOP]
            assert not now + timedelta(hours=3) < opens < later or opens - schedule.warm_up in fired[Event.START]
        for at in fired[Event.CLOSE]:
            assert not wanted(at, schedule, version).units


@settings(max_examples=100)
@given(WHOLE, MOMENTS, st.integers(0, 100))
def test_a_template_that_is_deployed_later_than_it_was_rendered_stops_no_wanted_model(
    schedule: Schedule, rendered: datetime, days: int
) -> None:
    deployed = rendered + timedelta(days=days)
    until = deployed + timedelta(days=40)
    # Where daylight saving begins or ends, hands skip or repeat an hour: the sweep sees to it then.
    zone = ZoneInfo(schedule.zone)
    if len({at.astimezone(zone).utcoffset() for at in (rendered, deployed, until)}) > 1:
        return
    for edge in edges(schedule, rendered):
        if edge.event is Event.CLOSE:
            for at in firings(schedule, edge, deployed, until):
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
        for at in firings(schedule, edge, datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC))
    )
    assert [f"{at:%d %H:%M}" for at in fired] == ["01 22:15", "02 22:15", "03 23:15", "04 22:15"]

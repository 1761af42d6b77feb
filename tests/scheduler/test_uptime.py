"""Windows on the hands of a zone's clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from support.schedules import MOMENTS, SCHEDULES

from customlabels.scheduler.uptime import Override, Schedule, Window, closes, spans, units_at, wanted

WORKDAYS, EVERY_DAY = frozenset(range(5)), frozenset(range(7))
BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(schedule: Schedule, start: str, stop: str) -> list[tuple[str, str, int]]:
    """Spans as the zone's clock shows them."""
    zone = ZoneInfo(schedule.zone)
    return [
        (f"{one.start.astimezone(zone):%m-%d %H:%M%z}", f"{one.stop.astimezone(zone):%m-%d %H:%M%z}", one.units)
        for one in spans(schedule, utc(start), utc(stop))
    ]


SHIFT = Window(time(6), time(22), WORKDAYS)
NIGHT = Window(time(22), time(6), EVERY_DAY)


def test_a_window_keeps_its_hands_when_the_clocks_change() -> None:
    found = hours(Schedule(BERLIN, (SHIFT,)), "2026-03-27T00:00", "2026-03-31T00:00")
    assert found == [("03-27 06:00+0100", "03-27 22:00+0100", 1), ("03-30 06:00+0200", "03-30 22:00+0200", 1)]


@pytest.mark.parametrize(("day", "length"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-06-06", 8)])
def test_a_night_has_the_hours_that_it_has(day: str, length: int) -> None:
    start = utc(f"{day}T19:30")
    (night,) = spans(Schedule(BERLIN, (NIGHT,)), start + timedelta(hours=1), start + timedelta(hours=3))
    assert night.stop - night.start == timedelta(hours=length)


@pytest.mark.parametrize(
    ("window", "day", "stop"),
    [
        # 02:30 is left out on 29 March, and comes twice on 25 October.
        (Window(time(0), time(2, 30), EVERY_DAY), "2026-03-29", "2026-03-29T01:30"),
        (Window(time(0), time(2, 30), EVERY_DAY), "2026-10-25", "2026-10-25T00:30"),
    ],
)
def test_an_end_that_is_left_out_or_comes_twice_is_never_missed(window: Window, day: str, stop: str) -> None:
    found = spans(Schedule(BERLIN, (window,)), utc(f"{day}T00:00"), utc(f"{day}T00:10"))
    assert [one.stop for one in found] == [utc(stop)]


def test_windows_that_overlap_are_one_with_the_most_units() -> None:
    peak = Window(time(9), time(11), WORKDAYS, units=3)
    found = hours(Schedule("UTC", (SHIFT, peak)), "2026-06-01T00:00", "2026-06-02T00:00")
    assert found == [
        ("06-01 06:00+0000", "06-01 09:00+0000", 1),
        ("06-01 09:00+0000", "06-01 11:00+0000", 3),
        ("06-01 11:00+0000", "06-01 22:00+0000", 1),
    ]


def test_closed_days_open_no_window_but_named_dates_do() -> None:
    christmas = date(2026, 12, 25)
    extra = Window(time(8), time(12), dates=frozenset({christmas}))
    schedule = Schedule("UTC", (SHIFT, extra), closed=frozenset({christmas}))
    assert hours(schedule, "2026-12-25T00:00", "2026-12-26T00:00") == [("12-25 08:00+0000", "12-25 12:00+0000", 1)]


@pytest.mark.parametrize(
    ("now", "units", "open_", "why"),
    [
        ("2026-06-01T05:39", 0, False, "no window is open"),
        ("2026-06-01T05:40", 1, False, "warm-up for the window at Mon 06:00"),
        ("2026-06-01T06:00", 1, True, "window until Mon 22:00"),
        ("2026-06-01T21:59", 1, True, "window until Mon 22:00"),
        ("2026-06-01T22:00", 0, False, "no window is open"),
    ],
)
def test_what_is_wanted_comes_with_its_reason(now: str, units: int, open_: bool, why: str) -> None:
    found = wanted(utc(now), Schedule("UTC", (SHIFT,)))
    assert (found.units, found.open, found.why) == (units, open_, why)


def test_the_newest_override_that_holds_wins_and_ends_by_itself() -> None:
    on = Override(True, utc("2026-06-06T12:00"), "mia", "trade fair", units=2)
    off = Override(False, utc("2026-06-06T10:00"))
    schedule = Schedule("UTC", (SHIFT,), overrides=(on, off))
    assert wanted(utc("2026-06-06T09:59"), schedule).units == 0
    held = wanted(utc("2026-06-06T10:00"), schedule)
    assert (held.units, held.why) == (2, "override on by mia (trade fair)")
    assert wanted(utc("2026-06-06T12:00"), schedule).units == 0


def test_the_end_of_a_look_ahead_is_no_end_of_a_window() -> None:
    always = Schedule("UTC", (Window(time(), time(), EVERY_DAY),))
    found = wanted(utc("2026-06-05T12:00"), always)
    assert (found.units, found.why, found.until, found.open) == (1, "windows are open around the clock", None, True)
    until_christmas = replace(always, closed=frozenset({date(2026, 12, 25)}))
    found = wanted(utc("2026-12-14T12:00"), until_christmas)
    assert (found.why, found.until) == ("window until Fri 25 Dec 00:00", utc("2026-12-25T00:00"))
    assert wanted(utc("2026-12-01T12:00"), until_christmas).until is None


@given(SCHEDULES, MOMENTS)
def test_what_is_wanted_changes_when_it_says_and_not_before(schedule: Schedule, now: datetime) -> None:
    want = wanted(now, schedule)
    if want.until is None or not want.open:
        return
    assert wanted(want.until, schedule).units != want.units or not wanted(want.until, schedule).open
    for before in (now, now + (want.until - now) / 2, want.until - timedelta(minutes=1)):
        assert units_at(schedule, max(now, before)) == want.units
    assert closes(schedule, now) == want.until


@pytest.mark.parametrize(
    ("zone", "day", "start", "stop", "shown"),
    [
        (BERLIN, "2026-03-29", time(2, 30), time(3, 10), ("03:00", "03:10")),
        (BERLIN, "2026-03-29", time(2, 0), time(4, 0), ("03:00", "04:00")),
        ("Africa/Cairo", "2026-04-24", time(0, 30), time(1, 5), ("01:00", "01:05")),
        ("Australia/Lord_Howe", "2026-10-04", time(2, 20), time(2, 40), ("02:30", "02:40")),
    ],
)
def test_a_window_that_begins_in_the_hour_that_is_left_out_opens_where_the_clock_goes_on(
    zone: str, day: str, start: time, stop: time, shown: tuple[str, str]
) -> None:
    schedule = Schedule(zone, (Window(start, stop, dates=frozenset({date.fromisoformat(day)})),))
    at = utc(f"{day}T00:00")
    (span,) = spans(schedule, at - timedelta(days=1), at + timedelta(days=1))
    assert tuple(f"{edge.astimezone(ZoneInfo(zone)):%H:%M}" for edge in (span.start, span.stop)) == shown


@given(SCHEDULES, MOMENTS)
def test_windows_are_open_when_the_clock_shows_so_minute_by_minute(schedule: Schedule, now: datetime) -> None:
    """From when the clock first shows the opening to when it first shows the end, where it shows them at all."""
    zone = ZoneInfo(schedule.zone)
    clock = [(now + timedelta(minutes=minute)).astimezone(zone).replace(tzinfo=None) for minute in range(-5000, 3000)]
    first: dict[datetime, int] = {}
    for minute, shown in enumerate(clock):
        first.setdefault(shown, minute)
    units = [0] * len(clock)
    for day in sorted({shown.date() for shown in clock})[1:-1]:
        for window in schedule.windows:
            if day.weekday() not in window.weekdays:
                continue
            opening = datetime.combine(day, window.start)
            closing = datetime.combine(day, window.stop) + timedelta(days=window.stop <= window.start)
            if opening not in first or (closing not in first and closing <= max(first)):
                # Daylight saving leaves it out: that has a table of its own.
                return
            for minute in range(first[opening], first.get(closing, len(clock))):
                units[minute] = max(units[minute], window.units)
    for minute in range(5000, 5000 + 24 * 60, 7):
        assert units_at(schedule, now + timedelta(minutes=minute - 5000)) == units[minute]

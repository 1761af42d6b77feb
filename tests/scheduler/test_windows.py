"""One clipping for all figures of windows."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.schedules import MOMENTS, WHOLE

from customlabels.scheduler.uptime import Schedule, Window, versions, wanted
from customlabels.scheduler.windows import clipped, dollars, window_rows

MINUTES = st.integers(0, 20 * 24 * 60).map(lambda count: timedelta(minutes=count))


@given(WHOLE, MOMENTS, MINUTES, MINUTES)
def test_what_windows_cost_adds_up(schedule: Schedule, start: datetime, first: timedelta, second: timedelta) -> None:
    middle, stop = start + first, start + first + second
    parts = dollars(schedule, start, middle) + dollars(schedule, middle, stop)
    assert parts == pytest.approx(dollars(schedule, start, stop))
    most = (
        (stop - start)
        / timedelta(hours=1)
        * 4
        * sum(
            max(window.units for window in schedule.windows if window.version == version)
            for version in versions(schedule)
        )
    )
    assert dollars(schedule, start, stop) <= most + 1e-6


@given(WHOLE, MOMENTS)
def test_a_window_closes_where_it_is_said_to_and_not_where_the_look_ends(schedule: Schedule, start: datetime) -> None:
    stop = start + timedelta(days=2)
    for (span, version), row in zip(clipped(schedule, start, stop), window_rows(schedule, start, stop), strict=True):
        if row["closes"] is not None:
            closing = datetime.fromisoformat(row["closes"]).astimezone(UTC)
            before, after = (
                wanted(closing + offset, schedule, version) for offset in (-timedelta(minutes=1), timedelta())
            )
            assert before.open
            assert (after.units if after.open else 0) != span.units


def test_one_day_of_a_long_window_is_a_day() -> None:
    always = Schedule("UTC", (Window(time(), time(), frozenset(range(7))),))
    thursday = datetime(2026, 11, 26, 10, tzinfo=UTC)
    (row,) = window_rows(always, thursday, thursday + timedelta(days=1))
    assert (row["closes"], row["hours"], row["dollars"]) == (None, 24.0, 96.0)
    night = Schedule("UTC", (Window(time(22), time(6), frozenset(range(7))),))
    (row,) = window_rows(night, thursday, thursday + timedelta(hours=14))
    assert (row["closes"], row["hours"], row["dollars"]) == ("2026-11-27T06:00+00:00", 2.0, 8.0)

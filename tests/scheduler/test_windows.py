"""One clipping for all figures of windows."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.schedules import MOMENTS, WHOLE

from customlabels.scheduler.uptime import Schedule, Window, versions, wanted
from customlabels.scheduler.windows import clipped, dollars, unopened, window_rows

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


YEAR = frozenset(date(2026, 11, 1) + timedelta(days=day) for day in range(500))


@pytest.mark.parametrize(
    ("window", "closed", "says"),
    [
        ({"weekdays": frozenset({0})}, frozenset(), None),
        ({"weekdays": frozenset({0}), "start": time(22), "stop": time(6)}, frozenset(), None),
        ({"weekdays": frozenset({0}), "start": time(6), "stop": time(6)}, frozenset(), None),
        ({"weekdays": frozenset(range(7))}, YEAR, "opens on no day of the year to come"),
        ({"dates": frozenset({date(2026, 11, 27)})}, YEAR, None),
        ({"dates": frozenset({date(2026, 11, 20)})}, frozenset(), "its last day, 2026-11-20, is past"),
        (
            {"dates": frozenset({date(2025, 1, 1), date(2026, 11, 26)})},
            frozenset(),
            "its last day, 2026-11-26, is past",
        ),
        ({"dates": frozenset({date(2026, 11, 20), date(2026, 12, 24)})}, frozenset(), None),
        # Over midnight, it is open still.
        ({"dates": frozenset({date(2026, 11, 26)}), "start": time(22), "stop": time(13)}, frozenset(), None),
        ({"dates": frozenset({date(2029, 1, 1)})}, frozenset(), "or further off"),
    ],
)
def test_a_window_that_does_not_open_is_named(
    window: dict[str, Any], closed: frozenset[date], says: str | None
) -> None:
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    always = Window(time(8), time(20), frozenset(range(7)), dates=frozenset({date(2026, 11, 28)}))
    doubtful = replace(Window(time(8), time(20)), **window)
    sentences = unopened(Schedule("UTC", (always, doubtful), closed), now)
    assert [sentence.partition(": ")[0] for sentence in sentences] == ["schedule.window 2"] * (says is not None)
    assert all(says is not None and says in sentence for sentence in sentences)


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

"""Units for a demand, from what one of them takes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from customlabels.core.errors import LayoutError
from customlabels.scheduler.simulation.capacity import capacity, measured_rate
from customlabels.scheduler.simulation.demand import Trace

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


def test_each_hour_of_the_week_has_units_for_its_busiest_minute() -> None:
    peak = MONDAY + timedelta(days=1, hours=9, minutes=30)
    trace = Trace(lambda now: 900.0 if now == peak else 60.0 if now.hour == 9 else 0.0, MONDAY, 14)
    found = capacity(trace, "Europe/Berlin", rate=5.0, most=5, headroom=0.0)
    # In Berlin that is 11:30 on Tuesday.
    assert (found.units, found.peak, found.at, found.exceeded) == (3, 15.0, peak, False)
    assert [found.hours[24 * day + 11] for day in range(7)] == [1, 3, 1, 1, 1, 1, 1]
    assert sum(found.hours) == 9


@pytest.mark.parametrize(
    ("a_second", "headroom", "units", "exceeded"),
    [(5.0, 0.0, 1, False), (5.0, 0.2, 2, False), (25.0, 0.0, 5, False), (25.0, 0.2, 6, True), (0.0, 0.2, 0, False)],
)
def test_headroom_is_kept_and_too_many_units_are_told(
    a_second: float, headroom: float, units: int, exceeded: bool
) -> None:
    found = capacity(Trace(lambda now: a_second * 60, MONDAY, 7), "UTC", rate=5.0, most=5, headroom=headroom)
    assert (found.units, found.exceeded) == (units, exceeded)
    assert (found.at is None) == (units == 0)


def test_a_measured_rate_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rate.json"
    path.write_text('{"rate_per_unit": 6.5, "units": 2}')
    assert measured_rate(path) == 6.5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "holds no rate_per_unit"),
        ("[]", "holds no rate_per_unit"),
        ("6.5", "holds no rate_per_unit"),
        ("nothing", "holds no rate_per_unit"),
        ('{"rate_per_unit": 0}', "which is no rate"),
        ('{"rate_per_unit": NaN}', "which is no rate"),
        (None, "cannot be read"),
    ],
)
def test_a_file_without_a_rate_is_named(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "rate.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(LayoutError, match=says):
        measured_rate(path)
